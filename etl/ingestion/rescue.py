"""Rows that were rejected for their label and have one by a decision: they get it, and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import polars as pl

from etl.ingestion.spool import Spool, SpooledBatch
from etl.ingestion.steps.relabel import Meanings, open_resolver, relabel
from etl.ingestion.steps.token_report import TokenTables
from etl.runtime.engine.local import ordered_map
from etl.runtime.engine.protocol import BatchFn
from etl.schema import votes
from etl.schema.label_cells import list_pieces, normalise_label
from etl.schema.taxonomy import Taxonomy
from etl.settings import Settings

_UNKNOWN = "unknown_label"
_LABEL_REASONS = ("missing_label", _UNKNOWN, "label_ambiguous", "label_not_in_taxonomy")
_UNMARKED = [pl.lit(None, pl.String).alias(name) for name in ("reason", "detail")]
_NO_ALIAS = pl.lit(None, pl.List(pl.String)).alias("alias")


@dataclass
class Rescued:
    """What became of the rows.

    Attributes:
        row_hashes: a frame for each batch, with `row`.
        mapped: the numbers of rows with a label that was unknown.
        token_counts: the tokens of all of them.
        met: the meanings of labels that some row has: source and raw label.
        used: those that apply to some row, which has no other label that is unknown.
    """

    row_hashes: list[pl.DataFrame] = field(default_factory=list)
    mapped: list[pl.Series] = field(default_factory=list)
    token_counts: list[TokenTables] = field(default_factory=list)
    met: set[tuple[str, str]] = field(default_factory=set)
    used: set[tuple[str, str]] = field(default_factory=set)

    def replace_in(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Returns the keys of all rows, with those of these rows in their places."""
        if not self.row_hashes:
            return keys
        made = pl.concat(self.row_hashes)
        others = keys.with_row_index("row").join(made, on="row", how="anti")
        return pl.concat([others, made.select(others.columns)]).sort("row").drop("row")


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
    keys: pl.DataFrame, decided: pl.DataFrame, labels: Labels, spool: Spool, process: BatchFn, in_flight: int
) -> Rescued:
    """Gives labels and tokens to rows that were rejected for their label; their batches are replaced.

    Args:
        keys: of all rows, in order.
        decided: the decisions on rows: `row` and the columns of `etl.ingestion.steps.correct`.
        labels: what labels mean.
        spool: the rows.
        process: tags rows, see `etl.ingestion.batches.process_batch`.
        in_flight: how many batches are processed at a time.
    """
    reasons = keys.select("source", "reason").with_row_index("row")
    relabelled = decided.filter(pl.col("decision") == "relabel").select(
        "row", label="decided_label", **{votes.COLUMN: "decided_votes"}
    )
    own = reasons.filter(pl.col("reason").is_in(_LABEL_REASONS)).join(relabelled, on="row").sort("row")
    is_mapped = (pl.col("reason") == _UNKNOWN) & pl.col("source").is_in(list(labels.meanings))
    unknown = reasons.filter(is_mapped).join(decided, on="row", how="anti")["row"].sort()
    rescued = Rescued()
    waiting = _find_rows(spool, own.select("row", "label", votes.COLUMN), unknown, labels, rescued)
    for batch, rows, fresh, frames in ordered_map(partial(_process, process), waiting, in_flight):
        made, row_hashes, sources, tokens, _ = frames
        rescued.row_hashes.append(row_hashes.with_columns(fresh["row"]))
        rescued.token_counts.append(TokenTables(sources, tokens))
        made = made.select(rows.columns).with_columns(fresh["row"])
        others = rows.with_row_index("row", batch.start).join(made, on="row", how="anti")
        spool.put_back(batch, pl.concat([others, made.select(others.columns)]).sort("row").drop("row"))
    return rescued


_Waiting = tuple[SpooledBatch, pl.DataFrame, pl.DataFrame]


def _process(process: BatchFn, waiting: _Waiting) -> tuple[*_Waiting, list[pl.DataFrame]]:
    batch, rows, fresh = waiting
    return batch, rows, fresh, process(fresh.drop("row", "tokens", "tags"))


def _find_rows(
    spool: Spool, own: pl.DataFrame, unknown: pl.Series, labels: Labels, rescued: Rescued
) -> Iterator[_Waiting]:
    """Yields the batches with such rows: the batch, all of its rows, and those with their new labels."""
    for batch in spool:
        end = batch.start + batch.height
        mine = own.filter(pl.col("row").is_between(batch.start, end, closed="left"))
        theirs = unknown.filter((unknown >= batch.start) & (unknown < end))
        if mine.is_empty() and theirs.is_empty():
            continue
        rows = batch.take()
        relabelled = (
            rows[mine["row"] - batch.start]
            .drop("label", votes.COLUMN)
            .hstack(mine)
            .with_columns(*_UNMARKED, _NO_ALIAS)
        )
        columns = relabelled.columns
        mapped = map_labels(rows[theirs - batch.start].with_columns(row=theirs), labels)
        rescued.mapped.append(mapped.rows["row"])
        rescued.met |= mapped.met
        rescued.used |= mapped.used
        fresh = pl.concat([relabelled, mapped.rows.select(columns)]).sort("row")
        if fresh.is_empty():
            spool.put_back(batch, rows)
        else:
            yield batch, rows, fresh


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
