"""Checks the values in the shards against the output contract with Great Expectations, shard by shard.

Memory is bounded by one shard. Great Expectations has nowhere to store or send anything, and its results
carry no text. Only ids are compared across shards, as hashes. `etl.validation.report.data_docs` shows the
same expectations as web pages.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.dataset.read import Dataset
from etl.errors import EtlError
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS, UNLABELLED
from etl.validation.broken_rows import REQUIRED, BrokenRows, Promise, broken_rows, promise_of, select
from etl.validation.check import Check
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.rules import Rules
from etl.validation.view import Breach, View, unreadable_file

if TYPE_CHECKING:
    import pandas as pd

# No partial lists: they would carry sentences of the corpus.
RESULT_FORMAT: dict[str, Any] = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class Expectation:
    """One expectation of Great Expectations, and the polars predicate that names the rows that break it."""

    code: str
    column: str
    expectation: Any
    is_broken: pl.Expr


def find_breaches(dataset: Dataset) -> list[Breach]:
    """Finds nulls, labels and votes outside of the taxonomy, rows of another split, ids that repeat.

    Needs shards with the right columns. Memory: one shard, and one hash an id.

    Raises:
        InputError: a shard cannot be read.
        EtlError: Great Expectations could not evaluate an expectation.
    """
    batches = in_memory_batches(in_memory_context())
    breaches = [
        breach
        for split in ALL_SPLITS
        for shard in dataset.shards(split)
        for breach in _check_shard(batches, shard, split, promise_of(dataset.manifest))
    ]
    return breaches + _ids_in_several_shards(dataset)


def measure(view: View) -> tuple[list[Breach], str]:
    """Waits for what `find_breaches` returns; with the name of the taxonomy."""
    return view.wait_for_breaches(), view.manifest.taxonomy.name


def _judge_codes(measured: tuple[list[Breach], str], rules: Rules, codes: tuple[str, ...]) -> list[Finding]:
    """Judges how many rows break the contract, by code and column."""
    breaches, taxonomy = measured
    findings: list[Finding] = []
    broken = dict.fromkeys((breach.code, breach.column) for breach in breaches if breach.code in codes)
    for code, column in broken:
        same = [breach for breach in breaches if (breach.code, breach.column) == (code, column)]
        examples = [example for breach in same for example in breach.examples]
        rows = sum(breach.rows for breach in same)
        findings += rules.judge(code, rows, examples=examples, column=column, taxonomy=taxonomy)
    return findings


def _check_shard(batches: Any, shard: Path, split: str, promise: Promise) -> list[Breach]:
    columns = [*REQUIRED, *([votes.COLUMN] if promise.has_votes else [])]
    table = read_shard(shard, columns)
    expectations = row_expectations(split, promise)
    judged = _judged_columns(judge_votes(table, promise), expectations)
    counts = _ask_great_expectations(batches, judged, expectations)
    if not any(counts):
        return []
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame = frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
    return [
        Breach(check.code, check.column, count, _example_ids(frame, shard, check.is_broken))
        for check, count in zip(expectations, counts, strict=True)
        if count
    ]


def _judged_columns(table: pa.Table, expectations: list[Expectation]) -> pa.Table:
    """Returns the table with nothing but `True` in columns of which only nulls are counted.

    Great Expectations hashes every value of what it is given, twice, which takes longer than its checks.
    """
    judged = {check.column for check in expectations if check.code != "nulls"}
    there = pa.scalar(value=True)
    return pa.table(
        {
            name: column if name in judged else pc.if_else(pc.is_valid(column), there, None)
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )


def read_shard(shard: Path, columns: Iterable[str] | None = None) -> pa.Table:
    """Reads all rows of one shard, and all columns unless some are named.

    Raises:
        InputError: the shard cannot be read.
    """
    try:
        return pq.read_table(shard, columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowInvalid) as error:
        raise unreadable_file(shard, error) from error


def judge_votes(table: pa.Table, promise: Promise) -> pa.Table:
    """Replaces the votes of each row, which Great Expectations cannot read, by whether they are sound."""
    if not promise.has_votes:
        return table
    frame = pl.from_arrow(table.select(["label", votes.COLUMN]))
    assert isinstance(frame, pl.DataFrame)
    sound = frame.with_columns(pl.col("label").cast(pl.String)).select(votes.are_sound(promise.targets))
    index = table.column_names.index(votes.COLUMN)
    return table.set_column(index, votes.COLUMN, sound.to_series().to_arrow())


def row_expectations(split: str, promise: Promise) -> list[Expectation]:
    """Returns what every row of a shard must fulfil: no nulls, known labels, its split, unique ids.

    A row of the split `unlabelled` has no label: one that stands there is outside of all that it may be.

    Args:
        split: that of the shard.
        promise: of the dataset; the table that is judged has passed `judge_votes`.
    """
    expect, broken = great_expectations().expectations, broken_rows(promise, split)
    is_labelled = split != UNLABELLED
    required = [name for name in REQUIRED if is_labelled or name != "label"]
    labels = list(promise.targets) if is_labelled else []
    return [
        *(_not_null(name, promise, broken) for name in required),
        *([_sound_votes(broken)] if promise.has_votes else []),
        Expectation(
            "label_outside_taxonomy",
            "label",
            expect.ExpectColumnValuesToBeInSet(column="label", value_set=labels),
            broken["label_outside_taxonomy", "label"],
        ),
        Expectation(
            "split_mismatch",
            "split",
            expect.ExpectColumnValuesToBeInSet(column="split", value_set=[split]),
            broken["split_mismatch", "split"],
        ),
        Expectation(
            "duplicate_ids",
            "id",
            expect.ExpectColumnValuesToBeUnique(column="id"),
            broken["duplicate_ids", "id"],
        ),
    ]


def _not_null(name: str, promise: Promise, broken: BrokenRows) -> Expectation:
    from great_expectations.expectations.row_conditions import Column

    expect = great_expectations().expectations.ExpectColumnValuesToNotBeNull
    if name != "label" or promise.is_labelled:
        return Expectation("nulls", name, expect(column=name), broken["nulls", name])
    # What the raters say stands in the votes where they have no majority.
    where = Column(votes.COLUMN).is_null()
    return Expectation("nulls", name, expect(column=name, row_condition=where), broken["nulls", name])


def _sound_votes(broken: BrokenRows) -> Expectation:
    expect = great_expectations().expectations.ExpectColumnValuesToBeInSet
    rule = expect(column=votes.COLUMN, value_set=[True])
    return Expectation("unsound_votes", votes.COLUMN, rule, broken["unsound_votes", votes.COLUMN])


def great_expectations() -> Any:
    """Imports the library with analytics, logging and warnings off."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations
    return great_expectations


