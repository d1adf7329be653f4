"""A pattern that was written for Python or Rust finds the same in JavaScript."""

import random
import re
from pathlib import Path

import polars as pl
import pytest
from support.node import run_node

from etl.ingestion.steps import clean
from etl.models.export.pack.patterns import UnknownSyntaxError, translate
from etl.schema import resources
from etl.tagging.okt import patterns as okt_patterns
from etl.tagging.okt.cut import CHARACTERS
from etl.text import markup

FIND = """
const answer = GIVEN.map(([pattern, texts]) => texts.map((text) => {
  const offsets = [];
  for (const match of text.matchAll(new RegExp(pattern, "gu"))) {
    const before = [...text.slice(0, match.index)].length;
    offsets.push([before, before + [...match[0]].length]);
  }
  return offsets;
}));
"""
HAS = """
const answer = GIVEN.map(([pattern, texts]) => texts.map((text) => new RegExp(pattern, "u").test(text)));
"""
# A pattern, and whether it ignores case and dots match line feeds.
PYTHON = [
    (r"\s+", False),
    (r"\S", False),
    (r"[^\s\d]+?", False),
    (r"\w+|[\w@]\d", False),
    (r"\bs\w*\b", False),
    (r"a.$", False),
    (r"\Aa.\Z", False),
    (r"(?P<one>[ab.])(?P=one)", False),
    (r"([ab])\1{2,}|x{2}y{1,}?", False),
    (r"(?>a*)ab|(?>(?:a|b)?c)+d", False),
    (r"(?<=[^a-c])k|(?<!\s)s(?!i)", False),
    (r"[\-\]^\\/]|[)\].]|\#|\x41|\u3131|\U0001f600", False),
    (r"k|[si]+", True),
    (r"[^ks]+", True),
    (r"[a-z][a-z0-9]*|[α-ω]", True),
    (r"\bstyle\b.", True),
]
RUST = [r"\s", r"^ |[^\s가-나]$", r"\p{Z}|\p{Cc}", r"[^\x00-\u{2FF}\u{AC00}-\x{D7A3}]", r"\d.", r"[\S ]?x"]
PIECES = [
    *"abcksiKSI.",
    *"\n\r\t \x1c\x1f\x85\xa0\u2028\u3000\u180e\u200b^-\\/]#_@AZ09٣½Σσςαſ\u212aİı가나힣ㄱㅣ\u1100😀漢ⅷ",
    *["style", "STYLE>", "ſtyle", "aab", "ccd", "bc", "", "\U0001f600\ufe0f", "é"],
]
RULES = [
    *"가지말못안아니ㅋㅎㅠㅜㅡㅇㅅㅁT_-.,^;:=()<>@*#oOxX0D3'!?~ /&\n",
    *[
        "<br>",
        "&lt;",
        "&#38;amp;",
        "<script a>",
        "</script>",
        "<!--",
        "-->",
        "<STYLE>",
        "</style >",
        "ſ",
        "𝒜",
    ],
    *[
        "지마세요",
        "지 못",
        "아냐",
        "http://",
        "www.",
        "a@b",
        ".com",
        "orz",
        "°",
        "😀",
        "❤",
        "ⅷ",
        "\x1f",
        "\x85",
    ],
]
RULES += [
    "@_@",
    "o.o",
    " <3",
    ";;",
    ";_;",
    " :P",
    "#가",
    "ㅇㅅㅇ",
    "-_-",
    "><",
    "하지 말고",
    "하지말자",
    "하지 못",
    "하지는못해",
    " 안 해",
    "^ㅅ^",
    "(출처:)",
    "<제목><제목>",
    "xD",
    ":D",
    ":(",
    "(:",
    "너무우우",
    "ㅋㅋㅋㅋ",
    "aaaa",
    "(ツ)",
    'class="a"',
    "T.T",
    "ㅎㅎ",
]
LINKS = [
    *(piece for pieces in resources.load("schemas", "okt.yaml")["proof_links"] for piece in pieces),
    *["http://", "네이버.com", "a.co.kr/", "#태그", "@name", "$AB", "10,000원", "3시간"],
]


def made_up(pieces: list[str], seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(pieces, k=chance.randint(1, 9))) for _ in range(count)]


def spans(pattern: str, texts: list[str], flags: int) -> list[list[list[int]]]:
    compiled = re.compile(pattern, flags)
    return [[list(found.span()) for found in compiled.finditer(text)] for text in texts]


