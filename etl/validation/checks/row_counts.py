"""Checks that the manifest counts the rows that are there: by source, reason, split, label and file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow.parquet as pq

from etl.dataset.read import Dataset
from etl.language.lists import listing
from etl.language.message import tr
from etl.schema.splits import ALL_SPLITS
from etl.validation.check import Check
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View, parquet_files

# Shares of rows, under `labels: soft`, are rounded before they are added up by source.
_ROUNDED = 0.1


@dataclass(frozen=True)
class CountDifferences:
    """Counts of the manifest that are not true, each described.

    Attributes:
        wrong: those that the rows contradict.
        unbalanced: sources of which read is not the sum of kept and rejected.
    """

    wrong: tuple[str, ...]
    unbalanced: tuple[str, ...]


def measure(view: View) -> CountDifferences:
    """Compares the counts of the manifest with those of the rows."""
    wrong = [
        tr("{name} is {stated:,}, the rows are {actual:,}", name=name, stated=stated, actual=actual)
        for name, stated, actual in _wrong_counts(view)
    ]
    unbalanced = [
        tr(
            "{source}: read {read:,}, kept {kept:,}, rejected {rejected:,}",
            source=source,
            read=counts.read,
            kept=counts.kept,
            rejected=sum(counts.rejected.values()),
        )
        for source, counts in sorted(view.manifest.counts.items())
        if counts.read != counts.kept + sum(counts.rejected.values())
    ]
    return CountDifferences(tuple(wrong), tuple(unbalanced))


def judge(differences: CountDifferences, rules: Rules) -> list[Finding]:
    """Judges how many counts are wrong, and how many sources do not add up."""
    wrong, unbalanced = differences.wrong, differences.unbalanced
    return [
        *rules.judge("row_counts", len(wrong), difference=listing(wrong, most=3)),
        *rules.judge("accounting", len(unbalanced), difference=listing(unbalanced, most=3)),
    ]


def _wrong_counts(view: View) -> Iterator[tuple[str, float, float]]:
    """Yields each count that differs: (its name, what the manifest states, how many rows there are)."""
    manifest = view.manifest
    stated: dict[str, float] = {}
    for source, counts in manifest.counts.items():
        stated[f"counts.{source}.kept"] = counts.kept
        stated |= {f"counts.{source}.rejected.{reason}": rows for reason, rows in counts.rejected.items()}
    for split, count in manifest.splits.items():
        stated[f"splits.{split}.rows"] = count.rows
        stated |= {f"splits.{split}.labels.{label}": rows for label, rows in count.labels.items()}
    stated |= {
        f"files.{name}.rows": file.rows for name, file in manifest.files.items() if file.rows is not None
    }
    actual: dict[str, float] = {
        f"files.{name}.rows": rows
        for name, rows in _rows_by_file(view.dataset).items()
        if name in manifest.files
    }
    for split, source, rows, _ in view.row_counts.iter_rows():
        for name in (f"counts.{source}.kept", f"splits.{split}.rows"):
            actual[name] = actual.get(name, 0) + rows
    for cell in view.cells:
        name = f"splits.{cell.split}.labels.{cell.label}"
        actual[name] = round(actual.get(name, 0) + cell.rows, 3)
    for source, reason, rows in view.reject_counts.iter_rows():
        actual[f"counts.{source}.rejected.{reason}"] = rows
    if manifest.corrections.files:
        stated["corrected rows"] = manifest.corrections.rows
        actual["corrected rows"] = _count_corrected(view.dataset)
    for name in sorted(stated | actual):
        if abs(stated.get(name, 0) - actual.get(name, 0)) > _ROUNDED:
            yield name, stated.get(name, 0), actual.get(name, 0)


def _count_corrected(dataset: Dataset) -> int:
    rows = [dataset.scan(*ALL_SPLITS).select("corrected"), dataset.scan_rejects().select("corrected")]
    return int(pl.concat(rows).select(pl.col("corrected").count()).collect().item())


def _rows_by_file(dataset: Dataset) -> dict[str, int]:
    """Returns how many rows each Parquet file has, by its name in the manifest."""
    return {
        file.relative_to(dataset.path).as_posix(): pq.read_metadata(file).num_rows
        for file in parquet_files(dataset)
    }


CHECK = Check(
    "row counts",
    measure,
    codes=("row_counts", "accounting"),
    judge=judge,
    is_applicable=lambda view: not view.is_external,
)