def in_memory_context() -> Any:
    """Returns a context that lives in memory only."""
    gx = great_expectations()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        return context


def arrow_backed(table: pa.Table) -> pd.DataFrame:
    """Converts a table to pandas with its Arrow types, without a copy of any string."""
    import pandas as pd

    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def in_memory_batches(context: Any) -> Any:
    """Returns the definition that turns a data frame into a batch to validate.

    One serves all frames: Great Expectations keeps the last frame of each, so that two would be held twice.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asset = context.data_sources.add_pandas("shards").add_dataframe_asset("shard")
        return asset.add_batch_definition_whole_dataframe("rows")


def _ask_great_expectations(batches: Any, table: pa.Table, expectations: list[Expectation]) -> list[int]:
    """Counts the rows that break each expectation, in order."""
    gx = great_expectations()
    frame = arrow_backed(table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = batches.get_batch(batch_parameters={"dataframe": frame})
        outcome = batch.validate(
            gx.ExpectationSuite(name="row", expectations=[each.expectation for each in expectations]),
            result_format=RESULT_FORMAT,
        )
    counts = {}
    for result in outcome.results:
        refuse_unevaluated(result)
        config = result.expectation_config
        counts[config.type, config.kwargs["column"]] = int(result.result["unexpected_count"])
    return [counts[check.expectation.expectation_type, check.column] for check in expectations]


def refuse_unevaluated(result: Any) -> None:
    """Raises where an expectation raised: that it has found nothing must not look like a pass.

    Raises:
        EtlError: Great Expectations could not evaluate this expectation.
    """
    config = result.expectation_config
    if not result.result and not result.success:
        column = f" on `{config.kwargs['column']}`" if "column" in config.kwargs else ""
        raise EtlError(
            f"Great Expectations could not evaluate {config.type}{column}",
            next_step="run `etl --debug validate …` and report what it shows",
        )


def rows_with_ids_of_other_shards(dataset: Dataset) -> int:
    """Counts the rows whose id stands in another shard too."""
    return sum(breach.rows for breach in _ids_in_several_shards(dataset))


def _ids_in_several_shards(dataset: Dataset) -> list[Breach]:
    """Finds rows whose id also stands in another shard, without those that repeat within their own."""
    shards = [shard for split in ALL_SPLITS for shard in dataset.shards(split)]
    if len(shards) < 2:
        return []
    keys = pl.concat(
        pl.scan_parquet(shard, glob=False)
        .select("id", shard=pl.lit(number))
        .drop_nulls()
        .with_columns(key=pl.col("id").hash())
        for number, shard in enumerate(shards)
    )
    per_shard = keys.group_by("key", "shard").agg(pl.len().alias("rows"), pl.col("id").first())
    repeated = (
        per_shard.with_columns(shards=pl.len().over("key"))
        .filter((pl.col("shards") > 1) & (pl.col("rows") == 1))
        .sort("id", "shard")
        .collect()
    )
    return [
        Breach(
            "duplicate_ids",
            "id",
            repeated.height,
            tuple(repeated["id"].unique(maintain_order=True)[:MAX_EXAMPLES]),
        )
    ]


def _example_ids(frame: pl.DataFrame, shard: Path, is_broken: pl.Expr) -> tuple[str, ...]:
    """Returns the ids of the first rows that are broken; where the id is null, the shard and the row."""
    place = pl.format("{} row {}", pl.lit(shard.name), pl.int_range(pl.len()))
    broken = frame.select(pl.coalesce("id", place), keep=is_broken.fill_null(False)).filter("keep")
    return tuple(broken.to_series().unique(maintain_order=True)[:MAX_EXAMPLES])


_VALUES = ("nulls", "duplicate_ids")
_PROMISES = ("label_outside_taxonomy", "unsound_votes", "split_mismatch")
VALUES = Check(
    "contract",
    measure,
    codes=_VALUES,
    judge=partial(_judge_codes, codes=_VALUES),
    stage="late",
    select=select,
)
# An external table promises neither a taxonomy nor shards by split.
PROMISES = Check(
    "taxonomy and splits",
    measure,
    codes=_PROMISES,
    judge=partial(_judge_codes, codes=_PROMISES),
    stage="late",
    select=select,
    is_applicable=lambda view: not view.is_external,
)
