"""Runs the checks on a dataset and writes what they found beside it.

The order is that of trust: files, columns, values, counts, then what the rows say of balance and leakage.
Where the columns are not those of the row, nothing further can be computed, and the report says so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from etl.dataset.read import Dataset, open_dataset
from etl.dataset.staging import write_file
from etl.validate import balance, contract_checks, counts, files, leakage, report
from etl.validate import manifest as manifests
from etl.validate.findings import in_order
from etl.validate.manifest import Manifest
from etl.validate.result import Account, Result, Statistics

if TYPE_CHECKING:
    import polars as pl


def validate(path: Path, *, show_text: bool = False) -> Result:
    """Checks a dataset; writes `validation/findings.json` and `validation/report.html` into it.

    Args:
        path: the dataset.
        show_text: let the report quote the sentences of example rows. Some corpora forbid redistribution.

    Raises:
        InputError: there is no dataset, its manifest is not one, or a file is not readable Parquet.
        WriteError: the report cannot be written.
    """
    dataset = open_dataset(path)
    result = check(dataset)
    texts = _example_texts(dataset, result) if show_text and result.statistics else {}
    document = json.dumps(result.document(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    write_file(path / "validation" / "findings.json", document)
    write_file(path / "validation" / "report.html", report.render(path.resolve().name, result, texts))
    return result


def check(dataset: Dataset) -> Result:
    """Checks a dataset and writes nothing.

    Raises:
        InputError: the manifest is not one, or a file is not readable Parquet.
    """
    manifest = manifests.read(dataset.manifest, dataset.path)
    findings = files.check_files(dataset, manifest)
    broken = files.check_schema(dataset)
    if broken:
        return Result(in_order([*findings, *broken]), None)
    findings += contract_checks.check_values(dataset, manifest)
    counted = balance.count(dataset)
    rejected = _count_rejects(dataset)
    findings += counts.check_counts(manifest, counted, rejected, files.rows_by_file(dataset))
    statistics = _measure(dataset, manifest, counted, rejected)
    findings += balance.check(list(statistics.cells), manifest.taxonomy.targets)
    findings += leakage.check(list(statistics.leaks))
    return Result(in_order(findings), statistics)


def _measure(
    dataset: Dataset, manifest: Manifest, counted: pl.DataFrame, rejected: pl.DataFrame
) -> Statistics:
    found = balance.cells(counted)
    described = balance.balances(found)
    return Statistics(
        accounts=_accounts(counted, rejected),
        cells=tuple(found),
        balances=tuple(described),
        constant_predictors=tuple(balance.constant_predictors(described)),
        label_predicts_source=balance.label_predicts_source(found),
        drifts=tuple(balance.drifts(found)),
        leaks=tuple(leakage.measure(dataset, manifest.settings.dedupe)),
    )


def _count_rejects(dataset: Dataset) -> pl.DataFrame:
    """Rejected rows by `source` and `reason`, with `rows`, sorted."""
    import polars as pl

    rejects = dataset.scan_rejects().group_by("source", "reason").agg(pl.len().alias("rows"))
    try:
        return rejects.sort("source", "reason").collect()
    except (pl.exceptions.ComputeError, OSError) as error:
        raise files.unreadable(dataset.path / "rejects" / "part-*.parquet", error) from error


def _accounts(counted: pl.DataFrame, rejected: pl.DataFrame) -> tuple[Account, ...]:
    kept: dict[str, int] = {}
    for _, source, _, rows in counted.iter_rows():
        kept[str(source)] = kept.get(str(source), 0) + rows
    reasons: dict[str, dict[str, int]] = {}
    for source, reason, rows in rejected.iter_rows():
        reasons.setdefault(str(source), {})[str(reason)] = rows
    return tuple(
        Account(
            source=source,
            read=kept.get(source, 0) + sum(reasons.get(source, {}).values()),
            kept=kept.get(source, 0),
            rejected=reasons.get(source, {}),
        )
        for source in sorted({*kept, *reasons})
    )


def _example_texts(dataset: Dataset, result: Result) -> dict[str, str]:
    """The sentences of the rows that findings and leaks name, by id."""
    import polars as pl

    assert result.statistics
    ids = {example for finding in result.findings for example in finding.examples}
    ids |= {row_id for leak in result.statistics.leaks for pair in leak.pairs for row_id in pair}
    named = dataset.scan().filter(pl.col("id").is_in(sorted(ids))).select("id", "raw_text").drop_nulls()
    return dict(named.collect().iter_rows())
