"""The sources of `etl export --format android` make of a sentence what Python makes of it.

Compiled here for Java, which reads patterns as Android's ICU does where they are translated for both. The
compiler is in an environment of its own: `make test-kotlin` makes it.
"""

import importlib.util
import json
import os
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.kotlin import compile_preparation, prepare_with
from support.real_texts import real_texts
from support.training_datasets import Trained

from etl.dataset import preparation as preparations
from etl.dataset.preparation import Preparation
from etl.errors import InputError, SettingsError
from etl.ingestion.pipeline import SENTENCE, Tools, run_steps, sentences
from etl.models.export.android.files import read_sources
from etl.models.export.check import check_export
from etl.models.export.export import export
from etl.models.export.pack.container import write_pack
from etl.models.export.pack.preparation import pack_preparation
from etl.settings import Clean, Settings, Tag, Tokens
from etl.tagging import policy

pytestmark = pytest.mark.jvm

needs_litert = pytest.mark.skipif(
    importlib.util.find_spec("litert_torch") is None,
    reason="litert-torch is not installed; docs/export.md says how",
)
MAX_LEN = 20
PIECES = [
    *[
        "10000000",
        "１１１１１",
        "٣٣٣٣٣",
        "영화영화영화영화",
        "abcabcabcabc",
        "가나다라가나다라가나다라가나다라",
    ],
    *"가힣뷁각것데가지인는은ㅋㅠㅜㅎㅏ아.,!?~1aZ-'%·…’^:/@#$_<>&;()=",
    *[
        "오늘",
        "영화",
        "좋아요",
        "머구뮤ㅠㅠ",
        "그랰ㅋㅋ",
        "소린가",
        "친군데",
        "잇엇",
        "어케",
        "됏",
        "우혀니",
        "김영희",
    ],
    *[
        "3시간",
        "10,000원",
        "1.5",
        "12:30",
        "5만원짜리",
        "네이버.com",
        "삼성.",
        ".한국",
        "훌쩍",
        "ㅋㅋㅋㅋ",
        "ㅋㅋㅋㅋㅋㅋㅋ",
    ],
    *[
        "하지 말고",
        "안 가",
        "잊지못하고",
        "아니에요",
        "못",
        "않아",
        "하지마세요",
        "물아니에요",
        "별로",
        "너무우우우",
        "하하하하하",
    ],
    *[
        "^^",
        "-_-;;",
        "ㅠ_ㅠ",
        "T_T",
        ":)",
        "(´･ω･`)",
        "<3",
        "orz",
        "@_@",
        "#해시",
        "@mention",
        "a.b@c.kr",
        "https://a.kr/?q=1",
    ],
    *[
        "<br>",
        "<b>",
        "</b>",
        "<DIV class='x'>",
        "<!--",
        "-->",
        "<script>",
        "</script >",
        "&amp;",
        "&amp;lt;",
        "&#39;",
    ],
    *[
        "&#x3e;",
        "&nbsp;",
        "&bogus;",
        "&#55296;",
        "&#150;",
        "&#１;",
        "&NotEqualTilde;",
        "<사진>",
        "<Her>",
        "\n",
        "\t",
        "  ",
    ],
    *["😀", "❤️", "👨‍👩‍👧", "漢", "㈜", "é", "ﬁ", "가", "각", "\u00a0", "\u3000", "\ufeff", "\u200d"],
    *["\u1160", "\x00", "\x1c", "\x85", "\u2028", "\ud800", "\udfff"],
]


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The class path of the sources and of a program that reads texts."""
    return compile_preparation(tmp_path_factory.mktemp("classes"))


@pytest.fixture
def prepared(classes: str, tmp_path: Path) -> Callable[..., list[Any]]:
    """What Kotlin makes of texts with some settings, and where that is not what Python makes of them."""
    return partial(_differing, classes, tmp_path)


def _differing(
    classes: str, folder: Path, texts: Sequence[str], settings: Settings, tokens: Tokens = "key"
) -> list[Any]:
    preparation = preparations.of(settings, tokens)
    expected = _by_python(preparation, texts)
    known = sorted({token for row in expected[::2] for token, _, is_kept in row["tokens"] if is_kept})
    pack = write(folder / "preparation.bin", preparation, known)
    ids = {token: 2 + place for place, token in enumerate(known)}
    for row in expected:
        row["ids"] = None if row["reason"] else _ids(row["tokens"], ids)
    found = prepare_with(classes, pack, texts)
    return [each for each in zip(texts, expected, found, strict=True) if each[1] != each[2]]


def _ids(tokens: list[list[Any]], ids: dict[str, int]) -> list[int]:
    own = [ids.get(token, 1) for token, _, is_kept in tokens if is_kept][:MAX_LEN]
    return own + [0] * (MAX_LEN - len(own))


def write(path: Path, preparation: Preparation, known: Sequence[str]) -> Path:
    """Writes a pack with a vocabulary of these tokens."""
    packed = pack_preparation(preparation, "java")
    encoder = {"kind": "vocabulary", "unknown_id": 1, "padding_id": 0, "max_len": MAX_LEN}
    config = {**packed.config, "format": 1, "labels": ["기쁨"], "thresholds": None, "encoder": encoder}
    vocabulary = np.frombuffer("\n".join(["<pad>", "<unk>", *known]).encode(), np.uint8)
    path.write_bytes(write_pack(config, {**packed.tensors, "vocabulary": vocabulary}))
    return path


def _by_python(preparation: Preparation, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Texts as ingest prepares them, with all tokens; with halves of characters as `etl predict`."""
    whole = [text.encode("utf-8", "replace").decode() for text in texts]
    with preparations.open_tagger(preparation, 1, is_cached=False) as tagger:
        kept = policy.load(tagger.settings) if preparation.tokens == "key" else policy.KEEP_ALL
        tools = Tools(Settings(clean=preparation.clean), tagger, kept)
        rows = run_steps(sentences(pl.Series(whole, dtype=pl.String)), tools, SENTENCE)
    return [
        {"text": row["text"], "reason": row["reason"], "tokens": _marked(row)}
        for row in rows.iter_rows(named=True)
    ]


