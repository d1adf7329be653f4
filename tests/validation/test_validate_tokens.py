import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.small_datasets import Row, clean_rows, make_reject, make_row
from support.views import NO_CONTEXT, RULES, view_of

from etl.validation.checks import tokens
from etl.validation.checks.tokens import TokenStats

Write = Callable[..., Path]
SPLITS = ("train", "validation", "test")


def measured(path: Path) -> TokenStats:
    return tokens.measure(view_of(path))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Tokens by Zipf's law, some rows without any."""
    rng = random.Random(11)
    return [
        make_row(
            number,
            tokens=[
                f"말{int(rng.paretovariate(0.35)) % 9000}" for _ in range(int(rng.lognormvariate(1.6, 0.7)))
            ],
            split=rng.choices(SPLITS, (8, 1, 1))[0],
        )
        for number in range(1500)
    ]


def of(rows: list[Row], split: str) -> list[list[str]]:
    return [row["tokens"] for row in rows if row["split"] == split]


def test_lengths_and_max_len_are_those_of_a_plain_count(write: Write, rows: list[Row]) -> None:
    found = measured(write(rows))
    for lengths in found.lengths:
        each = [len(row["tokens"]) for row in rows if lengths.split in (None, row["split"])]
        assert lengths.rows == len(each)
        wanted = np.percentile(each, [50, 90, 95, 99], method="inverted_cdf")
        assert [lengths.p50, lengths.p90, lengths.p95, lengths.p99] == wanted.tolist()
        assert lengths.longest == max(each)
    train = [len(each) for each in of(rows, "train")]
    expected = next(
        limit for limit in range(8, 999, 8) if sum(each > limit for each in train) <= 0.01 * len(train)
    )
    assert found.max_len == expected
    assert found.cut_rows == sum(each > expected for each in train)
    assert found.cut_share == found.cut_rows / len(train)
    test = [len(each) for each in of(rows, "test")]
    assert found.cut_by_split["test"] == sum(each > expected for each in test) / len(test)


@pytest.mark.parametrize(("long", "expected"), [(1, 8), (2, 16)])
def test_max_len_cuts_at_most_one_row_in_a_hundred(write: Write, long: int, expected: int) -> None:
    rows = [make_row(number, tokens=["말"] * (9 if number < long else 8)) for number in range(100)]
    found = measured(write(rows))
    assert (found.max_len, found.cut_rows) == (expected, 1 if long == 1 else 0)
    (note,) = tokens.judge(found, RULES)
    assert (note.code, note.severity, note.number) == ("max_len", "note", expected)


def test_a_max_len_that_cuts_more_than_a_twentieth_of_a_split_is_a_warning(write: Write) -> None:
    lengths = {"train": [8] * 100, "validation": [8] * 19 + [9], "test": [8] * 18 + [9, 9]}
    rows = [
        make_row(number, split=split, tokens=["말"] * length)
        for number, (split, length) in enumerate(
            (split, length) for split, of_split in lengths.items() for length in of_split
        )
    ]
    _, warning = tokens.judge(measured(write(rows)), RULES)
    assert (warning.code, warning.severity, warning.number) == ("max_len_cuts", "warning", 0.1)
    assert "10.0% of the rows of test" in warning.message


def test_coverage_is_that_of_the_commonest_tokens_of_train(write: Write, rows: list[Row]) -> None:
    found = measured(write(rows))
    train = Counter(token for each in of(rows, "train") for token in each)
    assert (found.tokens, found.distinct) == (train.total(), len(train))
    assert found.once == sum(count == 1 for count in train.values())
    ranked = sorted(train, key=lambda token: (-train[token], token))
    assert [coverage.size for coverage in found.coverage] == [1000, len(train)]
    for coverage in found.coverage:
        known = set(ranked[: coverage.size])
        for split in SPLITS:
            each = [token for tokens_of in of(rows, split) for token in tokens_of]
            assert coverage.shares[split] == sum(token in known for token in each) / len(each)


def test_unseen_tokens_are_those_train_never_has(write: Write, rows: list[Row]) -> None:
    found = measured(write(rows))
    train = Counter(token for each in of(rows, "train") for token in each)
    assert [unseen.split for unseen in found.unseen] == ["validation", "test"]
    for unseen in found.unseen:
        each = [token for tokens_of in of(rows, unseen.split) for token in tokens_of]
        assert (unseen.tokens, unseen.distinct) == (len(each), len(set(each)))
        assert unseen.unseen == sum(token not in train for token in each)
        assert unseen.distinct_unseen == len(set(each) - set(train))
        assert unseen.share == pytest.approx(1 - found.coverage[-1].shares[unseen.split])
        assert unseen.by_chance == found.once / found.tokens
        # What Good and Turing say of sentences of the same kind.
        assert unseen.share == pytest.approx(unseen.by_chance, abs=0.05)


def test_emptied_sentences_are_counted_among_the_kept_and_the_rejected(write: Write) -> None:
    rows = clean_rows()
    rows[7]["tokens"], rows[90]["tokens"], rows[12]["tokens"] = [], [], None
    rejects = [
        *(make_reject(900 + number, "no_key_tokens") for number in range(8)),
        *(make_reject(950 + number, "no_key_tokens", source="kote") for number in range(2)),
        make_reject(999, "empty_text"),
    ]
    found = measured(write(rows, rejects))
    assert [(one.source, one.rows, one.kept, one.rejected) for one in found.emptied] == [
        ("kote", 2, 0, 2),
        ("table", 128, 3, 8),
    ]
    findings = [
        (one.code, one.number, one.examples)
        for one in tokens.judge(found, RULES)
        if one.severity == "warning"
    ]
    assert findings == [
        ("emptied", 1.0, ()),
        ("emptied", 11 / 128, ()),
        ("rows_without_tokens", 3, ("table:12", "table:7", "table:90")),
    ]


def test_the_order_of_the_rows_changes_nothing(write: Write, rows: list[Row]) -> None:
    shuffled = random.Random(1).sample(rows, len(rows))
    assert measured(write(shuffled, shard_rows=90)) == measured(write(rows))


def test_datasets_without_train_tokens_or_rows_are_measured(write: Write) -> None:
    nothing = measured(write([]))
    assert (nothing.lengths, nothing.max_len, nothing.coverage, nothing.unseen) == ((), None, (), ())
    assert tokens.judge(nothing, RULES) == []
    assert tokens.render(nothing, NO_CONTEXT) == ""
    only_test = measured(write([make_row(1, split="test")]))
    assert (only_test.max_len, only_test.coverage, only_test.unseen) == (None, (), ())
    blank = measured(write([make_row(1, tokens=[]), make_row(2, split="test")]))
    assert (blank.max_len, blank.tokens, blank.unseen) == (8, 0, ())
    assert "Tokens" in tokens.render(blank, NO_CONTEXT) + tokens.render(only_test, NO_CONTEXT)


def test_the_section_of_the_report_names_max_len_and_coverage_but_no_token(
    write: Write, rows: list[Row]
) -> None:
    found = measured(write(rows))
    html = tokens.render(found, NO_CONTEXT)
    assert f"<strong>{found.max_len}</strong>" in html
    assert "1,000 commonest" in html
    assert "말1" not in html
