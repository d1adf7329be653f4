"""Compares decisions with a dataset: which are about its rows, and which are not, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from etl.corrections.decision import to_frame
from etl.corrections.locate import locate
from etl.corrections.read import read_decisions
from etl.corrections.resolve import KEY, resolve_frame
from etl.dataset.read import Dataset
from etl.ingestion.corrections import check_labels, with_found_ids
from etl.schema.label_cells import normalise_label, without_fraction
from etl.schema.splits import ALL_SPLITS
from etl.settings import Corrections, PathLike

APPLIES, STALE, NOT_FOUND, UNRESOLVED = "applies", "stale", "not found", "disagreement"
INCOMPLETE = "incomplete"  # it says what one of several unknown labels of a cell means

# The detail of an unknown label, without the labels that were decided on.
_ALL_DECIDED = re.compile(r"found \W*(expected one of|which is no label of) ")
_OUTCOMES = (APPLIES, STALE, NOT_FOUND, INCOMPLETE, UNRESOLVED)


@dataclass(frozen=True)
class CorrectionCheck:
    """What becomes of decisions.

    Attributes:
        outcomes: `outcome`, `id` (as decided on), `source` and `raw_label`, `decision`, `label`, `by`.
        other_taxonomy: how many lines chose from the labels of another taxonomy.
    """

    outcomes: pl.DataFrame
    other_taxonomy: int

    @property
    def counts(self) -> dict[str, int]:
        """How many decisions have each outcome."""
        counts = dict(self.outcomes.group_by("outcome").len().iter_rows())
        return {name: counts.get(name, 0) for name in _OUTCOMES}


def check_corrections(
    files: Sequence[PathLike], dataset: Dataset, settings: Corrections = Corrections()
) -> CorrectionCheck:
    """Finds out what an ingest of the dataset's rows would do with decisions.

    Args:
        files: of decisions.
        dataset: whose rows, kept and rejected, are looked at.
        settings: whose word counts where people disagree.

    Raises:
        InputError: a file cannot be read, a line is no decision, a label is none of the dataset, or the
            dataset is damaged.
    """
    decisions = to_frame(read_decisions(files))
    taxonomy = dataset.manifest.taxonomy
    check_labels(decisions, taxonomy.name, taxonomy.targets, dataset.manifest.settings.labels)
    rows = _read_rows(dataset)
    located = locate(decisions, _InMemory(rows))
    resolved = resolve_frame(with_found_ids(decisions, located), settings, taxonomy.name)
    found = located.rows.select(pl.col("found_id").alias("id"), "text_hash").unique()
    verdicts = resolved.decisions.join(found.with_columns(is_found=True), on=["id", "text_hash"], how="left")
    verdicts = verdicts.join(_find_mapped(verdicts, rows), on=["source", "raw_label"], how="left")
    is_known = pl.col("id").is_in(located.known.implode())
    outcome = (
        pl.when(pl.col("is_found") | pl.col("is_mapped"))
        .then(pl.lit(APPLIES))
        .when(~pl.col("is_mapped"))
        .then(pl.lit(INCOMPLETE))
        .when(is_known)
        .then(pl.lit(STALE))
        .otherwise(pl.lit(NOT_FOUND))
    )
    unresolved = resolved.disagreements.filter(~pl.col("is_applied").any().over(KEY))
    columns = ["outcome", "id", "source", "raw_label", "decision", "labels", "by"]
    outcomes = pl.concat(
        [
            verdicts.with_columns(outcome=outcome).select(columns),
            unresolved.with_columns(outcome=pl.lit(UNRESOLVED)).select(columns),
        ]
    ).with_columns(pl.col("labels", "by").list.join(", "))
    return CorrectionCheck(outcomes.rename({"labels": "label"}), resolved.other_taxonomy)


def _read_rows(dataset: Dataset) -> pl.DataFrame:
    columns = ["id", "source", "text", "raw_label", "corrected"]
    marks = [pl.lit(None, pl.String).alias(name) for name in ("reason", "detail")]
    kept = dataset.scan(*ALL_SPLITS).select(*columns, *marks)
    return pl.concat([kept, dataset.scan_rejects().select(*columns, "reason", "detail")]).collect(
        engine="streaming"
    )


@dataclass(frozen=True)
class _InMemory:
    """See `etl.corrections.locate.Rows`."""

    rows: pl.DataFrame

    def find(self, ids: pl.Series) -> pl.DataFrame:
        return self._numbered().filter(pl.col("id").is_in(ids.implode())).select("row", "id")

    def read(self, rows: pl.Series) -> Iterator[pl.DataFrame]:
        yield self.rows.select("source", "id", "text")[rows].with_columns(row=rows)

    def read_all(self) -> Iterator[pl.DataFrame]:
        yield self._numbered().select("row", "source", "id", "text")

    def _numbered(self) -> pl.DataFrame:
        return self.rows.with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt64()))


def _find_mapped(verdicts: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Returns the labels that were decided on and stand in a cell that is unknown, or was before.

    `is_mapped` says whether one of the cells has no other label that is still unknown.
    """
    is_unknown = pl.col("reason") == "unknown_label"
    found = rows.filter(is_unknown | (pl.col("corrected") == "map_label"))
    cells = found.select("source", "raw_label", pl.when(is_unknown).then("detail").alias("detail")).unique()
    labels = verdicts.filter(pl.col("decision") == "map_label").select("source", "raw_label").unique()
    meant = dict(labels.group_by("source").agg("raw_label").iter_rows())
    is_mapped: dict[tuple[str, str], bool] = {}
    for source, raw_label, detail in cells.iter_rows():
        cell, decided = normalise_label(raw_label or ""), meant.get(source, [])
        is_known = detail is None or not _has_more(detail, decided)
        for each in decided:
            label = normalise_label(each)
            if label in cell:
                is_whole = without_fraction(cell) == without_fraction(label)
                is_mapped[source, each] = is_known or is_whole or is_mapped.get((source, each), False)
    schema = {"source": pl.String(), "raw_label": pl.String(), "is_mapped": pl.Boolean()}
    return pl.DataFrame([(*key, value) for key, value in is_mapped.items()], schema=schema, orient="row")


def _has_more(detail: str, decided: Sequence[str]) -> bool:
    """Whether the detail of a row with unknown labels, "found 'a', 'b', …", names one that is not decided."""
    for label in sorted(map(normalise_label, decided), key=len, reverse=True):
        detail = detail.replace(label, "")
    return _ALL_DECIDED.match(detail) is None
