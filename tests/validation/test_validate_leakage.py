import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from support.small_datasets import Row, clean_rows, make_row
from support.views import RULES, view_of

import etl
from etl import settings as all_settings
from etl.runtime import console
from etl.validation.checks import leakage, repeats, source_overlap
from etl.validation.checks.leakage import Leak
from etl.validation.checks.repeats import Repeat
from etl.validation.checks.source_overlap import SourceOverlap
from etl.validation.result import Result
from etl.validation.run import validate

Write = Callable[..., Path]
TRAIN, VALIDATION, TEST = 0, 80, 100  # the first row of each split in `clean_rows`


def leaks(result: Result, split: str = "validation") -> dict[str, Leak]:
    assert result.statistics
    return {leak.level: leak for leak in result.statistics["leakage"] if leak.split == split}


def rows_by_level(result: Result, split: str = "validation") -> dict[str, int]:
    return {level: leak.rows for level, leak in leaks(result, split).items()}


def severities(result: Result) -> dict[str, str]:
    return {found.code: found.severity for found in result.findings if found.code.startswith("leak")}


def say(row: Row, text: str, raw_text: str | None = None) -> None:
    row |= {"text": text, "raw_text": raw_text or text}


def test_the_same_raw_text_is_an_error_with_the_pair(write: Write) -> None:
    rows = clean_rows()
    say(rows[VALIDATION], rows[TRAIN + 4]["text"])
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 1, "L1": 1, "L2": 0, "L3": 1, "L4": 0}
    assert leaks(result)["L0"].pairs == (("table:80", "table:4"),)
    assert leaks(result)["L0"].share == 1 / 20
    assert severities(result) == {"leak_exact": "error"}, "counted once, at the strictest level"


def test_the_same_text_in_another_dress_is_an_error(write: Write) -> None:
    rows = clean_rows()
    say(rows[TRAIN + 4], "오늘은 정말 기분이 좋은 날이다")
    say(rows[VALIDATION], "오늘은 정말 기분이 좋은 날이다!!")
    say(rows[VALIDATION + 1], "오늘은 정말, 기분이 좋은 날 이다 😀")
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 0, "L1": 2, "L2": 0, "L3": 2, "L4": 0}
    assert leaks(result)["L1"].train_rows == 1
    assert result.exit_code("error") == 3


def test_a_row_that_leaks_at_nested_levels_is_counted_at_the_strictest(write: Write) -> None:
    rows = clean_rows()
    for at, text in enumerate([FORTY, f"{FORTY}!", ONE_CHANGED]):
        say(rows[VALIDATION + at], text)
    say(rows[TRAIN], FORTY)
    for at in (TRAIN, *range(VALIDATION, VALIDATION + 4)):
        rows[at]["tokens"] = ["같다"]
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 1, "L1": 2, "L2": 4, "L3": 3, "L4": 0}
    numbers = {found.code: found.number for found in result.findings if found.code.startswith("leak")}
    assert numbers == {"leak_exact": 1, "leak_normalised": 1, "leak_near": 1, "leak_tokens": 1}
    assert sum(numbers.values()) == 4, "the rows that leak"


def test_a_leak_too_small_to_move_a_score_is_a_warning(write: Write) -> None:
    rows = clean_rows(20, 200, 20)
    say(rows[20], rows[0]["text"])
    path = write(rows)
    assert severities(validate(path)) == {"leak_exact": "warning"}, "0.5 % of the split"
    strict = all_settings.Settings(validate=all_settings.Validate(severities={"leak_exact": "error"}))
    assert severities(validate(path, settings=strict)) == {"leak_exact": "error"}
    say(rows[21], rows[1]["text"])
    assert severities(validate(write(rows))) == {"leak_exact": "error"}


