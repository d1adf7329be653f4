"""Made-up eojeols of what URLs, e-mail addresses, mentions, tags and numbers are made of, or nearly are."""

import random


def _split(parts: str) -> list[str]:
    return parts.split(" ")


SCHEMES = _split("http:// https:// HTTP:// hTTps:// ftp:// http:/ ttp:// http://http://")
NAMES = [
    *_split("a Z a1 www naver Blog co index html e-mail a_b _ - -- RT RT: xn-- xn--3e0b707e"),
    *_split("é ñ ß ʻ Ā ẞ ſ İ ª ж Ё сайт \u0301 \u212a"),
]
TLDS = [
    *_split("com co kr net org tv bb me museum zuerich zip zippo abc comx vermögensberater"),
    *_split("한국 삼성 닷컴 닷넷 рус рф 中国 嘉里 嘉里大酒店 みんな قطر"),
]
PATHS = [
    *_split("/ // /a /a_b-c /index.html /(a) /(a(b)c) /(a /a)b /@a/ /@ /가 /é /ж /a! /a, /a. /[x] /~u /%ED"),
    *_split("/#x ? ?a=1&b=2 ?q=가 ?x=(1) ?. :80 : :a"),
]
TAGS = [
    *_split("@ ＠ @@ @a @user_name @가 @a/b @a/1 @abababababababababababab a@b a.b@c.d _@_"),
    *_split("# ＃ ## #a #1 #가 #가1 #_ #ж #漢 #😀 #· #\u200d &#39; #ㅋㅋ"),
    *_split("$ $a $TSLA $abcdefg $a.b $a_bc $1 $10,000원 $가 $$a"),
]
OTHERS = [
    *"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~·…’“”―※、。￦§°",
    *_split("가 힣 영화 하다 좋아요ㅋㅋ ㅋㅋㅋㅋ ㅠㅠ 소린가 머구뮤ㅠㅠ 됏 으로 연기력"),
    *_split("0 12 1,000 3.5 10:30 5만원 1억 010-1234-5678 ３ ٣ ½ ① 𝟙 漢 ㆍ ㈜ 𠀀 𝒜 𐐀 🀄 ا ԥ ゛ ་ ﬀ"),
    *_split("😀 ❤️ ♥ ⃣ \ufe0e \u200d \ufeff \u180e \u202a \U000e0100"),
    *"\x00\x1f\x85\u00a0\u3000\u2028",
]
KINDS = [SCHEMES, NAMES, TLDS, PATHS, TAGS, TAGS, OTHERS, OTHERS, [".", "..", "."]]


def links(seed: int, count: int) -> list[str]:
    """As many different ones, from one character to some hundreds."""
    chance = random.Random(seed)
    found = dict[str, None]()
    while len(found) < count:
        found[_url(chance) if chance.random() < 0.5 else _jumble(chance)] = None
    return list(found)


def _url(chance: random.Random) -> str:
    labels = ["".join(chance.choices(NAMES, k=chance.randint(1, 3))) for _ in range(chance.randint(1, 3))]
    tld = chance.choice(TLDS)
    domain = ".".join([*labels, chance.choice([tld, tld, tld.upper(), tld.title()])])
    before, after = (chance.choices([*TAGS, *OTHERS, ""], k=chance.randint(0, 2)) for _ in range(2))
    paths = chance.choices(PATHS, k=chance.choice([0, 0, 1, 2, 4]))
    return "".join([*before, chance.choice([*SCHEMES, "", "", ""]), domain, *paths, *after])


def _jumble(chance: random.Random) -> str:
    parts = [chance.choice(chance.choice(KINDS)) for _ in range(chance.randint(1, 9))]
    repeated = "".join([*parts[:3], chance.choice("./@#-_?")])
    return (repeated * chance.choice([0] * 30 + [5, 20]) + "".join(parts))[:900]
