"""What `etl ingest` would read, found out by reading it (`--dry-run`): nothing is tagged or written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.dataset import preparation
from etl.dataset.counts import count_sources
from etl.dataset.manifest import SourceCounts, UnknownLabels
from etl.ingestion.corrections import read_meanings
from etl.ingestion.ingest import discover, list_warnings, nothing_read
from etl.ingestion.pipeline import Tools, run_steps
from etl.ingestion.rescue import Labels, map_labels
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.units import read_units
from etl.ingestion.unknown_labels import REASON, count_cells, summarise
from etl.language.message import tr
from etl.runtime.console import Progress, no_progress
from etl.schema import taxonomy
from etl.schema.own_tables import check_tables
from etl.settings import Settings
from etl.tagging import policy


@dataclass(frozen=True)
class Plan:
    """What a run would read.

    Attributes:
        found: the files, by corpus.
        log: what became of each file.
        counts: the rows of each source, not yet tagged and compared; `kept` are those without a reason.
        unknown_labels: see `etl.dataset.manifest.UnknownLabels`.
        warnings: sentences for a person.
    """

    found: dict[str, list[RecognisedFile]]
    log: InputLog
    counts: dict[str, SourceCounts]
    unknown_labels: tuple[UnknownLabels, ...]
    warnings: tuple[str, ...]


def plan_ingest(paths: list[Path], settings: Settings, *, progress: Progress = no_progress) -> Plan:
    """Reads all rows that a run with these settings would read, cleans them and looks their labels up.

    Args:
        paths: raw files, archives and folders.
        settings: those of the run; with `read.limit` only so many rows of each corpus are read. Of the
            corrections, those are applied that say what unknown labels mean.
        progress: told about each batch.

    Raises:
        SettingsError: a setting is unknown or wrong, or the tagger is not installed.
        InputError: a path is missing, a file is damaged or lacks a column, no row is read, or a correction
            is wrong.
    """
    labels, key_tokens = taxonomy.load(settings.taxonomy), policy.load(settings.tag)
    check_tables(settings, labels)
    preparation.of(settings)
    meanings, n_about_rows = read_meanings(settings, labels)
    meant = Labels(settings, labels, meanings)
    found, log = discover(paths, settings)
    reasons, cells = [], []
    for frame in read_units(found, settings, log):
        rows = _map_labels(run_steps(frame, Tools(settings), ("text", "row")), meant)
        reasons.append(rows.select("source", "reason"))
        cells.append(count_cells(rows.lazy().filter(pl.col("reason") == REASON)).collect())
        progress(rows.height, tr("reading {source}", source=rows["source"][0]))
    if not reasons:
        raise nothing_read(log)
    counts = count_sources(pl.concat(reasons).group_by("source", "reason").agg(rows=pl.len()))
    unknown = summarise(pl.concat(cells), counts, labels, settings)
    warnings = list_warnings(log, key_tokens, unknown, counts)
    if n_about_rows:
        warnings += (
            tr(
                "a dry run does not apply the decisions about rows, of which there are {decisions:,}",
                decisions=n_about_rows,
            ),
        )
    return Plan(found, log, counts, unknown, warnings)


def _map_labels(rows: pl.DataFrame, labels: Labels) -> pl.DataFrame:
    """Returns `source`, `reason` and what else names a label, once people said what unknown labels mean."""
    if not labels.meanings:
        return rows
    columns = ["row", "source", "file", "member", "raw_label", "reason"]
    numbered = rows.with_row_index("row")
    is_meant = (pl.col("reason") == REASON) & pl.col("source").is_in(list(labels.meanings))
    mapped = map_labels(numbered.filter(is_meant), labels).rows.select(columns)
    others = numbered.select(columns).join(mapped, on="row", how="anti", maintain_order="left")
    return pl.concat([others, mapped]).drop("row")
