"""Rows that were rejected for their label and have one by a decision: they get it, and tokens."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import polars as pl

from etl.ingestion.batch_store import BatchResult, StoredBatch, number_rows, store_batch
from etl.ingestion.corpus.corpus import Corpus
from etl.ingestion.steps.records import make_records
from etl.ingestion.steps.relabel import Meanings, open_resolver, relabel
from etl.ingestion.steps.token_report import TokenTables
from etl.runtime.engine.protocol import BatchFn
from etl.runtime.threads import ordered_map
from etl.schema import votes
from etl.schema.label_cells import list_pieces, normalise_label
from etl.schema.taxonomy import Taxonomy
from etl.settings import Settings

StartWorkers = Callable[[], AbstractContextManager[BatchFn]]
_UNKNOWN = "unknown_label"
_LABEL_REASONS = ("missing_label", _UNKNOWN, "label_ambiguous", "label_not_in_taxonomy")
_UNMARKED = [pl.lit(None, pl.String).alias(name) for name in ("reason", "detail")]
_NO_ALIAS = pl.lit(None, pl.List(pl.String)).alias("alias")


@dataclass
class Rescued:
    """What became of the rows.

    Attributes:
        batches: the batches that replace others.
        mapped: the numbers of rows with a label that was unknown.
        token_counts: the tokens of all of them.
        met: the meanings of labels that some row has: source and raw label.
        used: those that apply to some row, which has no other label that is unknown.
    """

    batches: list[StoredBatch] = field(default_factory=list)
    mapped: list[pl.Series] = field(default_factory=list)
    token_counts: list[TokenTables] = field(default_factory=list)
    met: set[tuple[str, str]] = field(default_factory=set)
    used: set[tuple[str, str]] = field(default_factory=set)

    def replace_in(self, batches: tuple[StoredBatch, ...]) -> tuple[StoredBatch, ...]:
        """Returns all batches, with these in their places."""
        new = {batch.number: batch for batch in self.batches}
        return tuple(new.get(batch.number, batch) for batch in batches)


class Mapped(NamedTuple):
    """Rows whose label is no longer unknown; and meanings, see `Rescued`."""

    rows: pl.DataFrame
    met: set[tuple[str, str]]
    used: set[tuple[str, str]]


@dataclass(frozen=True)
class Labels:
    """All that says what the label of a row is.

    Args:
        settings: those of the run.
        taxonomy: the labels of the dataset.
        meanings: of labels that are unknown otherwise.
    """

    settings: Settings
    taxonomy: Taxonomy
    meanings: Meanings


def find_meanings(verdicts: pl.DataFrame) -> Meanings:
    """Returns what unknown labels mean.

    Args:
        verdicts: see `etl.corrections.resolve.Resolved.decisions`.
    """
    meanings: dict[str, dict[str, str | None]] = {}
    maps = verdicts.filter(pl.col("decision") == "map_label").select("source", "raw_label", "labels")
    for source, raw_label, labels in maps.iter_rows():
        meanings.setdefault(source, {})[normalise_label(raw_label)] = labels[0] if labels else None
    return meanings


def rescue(
    corpus: Corpus, decided: pl.DataFrame, labels: Labels, start: StartWorkers, in_flight: int
) -> Rescued:
    """Gives labels and tokens to rows that were rejected for their label; their batches are written anew.

    Args:
        corpus: the rows.
        decided: the decisions on rows: `row` and the columns of `etl.ingestion.steps.correct`.
        labels: what labels mean.
        start: starts workers that tag rows, see `process_batch`; called if there are any.
        in_flight: how many batches are processed at a time.
    """
    relabelled = decided.filter(pl.col("decision") == "relabel").select(
        "row", label="decided_label", **{votes.COLUMN: "decided_votes"}
    )
    rescued = Rescued()
    waiting = _find_rows(corpus, relabelled, decided["row"], labels, rescued)
    first = next(waiting, None)
    if first is None:
        return rescued
    with start() as process:
        batches = itertools.chain([first], waiting)
        for batch, counts in ordered_map(partial(_process, corpus, process), batches, in_flight):
            rescued.batches.append(batch)
            rescued.token_counts.append(counts)
    return rescued


class _Waiting(NamedTuple):
    """A batch, all of its rows, and those with their new labels; with `row`."""

    batch: StoredBatch
    rows: pl.DataFrame
    fresh: pl.DataFrame


def _process(corpus: Corpus, process: BatchFn, waiting: _Waiting) -> tuple[StoredBatch, TokenTables]:
    batch, rows, fresh = waiting
    folder = corpus.folder / "rescued"
    folder.mkdir(exist_ok=True)
    tagged, path = folder / f"{batch.number}.tagged.parts", folder / f"{batch.number}.parts"
    sources, tokens, _ = process(fresh.drop("row", "tokens", "tags"), tagged)
    made = StoredBatch(batch.number, tagged, fresh.height).rows().with_columns(fresh["row"])
    tagged.unlink()
    others = rows.join(made, on="row", how="anti")
    whole = pl.concat([others, made.select(others.columns)]).sort("row").drop("row")
    none = (
        batch.token_counts().sources.clear(),
        batch.token_counts().tokens.clear(),
        batch.aliases().clear(),
    )
    result = BatchResult(whole, *make_records(whole, corpus.settings), *none)
    store_batch(path, result, corpus.layout)
    return StoredBatch(batch.number, path, whole.height), TokenTables(sources, tokens)


def _find_rows(
    corpus: Corpus, relabelled: pl.DataFrame, decided: pl.Series, labels: Labels, rescued: Rescued
) -> Iterator[_Waiting]:
    """Yields the batches with rows that were rejected for a label and have another one by a decision."""
    is_mapped = (pl.col("reason") == _UNKNOWN) & pl.col("source").is_in(list(labels.meanings))
    is_decided = pl.col("row").is_in(decided.implode())
    for batch in corpus.batches:
        first = batch.number.first_row
        is_here = pl.col("row").is_between(first, first + batch.height, closed="left")
        mine = relabelled.filter(is_here)
        if mine.is_empty() and not labels.meanings:
            continue
        reasons = number_rows(batch.rows(["source", "reason"]), batch)
        mine = mine.join(reasons.filter(pl.col("reason").is_in(_LABEL_REASONS)), on="row", how="semi")
        theirs = reasons.filter(is_mapped & ~is_decided)["row"]
        if mine.is_empty() and theirs.is_empty():
            continue
        rows = number_rows(batch.rows(), batch)
        unmarked = rows.drop("label", votes.COLUMN).join(mine, on="row", maintain_order="left")
        unmarked = unmarked.with_columns(*_UNMARKED, _NO_ALIAS)
        mapped = map_labels(rows.filter(pl.col("row").is_in(theirs.implode())), labels)
        rescued.mapped.append(mapped.rows["row"])
        rescued.met |= mapped.met
        rescued.used |= mapped.used
        fresh = pl.concat([unmarked, mapped.rows.select(unmarked.columns)]).sort("row")
        if fresh.height:
            yield _Waiting(batch, rows, fresh)


def map_labels(rows: pl.DataFrame, labels: Labels) -> Mapped:
    """Resolves unknown labels again, now that people said what they mean.

    Args:
        rows: with labels that are unknown, of sources of `labels.meanings`.
        labels: what labels mean.
    """
    unmarked = rows.drop("label", votes.COLUMN, "alias", strict=False).with_columns(_UNMARKED)
    relabelled = relabel(unmarked, labels.taxonomy, labels.settings, labels.meanings)
    is_known = pl.col("reason").ne_missing(_UNKNOWN)
    cells = relabelled.select("source", "file", "member", "raw_label", is_known.alias("is_known"))
    met, used = set(), set()
    for source, file, member, raw_label, has_effect in cells.unique(maintain_order=True).iter_rows():
        path = f"{file}/{member}" if member else file
        found = open_resolver(labels.taxonomy, labels.settings, source, path)(raw_label).unknown
        named = {*found, *list_pieces(raw_label or "")} & labels.meanings[source].keys()
        met |= {(source, each) for each in named}
        used |= {(source, each) for each in named if has_effect}
    return Mapped(relabelled.filter(is_known).with_columns(_NO_ALIAS), met, used)
