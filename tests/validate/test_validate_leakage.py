from collections.abc import Callable
from pathlib import Path

import pytest
from small_datasets import Row, clean_rows

from etl.validate.leakage import Leak
from etl.validate.result import Result
from etl.validate.run import validate

Write = Callable[..., Path]
TRAIN, VALIDATION, TEST = 0, 80, 100  # the first row of each split in `clean_rows`


def leaks(result: Result, split: str = "validation") -> dict[str, Leak]:
    assert result.statistics
    return {leak.level: leak for leak in result.statistics.leaks if leak.split == split}


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
    assert rows_by_level(result) == {"L0": 1, "L1": 1, "L2": 0, "L4": 0}
    assert leaks(result)["L0"].pairs == (("table:80", "table:4"),)
    assert leaks(result)["L0"].share == 1 / 20
    assert severities(result) == {"leak_exact": "error", "leak_normalised": "error"}


def test_the_same_text_in_another_dress_is_an_error(write: Write) -> None:
    rows = clean_rows()
    say(rows[TRAIN + 4], "오늘은 정말 기분이 좋은 날이다")
    say(rows[VALIDATION], "오늘은 정말 기분이 좋은 날이다!!")
    say(rows[VALIDATION + 1], "오늘은 정말, 기분이 좋은 날 이다 😀")
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 0, "L1": 2, "L2": 0, "L4": 0}
    assert leaks(result)["L1"].train_rows == 1
    assert result.exit_code("error") == 3


def test_the_same_key_tokens_are_a_warning_and_their_order_counts(write: Write) -> None:
    rows = clean_rows()
    rows[TRAIN]["tokens"] = ["기분", "좋다"]
    rows[VALIDATION]["tokens"] = ["기분", "좋다"]
    rows[VALIDATION + 1]["tokens"] = ["좋다", "기분"]
    rows[VALIDATION + 2]["tokens"] = ["기분좋다"]
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 0, "L1": 0, "L2": 1, "L4": 0}
    assert severities(result) == {"leak_tokens": "warning"}
    assert result.exit_code("error") == 0


def test_the_same_group_is_an_error_within_one_source_only(write: Write) -> None:
    rows = clean_rows()
    for at in (TRAIN, TRAIN + 1, VALIDATION, VALIDATION + 1, TEST):
        rows[at]["group"] = "block 1"
    rows[TEST]["source"] = "kote"
    result = validate(write(rows))
    assert rows_by_level(result) == {"L0": 0, "L1": 0, "L2": 0, "L4": 2}
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
    assert [leaks(result)[level].short_rows for level in ("L0", "L1", "L2", "L4")] == [2, 2, 2, 0]
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