def _marked(row: dict[str, Any]) -> list[list[Any]]:
    """All tokens with their tags, and whether each is kept: kept ones are the others without some."""
    pairs = list(zip(row["all_tokens"] or [], row["all_tags"] or [], strict=True))
    kept = list(zip(row["tokens"] or [], row["tags"] or [], strict=True))[::-1]
    marked = []
    for token, tag in pairs:
        is_kept = bool(kept) and kept[-1] == (token, tag)
        if is_kept:
            kept.pop()
        marked.append([token, tag, is_kept])
    assert not kept
    return marked


def jumble() -> list[str]:
    """Texts of whatever the rules look at."""
    chance = random.Random(20)
    made = ["".join(chance.choices([*PIECES, " ", " "], k=chance.randint(1, 12))) for _ in range(3000)]
    # Two halves side by side are one character to Kotlin, and two to Python.
    return list(dict.fromkeys(text.replace("\ud800\udfff", "\udfff") for text in made))


def long_texts() -> list[str]:
    """Texts of up to 100,000 characters, and one of more than may be."""
    repeated = [
        "가",
        "ㅋ",
        "영화 ",
        "<!-- ",
        "&amp;",
        "<b>",
        "<a b=",
        "a.",
        "!?",
        "😀",
        "1",
        "@a.",
        "영화는정말",
        "\n",
    ]
    texts = [piece * (count // len(piece)) for piece in repeated for count in (900, 5_000, 90_000, 100_000)]
    return [*texts, "a.b@" * 240, "www." + "a." * 400, "".join(map(chr, range(0xAC00, 0xD7A4))), ""]


@pytest.mark.parametrize("tokens", ["key", "all"])
def test_any_jumble_is_prepared_as_in_python(prepared: Callable[..., list[Any]], tokens: Tokens) -> None:
    assert prepared(jumble(), Settings(), tokens) == []


def test_long_texts_are_prepared_as_in_python(prepared: Callable[..., list[Any]]) -> None:
    assert prepared(long_texts(), Settings(clean=Clean(max_chars=6000, max_raw_chars=95_000))) == []


@pytest.mark.parametrize(("norm", "stem"), [(False, False), (True, False), (False, True)])
def test_so_it_is_without_normalising_or_stemming(
    prepared: Callable[..., list[Any]], norm: bool, stem: bool
) -> None:
    assert prepared(jumble()[::2], Settings(tag=Tag(norm=norm, stem=stem))) == []


def test_words_stop_words_and_classes_of_the_user_count(
    prepared: Callable[..., list[Any]], tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("갓생러\n꾸안꾸\n영화관람객수입니다만\n영화\n", encoding="utf-8")
    (tmp_path / "stop.txt").write_text("오늘\n좋다\n!\n", encoding="utf-8")
    tag = Tag(
        dictionary=str(tmp_path / "words.txt"),
        stop_words=str(tmp_path / "stop.txt"),
        keep=("noun", "verb", "-emoji"),
    )
    clean = Clean(keep_markup=True, fold_vowels=True, max_repeats=2)
    own = ["갓생러가 되고싶다", "꾸안꾸로 입었어요", "영화관람객수입니다만 줄었다", "너무우우 좋아요오오오"]
    assert prepared([*own, *jumble()[::2]], Settings(tag=tag, clean=clean)) == []


def test_without_a_tagger_words_are_what_stands_between_spaces(prepared: Callable[..., list[Any]]) -> None:
    assert prepared([*jumble(), *long_texts()], Settings(tag=Tag(tagger="whitespace"))) == []


@pytest.mark.parametrize("tag", [Tag(), Tag(norm=False, stem=False), Tag(tagger="whitespace")])
def test_kote_chatbot_and_50000_reviews_are_prepared_as_in_python(
    tag: Tag, prepared: Callable[..., list[Any]], shared_data: Callable[[str], Path]
) -> None:
    """A tenth of them; all with ETL_TEST_ALL=1."""
    texts = real_texts(shared_data, 50_000)
    assert len(texts) > 60_000
    assert prepared(texts if "ETL_TEST_ALL" in os.environ else texts[::10], Settings(tag=tag)) == []


def test_a_text_for_the_library_itself_gets_the_reason_of_a_tagger_that_fails(
    classes: str, tmp_path: Path
) -> None:
    pack = write(tmp_path / "preparation.bin", preparations.of(Settings()), ["영화"])
    [row, other] = prepare_with(classes, pack, ["영화 \U0010ffff가", "영화"])
    assert (row["reason"], row["tokens"], row["ids"]) == ("tagger_error", [], None)
    assert other["ids"] == [2] + [0] * (MAX_LEN - 1)


def test_there_are_no_sources_for_other_taggers() -> None:
    with pytest.raises(SettingsError, match="kiwi"):
        pack_preparation(preparations.of(Settings(tag=Tag(tagger="kiwi"))), "java")


def test_sources_are_small_files_that_need_nothing_but_java_and_kotlin() -> None:
    sources = {path: content.decode() for path, content in read_sources().items()}
    assert len(sources) > 10
    assert {path: text.count("\n") for path, text in sources.items() if text.count("\n") > 400} == {}
    imports = {
        line.split()[1]
        for text in sources.values()
        for line in text.splitlines()
        if line.startswith("import ")
    }
    assert {
        name for name in imports if not name.startswith(("java.", "kotlin.", "emotion.preparation."))
    } == set()


@needs_litert
def test_an_app_gets_the_model_and_what_makes_its_ids(classes: str, trained: Trained, tmp_path: Path) -> None:
    done = export(trained.model, "android", tmp_path / "phone", dataset=trained.dataset)
    names = {path.relative_to(done.folder).as_posix() for path in done.folder.rglob("*") if path.is_file()}
    sources = {f"kotlin/{path}" for path in read_sources()}
    assert names == {
        *sources,
        *("model.tflite", "preparation.bin", "README.md", "README.ko.md", "vectors.jsonl"),
    } | {*("metadata.json", "vocab.json", "preparation.json")}
    vectors = [json.loads(line) for line in (done.folder / "vectors.jsonl").read_text("utf-8").splitlines()]
    found = prepare_with(classes, done.folder / "preparation.bin", [vector["text"] for vector in vectors])
    max_len = done.metadata.max_len
    assert max_len is not None
    for vector, own in zip(vectors, found, strict=True):
        assert (own["text"], own["reason"]) == (vector["clean_text"], vector["reason"])
        assert (
            vector["reason"] or [token for token, _, is_kept in own["tokens"] if is_kept] == vector["tokens"]
        )
        padding = [0] * (max_len - len(vector["ids"]))
        assert own["ids"] == (None if vector["reason"] else vector["ids"] + padding)
    assert check_export(done.folder).has_passed
    (done.folder / "kotlin" / next(iter(read_sources()))).write_bytes(b"")
    with pytest.raises(InputError, match="does not hold the files"):
        check_export(done.folder)