def rules() -> list[str]:
    """The patterns of Python that prepare a sentence, but for those that ignore case."""
    emoticons, negation = (
        resources.load("schemas", "emoticons.yaml"),
        resources.load("schemas", "pos", "negation.yaml"),
    )
    normalise = resources.load("schemas", "okt.yaml")["normalise"]
    return [
        *emoticons["skipped"],
        *(pattern for form in emoticons["forms"] for pattern in form["patterns"]),
        *(kind[name] for kind in negation["kinds"] for name in ("alone", "glued") if name in kind),
        *(normalise[name] for name in ("run", "emotion", "repeated", "repeated_pair")),
        clean.repeats(3),
        clean.find_drawn_out().pattern,
    ]


def test_patterns_of_python_find_the_same(tmp_path: Path) -> None:
    jumble, links = made_up(PIECES, 1, 3000), made_up(LINKS, 2, 500)
    jamo_and_signs = made_up(RULES, 3, 6_000)
    both = re.IGNORECASE | re.DOTALL
    given = [(pattern, both if ignores_case else 0, jumble) for pattern, ignores_case in PYTHON]
    given += [(pattern, 0, jamo_and_signs) for pattern in rules()]
    given += [(pattern.pattern, both, jamo_and_signs) for pattern in (markup.MARKUP, markup.HAS_ATTRIBUTE)]
    known = [text for text in links if all(any(ord(each) in span for span in CHARACTERS) for each in text)]
    given += [(pattern, 0, known) for _, pattern in okt_patterns.restated()]
    translated = [
        (translate(pattern, is_case_insensitive=bool(flags), is_dot_all=bool(flags)), texts)
        for pattern, flags, texts in given
    ]
    found = run_node(FIND, translated, tmp_path)
    for (pattern, flags, texts), answers in zip(given, found, strict=True):
        expected = spans(pattern, texts, flags)
        assert expected == answers, pattern
        assert any(expected), f"{pattern} is never found, so nothing was compared"


def test_patterns_of_rust_are_found_in_the_same_texts(tmp_path: Path) -> None:
    emoticons, policy = (
        resources.load("schemas", "emoticons.yaml"),
        resources.load("schemas", "pos", "policy.yaml"),
    )
    negation = resources.load("schemas", "pos", "negation.yaml")["kinds"]
    patterns = [
        *RUST[:-1],
        emoticons["signs"],
        *(form["signs"] for form in emoticons["forms"] if "signs" in form),
        *(form["pattern"] for form in policy["forms"]),
        *(kind[name] for kind in negation for name in ("signs", "shown")),
        clean.BLANKS,
        clean.VISIBLE,
        clean.CAN_CHANGE["NFC"],
        markup.MAY_HOLD_MARKUP,
        resources.load("schemas", "okt.yaml")["odd"],
        resources.load("schemas", "okt.yaml")["normalise"]["detachable"],
    ]
    texts = [*made_up(PIECES, 5, 2000), *made_up(RULES, 6, 2000), *made_up(LINKS, 7, 500)]
    found = run_node(HAS, [(translate(pattern, "rust"), texts) for pattern in patterns], tmp_path)
    for pattern, answers in zip(patterns, found, strict=True):
        assert pl.Series(texts).str.contains(pattern).to_list() == answers, pattern


@pytest.mark.parametrize(
    ("pattern", "source"),
    [
        (r"a++", "python"),
        (r"(?i)a", "python"),
        (r"(?(1)a)", "python"),
        (r"\Ba", "python"),
        (r"[\S ]", "rust"),
        (r"[a&&[^b]]", "rust"),
        (r"\w", "rust"),
        (r"(a)\1", "rust"),
        (r"\p{L}", "python"),
        (r"(a", "python"),
        (r"a)", "python"),
        (r"(?>a)(b)\1", "python"),
    ],
)
def test_what_may_mean_another_thing_is_refused(pattern: str, source: str) -> None:
    with pytest.raises(UnknownSyntaxError):
        translate(pattern, source)  # type: ignore[arg-type]


def test_java_writes_the_end_and_far_characters_in_its_own_way() -> None:
    assert translate("😀$", "rust", "java") == r"\x{1f600}\z"
    assert translate("(?>a)$", "python", "java") == r"(?>a)(?=\u000a?\z)"
    assert translate("😀$", "rust", "javascript") == r"\u{1f600}$"
