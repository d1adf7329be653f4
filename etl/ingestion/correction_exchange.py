"""Hands rows of a dataset to the people of other tools, and takes their decisions back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import polars as pl

from etl.corrections.append import append_decisions
from etl.corrections.decision import Decision
from etl.corrections.exchange import columns, label_studio, spreadsheet
from etl.corrections.exchange.task import Task
from etl.corrections.read import read_decisions
from etl.corrections.text_hashes import text_hash
from etl.dataset.read import Dataset
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime.files import write_atomic
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS
from etl.settings import PathLike
from etl.user_files.plain import plain_file

_log = logging.getLogger(__name__)

Format = Literal["label-studio", "csv", "columns"]
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
INTERFACE = ".xml"
# Rejects that people can do something about.
_OPEN_REASONS = (
    *("conflicting_labels", "missing_label", "unknown_label", "label_ambiguous", "label_not_in_taxonomy"),
)


@dataclass(frozen=True)
class Exported:
    """What was written: how many rows, how many decisions beside them, and the files."""

    rows: int
    decisions: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """How many decisions a file holds, and how many of them were new."""

    read: int
    new: int


def export_rows(
    dataset: Dataset,
    out: PathLike,
    form: Format,
    *,
    corrections: Sequence[PathLike] = (),
    rows: PathLike | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> Exported:
    """Writes rows as tasks of another tool, with the decisions that were made on them.

    Args:
        dataset: whose rows are written: the kept ones, and rejects that a label or a decision would save.
        out: the file. For Label Studio an `.xml` beside it has the labelling interface of the project.
        form: Label Studio's JSON, CSV for a spreadsheet, or columns as Argilla has them: Parquet, or JSON
            lines if the file is called `.jsonl`.
        corrections: files of decisions.
        rows: a CSV or Parquet with a column `id`, such as one of `etl validate --evidence`: only those rows.
        source: only rows of this source.
        limit: at most so many rows.

    Raises:
        InputError: the dataset is damaged, a file cannot be read, or no row is chosen.
        WriteError: the file cannot be written.
    """
    file = Path(out)
    tasks = _tasks(dataset, rows, source, limit)
    if not tasks:
        raise InputError(
            tr("no row of {dataset} is chosen, and {file} is not written", dataset=dataset.path, file=file),
            details=[tr("its sources are {sources}", sources=", ".join(dataset.manifest.counts))],
            next_step=tr(
                "name one of them with `--source`, and with `--rows` a file with ids of this dataset."
            ),
        )
    ids = {task.id for task in tasks}
    made = [each for each in read_decisions(corrections) if each.id in ids and each.decision != "undo"]
    by_id: dict[str, list[Decision]] = {}
    for decision in made:
        by_id.setdefault(decision.id, []).append(decision)
    files = [str(file)]
    if form == "label-studio":
        write_atomic(file, label_studio.export(tasks, by_id))
        is_set = dataset.manifest.settings.labels != "majority"
        write_atomic(file.with_suffix(INTERFACE), label_studio.interface(dataset.labels, is_set=is_set))
        files.append(str(file.with_suffix(INTERFACE)))
    elif form == "csv":
        write_atomic(file, spreadsheet.export(tasks, by_id))
    else:
        is_parquet = file.suffix.lower() != ".jsonl"
        write_atomic(file, columns.export(tasks, by_id, is_parquet=is_parquet))
    return Exported(len(tasks), len(made), tuple(files))


def import_decisions(path: PathLike, out: PathLike, form: Format, *, by: str = "", at: str = "") -> Imported:
    """Appends the decisions of a file to `corrections.jsonl`; those that stand there already are left out.

    Args:
        path: what another tool exported, see `export_rows`.
        out: the file of JSON lines.
        form: of the file.
        by: who decided, where the file does not say it (CSV).
        at: when, where it does not.

    Raises:
        InputError: the file cannot be read, or is not of that format.
        SettingsError: `at` is no time, or the decisions cannot be appended to such a file.
        WriteError: the decisions cannot be written.
    """
    unsaid = _parse_time(at) if at else None
    file = Path(path)
    try:
        content = plain_file(file).read_bytes()
    except OSError as error:
        raise InputError(
            tr("{file} cannot be read", file=file),
            details=[system_words(error)],
            next_step=tr("name a file that the other tool exported."),
        ) from error
    if form == "label-studio":
        found = list(label_studio.read(file, content))
    elif form == "csv":
        found = list(spreadsheet.read(file, content, by, at))
    else:
        found = list(columns.read(file, content, at))
    there = read_decisions([out]) if Path(out).exists() else []
    known = {_identity(each) for each in there}
    # A file without times says the same when it is read again, and must not outdo what was decided since.
    timeless = {_identity(each)[:-1] for each in there}
    new_by_identity = {
        _identity(each): each
        for each in found
        if _identity(each) not in known and not (each.at == unsaid and _identity(each)[:-1] in timeless)
    }
    new = list(new_by_identity.values())
    if new:
        append_decisions(out, new)
    return Imported(len(found), len(new))


def _parse_time(at: str) -> datetime:
    try:
        return msgspec.convert(at, _Time)
    except msgspec.ValidationError as error:
        raise SettingsError(
            tr("{at!r} is no time that can be written down", at=at),
            details=[error],
            next_step=tr("give it with its time zone: `--at 2026-11-29T12:00:00Z`"),
        ) from error


def _identity(decision: Decision) -> tuple[object, ...]:
    return (decision.id, decision.text_hash, decision.decision, decision.labels, decision.by, decision.at)


def _tasks(dataset: Dataset, chosen: PathLike | None, source: str | None, limit: int | None) -> list[Task]:
    rejects = dataset.scan_rejects()
    if chosen is None:
        rejects = rejects.filter(pl.col("reason").is_in(_OPEN_REASONS))
    label = votes.in_words().alias("words")
    parts = [part.select("id", "source", "text", label) for part in (dataset.scan(*ALL_SPLITS), rejects)]
    rows = pl.concat(parts)
    if chosen is not None:
        rows = rows.join(_read_ids(Path(chosen)).lazy(), on="id", how="semi", maintain_order="left")
    if source is not None:
        rows = rows.filter(pl.col("source") == source)
    found = (rows if limit is None else rows.head(limit)).collect()
    taxonomy = dataset.manifest.taxonomy.name
    return list(_make_tasks(found.with_columns(text_hash(pl.col("text")).alias("hash")), taxonomy))


def _make_tasks(rows: pl.DataFrame, taxonomy: str) -> Iterator[Task]:
    for row_id, source, text, label, hashed in rows.iter_rows():
        yield Task(row_id, source, text, label, taxonomy, hashed)


def _read_ids(path: Path) -> pl.DataFrame:
    """Reads the column `id` of a CSV or Parquet."""
    try:
        content = plain_file(path).read_bytes()
        is_parquet = content.startswith(b"PAR1")
        rows = pl.read_parquet(content) if is_parquet else pl.read_csv(content, infer_schema=False)
        return rows.select("id").unique(maintain_order=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            tr("{path} does not name rows", path=path),
            details=[str(error).partition("\n")[0], tr("expected a CSV or Parquet with a column id")],
            next_step=tr("take a file of `etl validate DATASET --evidence DIR`."),
        ) from error