def test_the_same_key_tokens_are_a_warning_and_their_order_counts(write: Write) -> None:
    rows = clean_rows()
    rows[TRAIN]["tokens"] = ["기분", "좋다"]
    rows[VALIDATION]["tokens"] = ["기분", "좋다"]
    rows[VALIDATION + 1]["tokens"] = ["좋다", "기분"]
    rows[VALIDATION + 2]["tokens"] = ["기분좋다"]
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 0, "L1": 0, "L2": 1, "L3": 0, "L4": 0}
    assert severities(result) == {"leak_tokens": "warning"}
    assert result.exit_code("error") == 0


def test_the_same_group_is_an_error_within_one_source_only(write: Write) -> None:
    rows = clean_rows()
    for at in (TRAIN, TRAIN + 1, VALIDATION, VALIDATION + 1, TEST):
        rows[at]["group"] = "block 1"
    rows[TEST]["source"] = "kote"
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 0, "L1": 0, "L2": 0, "L3": 0, "L4": 2}
    assert rows_by_level(result, "test")["L4"] == 0
    assert (leaks(result)["L4"].groups, leaks(result)["L4"].train_rows) == (1, 2)
    assert severities(result) == {"leak_group": "error"}


def test_rows_without_group_or_tokens_do_not_leak_by_them(write: Write) -> None:
    rows = clean_rows()
    for at, empty in ((TRAIN, None), (TRAIN + 1, ""), (VALIDATION, None), (VALIDATION + 1, "")):
        rows[at] |= {"group": empty, "tokens": []}
    assert set(rows_by_level(validate(write(rows))).values()) == {0}


def test_short_utterances_are_counted_apart_at_every_text_level(write: Write) -> None:
    rows = clean_rows()
    for at in (TRAIN, VALIDATION, VALIDATION + 1):
        say(rows[at], "네.")
        rows[at]["tokens"] = ["네"]
    result = validate(write(rows))
    assert set(rows_by_level(result).values()) == {0}
    assert [leaks(result)[level].short_rows for level in ("L0", "L1", "L2", "L3", "L4")] == [2, 2, 2, 2, 0]
    assert severities(result) == {}


def test_short_utterances_of_one_group_still_leak_by_group(write: Write) -> None:
    rows = clean_rows()
    for at in (TRAIN, VALIDATION):
        say(rows[at], "네.")
        rows[at]["group"] = "block 1"
    assert rows_by_level(validate(write(rows)))["L4"] == 1


@pytest.mark.parametrize(("short_chars", "expected"), [(2, 1), (3, 0)])
def test_what_is_short_is_what_the_dataset_was_made_with(
    write: Write, short_chars: int, expected: int
) -> None:
    rows = clean_rows()
    for at in (TRAIN, VALIDATION):
        say(rows[at], "네.")
    dedupe = {"short_eojeols": 3, "short_chars": short_chars}
    assert rows_by_level(validate(write(rows, settings={"dedupe": dedupe})))["L0"] == expected


def test_validation_and_test_are_counted_each(write: Write) -> None:
    rows = clean_rows()
    for at in (VALIDATION, TEST, TEST + 1):
        say(rows[at], rows[TRAIN]["text"])
    result = validate(write(rows))
    assert (rows_by_level(result)["L0"], rows_by_level(result, "test")["L0"]) == (1, 2)


def test_rows_that_only_validation_and_test_share_are_no_leak(write: Write) -> None:
    rows = clean_rows()
    say(rows[TEST], rows[VALIDATION]["text"])
    assert set(rows_by_level(validate(write(rows))).values()) == {0}


# Forty characters without the spaces; a change of one letter changes three of 38 trigrams: 35 / 41.
FORTY = "가나다라 마바사아 자차카타 파하거너 더러머버 서어저처 커터퍼허 고노도로 모보소오 조초코토"
ONE_CHANGED = FORTY.replace("더러머버", "더러머뷁")
END_CHANGED = FORTY.replace("코토", "코퉱")


def measured(path: Path, split: str = "validation", **dedupe: float) -> dict[str, Leak]:
    found = leakage.measure(view_of(path, **dedupe))
    return {leak.level: leak for leak in found if leak.split == split}


