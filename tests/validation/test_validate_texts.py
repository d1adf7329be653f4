import gzip
import json
import random
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_datasets import Row, clean_rows, make_row, text_of_length
from support.views import NO_CONTEXT, RULES, view_of

from etl.ingestion.steps.clean import clean
from etl.settings import Clean
from etl.validation import characters
from etl.validation.checks import texts
from etl.validation.checks.texts import TextStats
from etl.validation.external.dataset import ExternalTable
from etl.validation.findings import Finding

Write = Callable[..., Path]
SENTENCE = "오늘은 정말 기분이 좋은 날이다"


def measured(path: Path) -> TextStats:
    return texts.measure(view_of(path))


def with_texts(*found: str | None, **changes: str) -> list[Row]:
    return [make_row(number, text=text, **changes) for number, text in enumerate(found)]


def totals(found: TextStats) -> dict[str, int]:
    kinds = (
        "null",
        "empty",
        "white_space",
        "fillers",
        "invisible",
        "replaced",
        "garbled",
        "control",
        "markup",
        "not_korean",
    )
    return {kind: n for kind in kinds if (n := sum(getattr(counts, kind) for counts in found.counts))}


def by_code(findings: list[Finding]) -> dict[str, Finding]:
    return {found.code: found for found in findings}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SENTENCE, {}),
        ("ㅋㅋㅋ 👍🏽👨‍👩‍👧 ❤️ 1️⃣", {}),
        ("두 줄\n세\t칸", {}),
        (None, {"null"}),
        ("", {"empty"}),
        (" \n\u3000\u00a0\u2003", {"white_space"}),
        ("\u200b", {"fillers"}),
        ("\ufeff", {"fillers"}),
        ("\u115f\u1160", {"fillers"}),
        (" \u3164 ", {"fillers"}),
        ("\u2800\uffa0", {"fillers"}),
        ("\u0001", {"fillers"}),
        ("좋\u200b아요", {"invisible"}),
        ("\ufeff좋아요", {"invisible"}),
        ("좋아요\u3164", {"invisible"}),
        ("좋아\ufffd", {"replaced"}),
        ("좋아\u0000요", {"control"}),
        ("좋아\u0085요", {"control"}),
        ("좋아요<br>또 봐요", {"markup"}),
        ("좋아요 &lt;3", {"markup"}),
        ("좋아요 <3 <사진> R&D", {}),
        ("good movie", {"not_korean"}),
        ("映画が好きです", {"not_korean"}),
        ("!!! 😀", {"not_korean"}),
        ("ㅠㅠ", {}),
        ("한".encode().decode("latin-1") + " ok", {"garbled", "not_korean", "control"}),
    ],
)
def test_each_kind_of_sentence_is_told_apart(write: Write, text: str | None, expected: set[str]) -> None:
    assert set(totals(measured(write(with_texts(text))))) == set(expected)


def decoded(sentence: str, written: str, read: str) -> str:
    return sentence.encode(written).decode(read, "replace").replace("\ufffd", "?")


@pytest.mark.parametrize(
    "garbled",
    [
        decoded(SENTENCE, "utf-8", "latin-1"),
        decoded(SENTENCE, "utf-8", "cp1252"),
        decoded(SENTENCE, "cp949", "latin-1"),
        decoded(SENTENCE, "utf-8", "cp949"),
        "감정".encode().decode("cp949"),
        f"{SENTENCE} {decoded('좋은 날', 'utf-8', 'latin-1')}",
    ],
)
def test_korean_read_in_the_wrong_encoding_is_recognised(garbled: str) -> None:
    assert characters.is_garbled(garbled)
    assert characters.kinds(pl.Series([garbled]))[0][0] & characters.SUSPECT


@pytest.mark.parametrize(
    "sound",
    [
        SENTENCE,
        "아햏햏햏햏 뷁",
        "……···· °°°° (´･ω･`) ㅇㅁㅇ",
        "Café, déjà vu, ¿qué? ÀÉÎÕÜ ÇÃO naïve",
        "無限挑戰 재밌다",
        "今日はとても良い日です。",
        "25°C ±3µm ½ ¾ §3 ©2020",
        "¡Año nuevo! « être » Ångström",
    ],
)
def test_sound_sentences_are_not_called_garbled(sound: str) -> None:
    assert not characters.is_garbled(sound)


