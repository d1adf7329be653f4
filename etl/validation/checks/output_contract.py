"""Checks the values in the shards against the output contract with Great Expectations.

It judges the distinct patterns of rows, see `etl.validation.row_patterns`, so that neither memory nor time
grow with the rows. It has nowhere to store or send anything, and its results carry no text. Only ids are
compared across rows, as hashes. `etl.validation.report.data_docs` shows the same expectations as web pages.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from etl.dataset.read import Dataset
from etl.errors import EtlError
from etl.language.message import tr
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS, UNLABELLED
from etl.validation.broken_rows import REQUIRED, Promise, broken_rows, select
from etl.validation.check import Check
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.row_patterns import (
    PATTERN,
    CountedShard,
    SplitPatterns,
    Verdict,
    count_patterns,
)
from etl.validation.rules import Rules
from etl.validation.view import Breach, View, unreadable_file

if TYPE_CHECKING:
    import pandas as pd

# No partial lists: they would carry sentences of the corpus.
RESULT_FORMAT: dict[str, Any] = {"result_format": "BASIC", "partial_unexpected_count": 0}
_BROKEN_PATTERNS: dict[str, Any] = {"result_format": "COMPLETE", "partial_unexpected_count": 0}


def begin(
    dataset: Dataset, ask: Callable[[list[SplitPatterns]], Callable[[], list[Verdict]]]
) -> Callable[[], list[Breach]]:
    """Begins to look for nulls, labels and votes outside of the taxonomy, rows of another split, equal ids.

    Needs shards with the right columns. Memory: a streamed shard, and one hash an id.

    Args:
        dataset: whose shards to read; that is done when this returns.
        ask: has patterns judged as `judge_patterns` does, and returns how to wait for it.

    Returns:
        How to wait for the breaches.

    Raises:
        InputError: a shard cannot be read.
    """
    counted = count_patterns(dataset)
    wait_for_verdicts = ask([patterns for patterns, _ in counted])
    repeated = _repeated_ids(dataset)

    def wait() -> list[Breach]:
        verdicts = wait_for_verdicts()
        return [
            breach
            for (patterns, shards), verdict in zip(counted, verdicts, strict=True)
            for breach in _breaches(patterns, shards, verdict)
        ] + repeated

    return wait


def measure(view: View) -> tuple[list[Breach], str]:
    """Waits for what breaks the contract; with the name of the taxonomy."""
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


def judge_patterns(asked: Sequence[SplitPatterns]) -> list[Verdict]:
    """Has Great Expectations judge patterns.

    Returns:
        For each of `asked` its verdict, see `etl.validation.row_patterns`.

    Raises:
        EtlError: Great Expectations could not evaluate an expectation.
    """
    batches = in_memory_batches(in_memory_context())
    return [_judge(batches, patterns) for patterns in asked]


def _breaches(patterns: SplitPatterns, shards: list[CountedShard], verdict: Verdict) -> list[Breach]:
    """Counts the rows of each shard whose patterns do not pass, and names some of them."""
    checks = broken_rows(patterns.promise, patterns.split)
    breaches = []
    for shard in shards:
        for (code, column), failing in zip(
            _row_rules(patterns.split, patterns.promise), verdict, strict=True
        ):
            rows = int(shard.counts.filter(pl.col(PATTERN).is_in(failing))["rows"].sum()) if failing else 0
            if rows:
                breaches.append(
                    Breach(
                        code, column, rows, _example_ids(shard.path, patterns.promise, checks[code, column])
                    )
                )
    return breaches


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


def _row_rules(split: str, promise: Promise) -> list[tuple[str, str]]:
    """Returns the finding code and the column of each of `row_expectations`, in order."""
    # A row of the split `unlabelled` has no label: one that stands there is outside of all that it may be.
    required = [name for name in REQUIRED if split != UNLABELLED or name != "label"]
    return [
        *(("nulls", name) for name in required),
        *([("unsound_votes", votes.COLUMN)] if promise.has_votes else []),
        ("label_outside_taxonomy", "label"),
        ("split_mismatch", "split"),
    ]


def row_expectations(split: str, promise: Promise) -> list[Any]:
    """Returns what every row of a shard must fulfil by itself: no nulls, sound votes, known label, its split.

    Args:
        split: that of the shard.
        promise: of the dataset; the table that is judged has passed `judge_votes`.
    """
    is_in_set = great_expectations().expectations.ExpectColumnValuesToBeInSet
    allowed: dict[str, list[Any]] = {
        "unsound_votes": [True],
        "label_outside_taxonomy": list(promise.targets) if split != UNLABELLED else [],
        "split_mismatch": [split],
    }
    return [
        _not_null(column, promise) if code == "nulls" else is_in_set(column=column, value_set=allowed[code])
        for code, column in _row_rules(split, promise)
    ]


def _not_null(name: str, promise: Promise) -> Any:
    from great_expectations.expectations.row_conditions import Column

    expect = great_expectations().expectations.ExpectColumnValuesToNotBeNull
    if name != "label" or promise.is_labelled:
        return expect(column=name)
    # What the raters say stands in the votes where they have no majority.
    return expect(column=name, row_condition=Column(votes.COLUMN).is_null())


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


def _judge(batches: Any, patterns: SplitPatterns) -> Verdict:
    """Returns for each expectation the numbers of the patterns that break it."""
    gx, expectations = great_expectations(), row_expectations(patterns.split, patterns.promise)
    if not patterns.n_patterns:
        return [[] for _ in expectations]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = batches.get_batch(batch_parameters={"dataframe": arrow_backed(patterns.table())})
        outcome = batch.validate(
            gx.ExpectationSuite(name="row", expectations=expectations), result_format=_BROKEN_PATTERNS
        )
    broken = {}
    for result in outcome.results:
        refuse_unevaluated(result)
        config = result.expectation_config
        broken[config.type, config.kwargs["column"]] = list(result.result["unexpected_index_list"] or ())
    return [broken[each.expectation_type, each.column] for each in expectations]


def refuse_unevaluated(result: Any) -> None:
    """Raises where an expectation raised: that it has found nothing must not look like a pass.

    Raises:
        EtlError: Great Expectations could not evaluate this expectation.
    """
    config = result.expectation_config
    if not result.result and not result.success:
        what = tr("Great Expectations could not evaluate {type}", type=config.type)
        if "column" in config.kwargs:
            what = tr(
                "Great Expectations could not evaluate {type} on `{column}`",
                type=config.type,
                column=config.kwargs["column"],
            )
        raise EtlError(
            what,
            next_step=tr("run `etl --debug validate …` and report what it shows"),
        )


def _repeated_ids(dataset: Dataset) -> list[Breach]:
    """Finds rows whose id stands in another row too."""
    ids = pl.col("id")
    rows = dataset.scan(*ALL_SPLITS).select("id").drop_nulls()
    hashes = rows.select(ids.hash()).collect(engine="streaming").to_series().sort()
    repeated = hashes.filter(hashes == hashes.shift(1)).unique()
    if repeated.is_empty():
        return []
    # Two ids may have one hash.
    same = rows.filter(ids.hash().is_in(repeated.implode())).collect().filter(ids.is_duplicated())["id"]
    examples = tuple(same.unique(maintain_order=True)[:MAX_EXAMPLES])
    return [Breach("duplicate_ids", "id", len(same), examples)] if len(same) else []


def _example_ids(shard: Path, promise: Promise, is_broken: pl.Expr) -> tuple[str, ...]:
    """Returns the ids of the first rows that are broken; where the id is null, the shard and the row."""
    columns = [*REQUIRED, *([votes.COLUMN] if promise.has_votes else [])]
    frame = pl.from_arrow(read_shard(shard, columns))
    assert isinstance(frame, pl.DataFrame)
    place = pl.format("{} row {}", pl.lit(shard.name), pl.int_range(pl.len()))
    broken = frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).select(
        pl.coalesce("id", place), keep=is_broken.fill_null(False)
    )
    return tuple(broken.filter("keep").to_series().unique(maintain_order=True)[:MAX_EXAMPLES])


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