def test_nearly_the_same_text_is_an_error_with_how_similar_it_is(write: Write) -> None:
    rows = clean_rows()
    say(rows[TRAIN + 4], FORTY)
    say(rows[TRAIN + 5], END_CHANGED)
    say(rows[VALIDATION], ONE_CHANGED)
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 0, "L1": 0, "L2": 0, "L3": 1, "L4": 0}
    near = leaks(result)["L3"]
    assert (near.pairs, near.similarities) == ((("table:80", "table:4"),), (round(35 / 41, 4),))
    assert near.train_rows == 2  # the other is 34 / 42
    [found] = [found for found in result.findings if found.code == "leak_near"]
    assert (found.severity, found.number, found.examples) == ("error", 1, ("table:80",))
    assert "0.85" in found.message


def test_the_pairs_to_look_at_are_the_least_similar_ones(write: Write) -> None:
    rows = clean_rows()
    say(rows[TRAIN], FORTY)
    for at in range(VALIDATION, VALIDATION + 6):
        say(rows[at], FORTY)
    say(rows[VALIDATION + 6], ONE_CHANGED)
    say(rows[VALIDATION + 7], END_CHANGED)
    near = measured(write(rows))["L3"]
    assert (near.rows, near.train_rows, near.of, near.share) == (8, 1, 20, 0.4)
    assert [row_id for row_id, _ in near.pairs] == [
        "table:86",
        "table:87",
        "table:80",
        "table:81",
        "table:82",
    ]
    assert near.similarities == (round(35 / 41, 4), round(37 / 39, 4), 1, 1, 1)


def test_how_similar_is_near_is_an_option(write: Write) -> None:
    rows = clean_rows()
    say(rows[TRAIN], FORTY)
    say(rows[VALIDATION], ONE_CHANGED)
    path = write(rows)
    assert [measured(path, near=near)["L3"].rows for near in (0.5, 35 / 41, 0.86, 1.0)] == [1, 1, 0, 0]
    assert "L3" not in measured(path, near=0)


def test_short_near_duplicates_are_counted_apart(write: Write) -> None:
    rows = clean_rows()
    say(rows[TRAIN], "정말정말정말")
    say(rows[VALIDATION], "정말정말정말정")
    say(rows[VALIDATION + 1], "정말, 정말, 정말!")
    near = measured(write(rows))["L3"]
    assert (near.rows, near.short_rows) == (0, 2)


def test_leaks_do_not_depend_on_the_order_of_rows(write: Write) -> None:
    rows = clean_rows()
    for at in range(0, 110, 7):
        say(rows[at], (FORTY, ONE_CHANGED, END_CHANGED, "네.")[at % 4])
        rows[at]["group"] = f"block {at % 2}"
    shuffled = Random(1).sample(rows, len(rows))
    assert measured(write(rows)) == measured(write(shuffled))
    assert repeated(write(rows)) == repeated(write(shuffled))


def test_nothing_is_near_after_ingest(tmp_path: Path) -> None:
    rng = Random(5)
    letters = "가나다라마바사아자차카타파하"
    texts = ["".join(rng.choices(letters, k=30)) for _ in range(40)]
    lines = [
        {"text": f"{text[:15]} {rng.choice(letters)}{text[16:]}", "label": "기쁨", "part": part}
        for text in texts
        for part in ("train", "train", "validation", "test")
    ]
    raw = tmp_path / "rows.jsonl"
    raw.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    columns = {"text_column": "text", "label_column": "label", "split_column": "part"}
    options = {"read.source": "table", "tag.tagger": "whitespace"} | {
        f"table.{name}": column for name, column in columns.items()
    }
    left = {}
    for near in (0.8, 0):
        out = tmp_path / f"near {near}"
        chosen = all_settings.load(None, options | {"dedupe.near": near})
        with console.progress("", is_quiet=True) as progress:
            manifest = etl.ingest([raw], out, chosen, workers=1, progress=progress).manifest
        rejected = manifest.counts["table"].rejected.get("leak_near", 0)
        left[near] = rejected, [measured(out, split, near=0.8)["L3"].rows for split in ("validation", "test")]
    assert left[0.8][0] > 30
    assert left[0.8][1] == [0, 0]
    assert left[0][0] == 0
    assert min(left[0][1]) > 10