def test_no_review_of_a_real_corpus_is_called_garbled_and_most_of_them_are_when_read_wrongly(
    shared_data: Callable[[str], Path],
) -> None:
    with gzip.open(shared_data("nsmc") / "reviews-300k.jsonl.gz", "rt", encoding="utf-8") as lines:
        reviews = [json.loads(line)["review"] for _, line in zip(range(20_000), lines, strict=False)]
    bits = characters.kinds(pl.Series(reviews))[0]
    suspects = [review for review, bit in zip(reviews, bits, strict=True) if bit & characters.SUSPECT]
    assert not [review for review in suspects if characters.is_garbled(review)]
    long = [review for review in reviews[:2000] if sum("가" <= letter <= "힣" for letter in review) >= 5]
    for written, read in (("utf-8", "latin-1"), ("utf-8", "cp1252"), ("cp949", "latin-1")):
        found = sum(
            characters.is_garbled(review.encode(written, "ignore").decode(read, "replace")) for review in long
        )
        assert found > 0.98 * len(long)


@given(st.lists(st.text(st.characters(max_codepoint=0x1FFFF, codec="utf-8"), max_size=20), max_size=8))
@settings(max_examples=60, deadline=None)
def test_letters_are_those_of_unicode(found: list[str]) -> None:
    fillers = "\u115f\u1160\u3164\uffa0"
    bits, letters, hangul = characters.kinds(pl.Series(found, dtype=pl.String))
    for row, sentence in enumerate(found):
        is_letter = [unicodedata.category(c).startswith("L") and c not in fillers for c in sentence]
        is_hangul = [
            "HANGUL" in unicodedata.name(c, "") and one for c, one in zip(sentence, is_letter, strict=True)
        ]
        assert letters[row] == sum(is_letter)
        assert hangul[row] == sum(is_hangul)
        assert bool(bits[row] & characters.CONTROL) == any(
            unicodedata.category(c) == "Cc" and c not in "\t\n\v\f\r" for c in sentence
        )
        if sentence.isspace():
            assert bits[row] & (characters.VISIBLE | characters.UNSEEN) == 0


def test_a_character_alone_is_blank_exactly_where_ingest_rejects_it() -> None:
    every = [chr(code) for code in (*range(0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE1000))]
    frame = pl.DataFrame({"raw_text": every, "reason": None, "detail": None}).cast(pl.String)
    is_rejected = clean(frame, Clean())["reason"].eq_missing("empty_text")
    is_blank = (characters.kinds(frame["raw_text"])[0] & characters.VISIBLE) == 0
    assert [f"U+{ord(every[at]):04X}" for at in (is_rejected != pl.Series(is_blank)).arg_true()] == []


def test_letters_are_added_up_by_split_and_source(write: Write) -> None:
    rows = [
        *with_texts("가나 ab", "ㅋㅋ1!", source="kote"),
        make_row(7, text="abc 다", source="nsmc"),
        make_row(8, text="라마바", source="kote", split="test"),
    ]
    found = measured(write(rows))
    assert [(of.split, of.source, of.rows, of.letters, of.hangul) for of in found.counts] == [
        ("train", "kote", 2, 6, 4),
        ("train", "nsmc", 1, 4, 1),
        ("test", "kote", 1, 3, 3),
    ]


def test_percentiles_are_those_of_numpy(write: Write) -> None:
    rng = random.Random(3)
    rows = [
        make_row(
            number, text=text_of_length(int(rng.lognormvariate(3, 0.8))), split=rng.choice(["train", "test"])
        )
        for number in range(777)
    ]
    for of in measured(write(rows)).characters:
        chars = [len(row["text"]) for row in rows if of.split in (None, row["split"])]
        wanted = np.percentile(chars, [25, 50, 75, 90, 95, 99], method="inverted_cdf")
        assert [of.p25, of.p50, of.p75, of.p90, of.p95, of.p99] == wanted.tolist()
        assert (of.rows, of.total, of.shortest, of.longest) == (
            len(chars),
            sum(chars),
            min(chars),
            max(chars),
        )


