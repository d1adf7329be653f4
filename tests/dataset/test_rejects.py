from pathlib import Path

import polars as pl
import pytest
from support.small_datasets import TARGETS, Row, clean_rows, make_reject, write_dataset

from etl.dataset.read import open_dataset
from etl.dataset.rejects import read_rejects

VALIDATION = 80  # its first row in `clean_rows`


def reject(number: int, reason: str, like: Row, **changes: object) -> Row:
    same = {name: like[name] for name in ("text", "raw_text", "label")}
    return make_reject(number, reason) | same | changes


def counterparts(
    path: Path, rejects: list[Row], **only: str
) -> list[tuple[str, str | None, str | None, str | None]]:
    rows = read_rejects(open_dataset(write_dataset(path, clean_rows(), rejects)), **only).collect()
    return rows.select("id", "counterpart", "counterpart_label", "counterpart_split").rows()


def test_each_reject_stands_beside_the_row_that_it_repeats_contradicts_or_gives_away(tmp_path: Path) -> None:
    rows = clean_rows()
    train, test = rows[7], rows[VALIDATION]
    rejects = [
        reject(500, "duplicate", train),
        reject(501, "conflicting_labels", rows[0], text="두 뜻으로 읽힌 문장", label=TARGETS[1]),
        reject(502, "conflicting_labels", rows[0], text="두 뜻으로 읽힌 문장", label=TARGETS[2]),
        reject(503, "leak_exact", test),
        reject(504, "leak_normalised", test, text=f"{test['text']}!!", raw_text=f"{test['text']}!!"),
        reject(505, "leak_group", rows[0], group=test["group"]),
        reject(506, "unknown_label", rows[0], label=None),
    ]
    of_test = (test["id"], test["label"], "validation")
    assert counterparts(tmp_path / "d", rejects) == [
        ("table:500", train["id"], train["label"], "train"),
        ("table:501", "table:502", TARGETS[2], "train"),
        ("table:502", "table:501", TARGETS[1], "train"),
        ("table:503", *of_test),
        ("table:504", *of_test),
        ("table:505", *of_test),
        ("table:506", None, None, None),
    ]


@pytest.mark.parametrize(("only", "expected"), [({"reason": "leak_exact"}, 1), ({"source": "kote"}, 0)])
def test_rejects_are_narrowed_before_anything_is_looked_for(
    only: dict[str, str], expected: int, tmp_path: Path
) -> None:
    rows = clean_rows()
    rejects = [reject(500, "duplicate", rows[7]), reject(503, "leak_exact", rows[VALIDATION])]
    found = counterparts(tmp_path / "d", rejects, **only)
    assert len(found) == expected
    assert all(counterpart == rows[VALIDATION]["id"] for _, counterpart, _, _ in found)


def test_a_dataset_without_rejects_has_none(tmp_path: Path) -> None:
    dataset = open_dataset(write_dataset(tmp_path / "d", clean_rows()))
    assert isinstance(read_rejects(dataset), pl.LazyFrame)
    assert read_rejects(dataset).collect().is_empty()