def repeated(path: Path) -> dict[tuple[str, str], Repeat]:
    return {(found.split, found.level): found for found in repeats.measure(view_of(path))}


def test_what_a_split_says_twice_is_counted_by_level(write: Write) -> None:
    rows = clean_rows()
    say(rows[VALIDATION], FORTY)
    say(rows[VALIDATION + 1], FORTY)
    say(rows[VALIDATION + 2], f"{FORTY}!")
    say(rows[VALIDATION + 3], ONE_CHANGED)
    for at in (VALIDATION + 4, VALIDATION + 5, TRAIN):
        say(rows[at], "네.")
    say(rows[TRAIN + 1], FORTY)
    found = repeated(write(rows))
    assert [found["validation", level].rows for level in ("L0", "L1", "L3")] == [2, 3, 4]
    assert [found["validation", level].short_rows for level in ("L0", "L1", "L3")] == [2, 2, 2]
    assert [found["validation", level].texts for level in ("L0", "L1", "L3")] == [1, 1, 0]
    assert found["validation", "L0"].pairs == (("table:80", "table:81"),)
    assert found["validation", "L3"].pairs == (("table:80", "table:83"),)
    assert found["validation", "L3"].similarities == (round(35 / 41, 4),)
    assert {found[split, level].rows for split in ("train", "test") for level in ("L0", "L1", "L3")} == {0}
    [finding] = repeats.judge(tuple(found.values()), RULES)
    assert (finding.code, finding.severity, finding.number) == ("repeats", "warning", 3 / 20)


def overlaps(path: Path) -> dict[tuple[str, str], SourceOverlap]:
    found = source_overlap.measure(view_of(path))
    return {(each.source, each.other): each for each in found}


def test_what_two_corpora_share_is_counted_with_how_often_their_labels_agree(write: Write) -> None:
    rows = [
        *(make_row(number, label="기쁨") for number in range(4)),
        make_row(4, text="네.", label="기쁨"),
        make_row(5, text=make_row(0)["text"], label="기쁨"),
        *(make_row(10 + at, source="kote", text=make_row(at)["text"] + "!", label="기쁨") for at in (0, 1)),
        make_row(12, source="kote", text=make_row(2)["text"], label="슬픔", split="test"),
        make_row(13, source="kote", text=make_row(3)["text"], label=None),
        make_row(14, source="kote", text="네.", label="기쁨"),
        make_row(15, source="nsmc", text=make_row(3)["text"], label="기쁨"),
        make_row(16, source="nsmc"),
    ]
    found = overlaps(write(rows))
    assert list(found) == [("kote", "nsmc"), ("kote", "table"), ("nsmc", "table")]
    assert found["kote", "table"] == SourceOverlap(
        source="kote",
        other="table",
        texts=4,
        rows=4,
        other_rows=5,
        of=5,
        other_of=6,
        compared=3,
        agreeing=2,
        differing_rows=2,
        short_texts=1,
        pairs=(
            ("table:12", "table:2"),
            ("table:10", "table:0"),
            ("table:11", "table:1"),
            ("table:13", "table:3"),
        ),
    )
    assert found["kote", "table"].agreement == 2 / 3
    assert (found["kote", "nsmc"].texts, found["kote", "nsmc"].agreement) == (1, None)


def test_corpora_that_label_the_same_texts_differently_are_a_warning(write: Write) -> None:
    rows = [
        make_row(number + shift, source=source, text=make_row(number)["text"], label=label)
        for number in range(20)
        for shift, source, label in ((0, "table", "기쁨"), (100, "kote", "기쁨" if number < 9 else "슬픔"))
    ]
    found = source_overlap.judge(tuple(overlaps(write(rows)).values()), RULES)
    assert [(each.code, each.severity, each.number) for each in found] == [
        ("source_overlap", "note", 20),
        ("source_disagreement", "warning", 11 / 20),
    ]