def test_texts_far_longer_than_the_others_are_a_note_that_names_them(write: Write) -> None:
    rows = clean_rows()
    for number, row in enumerate(rows):
        row["text"] = text_of_length(20 + number % 21)  # quartiles 25 and 35
    rows[3]["text"], rows[40]["text"], rows[50]["text"] = (
        text_of_length(length) for length in (119, 118, 5000)
    )
    found = measured(write(rows))
    assert (found.characters[-1].p25, found.characters[-1].p75) == (25, 35)
    assert found.long_limit == int(35 * max(35 / 25, 1.5) ** 3) == 118
    finding = by_code(texts.judge(found, RULES))["long_texts"]
    assert (finding.severity, finding.number, finding.examples) == ("note", 2, ("table:3", "table:50"))


def test_a_corpus_in_another_language_is_named_even_if_it_is_small(write: Write) -> None:
    rows = clean_rows(train=200)
    for row in rows[:4]:
        row |= {"source": "reviews", "text": "what a film"}
    rows[9]["text"] = "ok"
    found = texts.judge(measured(write(rows)), RULES)
    assert [(one.code, one.number, one.examples) for one in found] == [
        ("not_korean", 1.0, ("table:0", "table:1", "table:2", "table:3"))
    ]
    assert "reviews" in found[0].message


def test_findings_count_rows_and_name_the_first_ids_in_order(write: Write) -> None:
    rows = clean_rows()
    for number in range(10, 19):
        rows[number]["text"] += "\ufffd"
    rows[20]["text"], rows[21]["text"], rows[22]["text"] = "", " ", "\u3164"
    found = by_code(texts.judge(measured(write(rows, shard_rows=7)), RULES))
    assert found["replaced_text"].number == 9
    assert found["replaced_text"].examples == tuple(f"table:{number}" for number in range(10, 15))
    assert found["blank_text"].number == 3
    assert "1 are empty, 1 white space only, 1 invisible" in found["blank_text"].message


def test_a_clean_dataset_has_no_finding(write: Write) -> None:
    assert texts.judge(measured(write(clean_rows())), RULES) == []


def test_what_is_measured_does_not_depend_on_order_batches_or_shards(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(5)
    odd = ["", " ", "\u200b", "가\u200b나", "가\ufffd", "good", text_of_length(900), SENTENCE, None]
    rows = [make_row(number, text=rng.choice(odd), source=rng.choice("ab")) for number in range(300)]
    whole = measured(write(rows))
    rng.shuffle(rows)
    monkeypatch.setattr(texts, "_ROWS_AT_A_TIME", 37)
    monkeypatch.setattr(texts, "_CHARACTERS_AT_A_TIME", 1000)
    assert measured(write(rows, shard_rows=50)) == whole


def test_the_raw_text_is_looked_at_where_asked(write: Write) -> None:
    rows = clean_rows()
    rows[5]["raw_text"] = "좋\u200b아요"
    view = view_of(write(rows))
    assert totals(texts.measure(view)) == {}
    external = replace(view, table=ExternalTable(1, Counter(), (), {}, has_splits=True))
    assert totals(texts.measure(external)) == {"invisible": 1}


def test_rows_without_anything_and_no_rows_are_measured(write: Write) -> None:
    nothing = dict.fromkeys(("id", "source", "text", "split"))
    found = measured(write([make_row(0), make_row(1, **nothing) | {"split": "train"}]))
    assert totals(found) == {"null": 1}
    empty = measured(write([]))
    assert (empty.counts, empty.characters, empty.long_limit, texts.judge(empty, RULES)) == (
        (),
        (),
        None,
        [],
    )
    assert texts.render(empty, NO_CONTEXT) == ""


def test_the_section_of_the_report_escapes_sources_and_shows_no_sentence(write: Write) -> None:
    rows = clean_rows()
    rows[0] |= {"source": "<b>x</b>", "text": "비밀 문장\ufffd"}
    html = texts.render(measured(write(rows)), NO_CONTEXT)
    assert "&lt;b&gt;x" in html
    assert "<b>x" not in html
    assert "비밀" not in html
