"""Does the manifest count the rows that are there? Per source, reason, split, label and file."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.dataset.manifest import Manifest
from etl.validation.findings import Finding, judge, listing


def check_counts(
    manifest: Manifest, kept: pl.DataFrame, rejected: pl.DataFrame, files: dict[str, int]
) -> list[Finding]:
    """The counts of the manifest against those of the rows.

    Args:
        manifest: what ingest says.
        kept: columns split, source, label, rows.
        rejected: columns source, reason, rows.
        files: rows of each Parquet file, by its name in the manifest.
    """
    differences = [
        f"{what} is {said:,}, the rows are {rows:,}"
        for what, said, rows in _counted(manifest, kept, rejected, files)
    ]
    unbalanced = [
        f"{source}: read {account.read:,}, kept {account.kept:,}, rejected {sum(account.rejected.values()):,}"
        for source, account in sorted(manifest.counts.items())
        if account.read != account.kept + sum(account.rejected.values())
    ]
    return [
        *judge("row_counts", len(differences), difference=listing(differences, most=3)),
        *judge("accounting", len(unbalanced), difference=listing(unbalanced, most=3)),
    ]


def _counted(
    manifest: Manifest, kept: pl.DataFrame, rejected: pl.DataFrame, files: dict[str, int]
) -> Iterator[tuple[str, int, int]]:
    """Every count that is not as the manifest says: (its name, what the manifest says, what the rows say)."""
    said: dict[str, int] = {}
    for source, account in manifest.counts.items():
        said[f"counts.{source}.kept"] = account.kept
        said |= {f"counts.{source}.rejected.{reason}": rows for reason, rows in account.rejected.items()}
    for split, count in manifest.splits.items():
        said[f"splits.{split}.rows"] = count.rows
        said |= {f"splits.{split}.labels.{label}": rows for label, rows in count.labels.items()}
    said |= {
        f"files.{name}.rows": file.rows for name, file in manifest.files.items() if file.rows is not None
    }
    found = {f"files.{name}.rows": rows for name, rows in files.items() if name in manifest.files}
    for split, source, label, rows in kept.iter_rows():
        for name in (f"counts.{source}.kept", f"splits.{split}.rows", f"splits.{split}.labels.{label}"):
            found[name] = found.get(name, 0) + rows
    for source, reason, rows in rejected.iter_rows():
        found[f"counts.{source}.rejected.{reason}"] = rows
    for name in sorted(said | found):
        if said.get(name, 0) != found.get(name, 0):
            yield name, said.get(name, 0), found.get(name, 0)
