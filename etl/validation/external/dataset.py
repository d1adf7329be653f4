"""Reads an external table or folder of tables into a temporary dataset, so that every check can look at it.

Rows are taken as they are: labels keep their spelling, tokens are eojeols. Only the text is cleaned as ingest
does it, since that decides which texts are the same. `etl.ingestion.tables` reads the files.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import polars as pl
from msgspec import structs

from etl.dataset.manifest import FileEntry, Manifest, TaxonomyEntry
from etl.dataset.read import SPLITS, Dataset
from etl.dataset.shards import ShardWriter, divide
from etl.errors import InputError, WriteError
from etl.ingestion.pipeline import TEXT, Tools, run_steps
from etl.ingestion.sources.frame import reason_of
from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables.dialect import FOUND_OUT, Dialect
from etl.ingestion.tables.header import column_name, find_column, own_names, without_columns
from etl.ingestion.tables.reader import FORMATS, format_of, is_metadata, open_file_as_tables, raw_file_at
from etl.ingestion.tables.table import OpenTable
from etl.language.lists import listing
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime.scratch import temporary_folder
from etl.schema import resources, row, votes
from etl.schema.splits import split_in_path, split_names
from etl.settings import Settings, Write
from etl.text.composition import composed
from etl.user_files.plain import plain_file
from etl.validation.findings import MAX_EXAMPLES

Role = Literal["text", "label", "split", "group"]
ROLES: tuple[Role, ...] = get_args(Role)
_NEXT_STEP = tr("save it again, as UTF-8 where it is text, and validate that")


@dataclass(frozen=True)
class Columns:
    """The name of the column of each role; None: to be guessed. And how the table is written."""

    text: str | None = None
    label: str | None = None
    split: str | None = None
    group: str | None = None
    dialect: Dialect = FOUND_OUT

    @property
    def by_role(self) -> dict[Role, str]:
        """The columns that are given, by role."""
        return {role: name for role in ROLES if (name := getattr(self, role)) is not None}


@dataclass(frozen=True)
class ExternalTable:
    """Record of how an external table was read.

    Attributes:
        rows: rows that were read, without bad ones.
        bad_rows: how often each problem made a record no row.
        bad_row_ids: the ids of the first of these.
        guessed: columns that were recognised by their names, by role.
        has_splits: whether a column or the names of files tell the splits.
        left_aside: names of tables that were not read.
        labels: rows by label, the commonest first.
        spellings: labels that differ from a commoner one only by white space, case or width, with that one.
        spelling_ids: the ids of the first rows of these.
    """

    rows: int
    bad_rows: Counter[str]
    bad_row_ids: tuple[str, ...]
    guessed: Mapping[Role, str]
    has_splits: bool
    left_aside: tuple[str, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    spelling_ids: tuple[str, ...] = ()


class _Origin(NamedTuple):
    """Where rows come from: a table, its file, and which table in that."""

    source: str
    file: str
    part: str


@contextmanager
def open_as_dataset(path: Path, columns: Columns) -> Iterator[tuple[Dataset, ExternalTable]]:
    """Opens a table or folder as a dataset, which is deleted when the block is left.

    Args:
        path: a file, or a folder with the files of the splits.
        columns: which columns hold what.

    Yields:
        The dataset, and how it was read. Its manifest has `taxonomy` (all distinct labels), `files`, and no
        counts.

    Raises:
        InputError: a file cannot be read, has no such column, or one that holds no labels; or nothing tells
            which columns are meant.
        WriteError: there is no room for the temporary dataset.
    """
    files, left_aside = _files(path)
    with temporary_folder("validate") as folder:
        try:
            table, written = _write(path, files, columns, folder)
        except OSError as error:
            raise WriteError(
                tr(
                    "{folder} has no room for a copy of {path}",
                    folder=tempfile.gettempdir(),
                    path=path,
                ),
                details=[system_words(error)],
                next_step=tr("make room, or name another folder in the environment variable TMPDIR"),
            ) from error
        name = f"of {path.resolve().name}"
        manifest = Manifest(taxonomy=TaxonomyEntry(name, ()), counts={}, splits={}, files=written)
        labels = _labels(Dataset(folder, manifest, is_as_found=True), path)
        taxonomy = TaxonomyEntry(name, tuple(sorted(labels)))
        dataset = Dataset(folder, structs.replace(manifest, taxonomy=taxonomy), is_as_found=True)
        spellings = _spellings(labels)
        yield (
            dataset,
            replace(
                table,
                left_aside=tuple(left_aside),
                labels=labels,
                spellings=spellings,
                spelling_ids=_first_ids(dataset, spellings),
            ),
        )


def _files(path: Path) -> tuple[dict[Path, str | None], list[str]]:
    """Returns the files to read, each with the split in its name, and the names of those left aside."""
    if path.is_file():
        return {path: None}, []
    tables = sorted(
        file
        for file in path.rglob("*")
        if not file.is_dir()
        and format_of(file) in FORMATS
        and not is_metadata(file.name)
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    candidates = [file for file in tables if file.is_file()]  # the others are pipes, or links to nowhere
    if not candidates:
        why: list[str] = []
        try:
            plain_file(path)
        except OSError as error:
            why = [system_words(error)]
        raise InputError(
            tr("{path} is not a dataset", path=path),
            details=[tr("expected a folder with manifest.json, a table, or a folder with tables"), *why],
            next_step=tr("make a dataset with `etl ingest PATH... --out {path}`, or name a file", path=path),
        )
    splits = {file: split_in_path(file.relative_to(path).as_posix()) for file in candidates}
    chosen = [file for file in candidates if splits[file]] or candidates
    first = min(map(format_of, chosen), key=FORMATS.index)
    chosen = [file for file in chosen if format_of(file) == first]
    left = [file.relative_to(path).as_posix() for file in tables if file not in chosen]
    return {file: splits[file] for file in chosen}, left


def _write(
    path: Path, files: Mapping[Path, str | None], columns: Columns, folder: Path
) -> tuple[ExternalTable, dict[str, FileEntry]]:
    """Writes the rows of all files as shards; returns how they were read, and the manifest's `files`."""
    guessed: dict[Role, str] = {}
    bad: Counter[str] = Counter()
    bad_ids: list[str] = []
    n_rows, has_splits = 0, False
    with ShardWriter(folder, Write()) as writer:
        for file, split in files.items():
            name = file.name if path.is_file() else file.relative_to(path).as_posix()
            with _open(raw_file_at(file, name), columns) as tables:
                for table in tables:
                    chosen = _choose(table, columns)
                    if split and columns.split is None:
                        chosen.pop("split", None)
                    guessed |= {
                        role: column for role, column in chosen.items() if role not in columns.by_role
                    }
                    has_splits = has_splits or split is not None or "split" in chosen
                    for frame in table.frames(list(dict.fromkeys(chosen.values()))):
                        rows = _rows(frame, chosen, split, _Origin(path.resolve().name, name, table.part))
                        rejects = rows.filter(pl.col("reason").is_not_null())
                        n_rows += rows.height - rejects.height
                        bad_ids += rejects["id"].head(MAX_EXAMPLES - len(bad_ids)).to_list()
                        bad.update(rejects["detail"].drop_nulls().to_list())
                        writer.write(divide(rows))
    return ExternalTable(n_rows, bad, tuple(bad_ids), guessed, has_splits), writer.files()


def _open(raw: RawFile, columns: Columns) -> AbstractContextManager[list[OpenTable]]:
    """Opens the tables in a file that have a text and a label column."""

    def is_header(names: list[str]) -> bool:
        try:
            return bool(_choose(OpenTable(raw.name, names, lambda _: iter(())), columns))
        except InputError:
            return False

    return open_file_as_tables(raw, next_step=_NEXT_STEP, is_header=is_header, dialect=columns.dialect)


def _choose(table: OpenTable, columns: Columns) -> dict[Role, str]:
    """Chooses the column of each role: as given, else by usual names; text and label are required."""
    usual = resources.load("schemas", "outside.yaml")["columns"]
    unnamed = [name for name in table.columns if name and name not in columns.by_role.values()]
    chosen: dict[Role, str] = {}
    for role in ROLES:
        named = columns.by_role.get(role)
        if named is not None:
            if not column_name(named) or column_name(named) not in table.columns:
                raise _no_column(
                    table, tr("{table} has no column {column!r}", table=table.name, column=named)
                )
            chosen[role] = column_name(named)
            continue
        usual_name = find_column(unnamed, usual[role])
        if usual_name:
            chosen[role] = usual_name
        elif role in ("text", "label"):
            raise _no_column(
                table,
                tr("{table} does not say which column holds the text", table=table.name)
                if role == "text"
                else tr("{table} does not say which column holds the label", table=table.name),
            )
    return chosen


def _no_column(table: OpenTable, problem: str) -> InputError:
    shown = [name if len(name) <= 60 else f"{name[:60]}…" for name in own_names(table.columns)]
    if not shown:
        return without_columns(table.name)
    return InputError(
        problem,
        details=[tr("its columns are {names}", names=listing(shown, most=20))],
        next_step=tr(
            "name them with `--text-column` and `--label-column`, and if there are such with "
            "`--split-column` and `--group-column`"
        ),
    )


def _rows(
    frame: pl.DataFrame, chosen: Mapping[Role, str], split: str | None, origin: _Origin
) -> pl.DataFrame:
    """Makes the rows of `etl.schema.row`, with `reason` and `detail`; a label of white space is null."""

    def column(role: Role) -> pl.Expr:
        return pl.col(chosen[role]) if role in chosen else pl.lit(None, pl.String)

    label = column("label")
    known = split_names()
    said = column("split").str.strip_chars().str.to_lowercase()
    if "split" in chosen:
        placed = said.replace_strict(known, default=None, return_dtype=pl.String)
        unplaced = pl.format("no split is called {}", column("split").str.slice(0, 40).fill_null("null"))
    else:
        placed, unplaced = pl.lit(split or SPLITS[0]), pl.lit(None, pl.String)
    detail = pl.coalesce("detail", pl.when(placed.is_null()).then(unplaced))
    known_columns = {name: pl.lit("") for name in row.columns(is_reject=True)}
    known_columns |= {votes.COLUMN: pl.lit(None, votes.VOTES), "corrected": pl.lit(None, pl.String)}
    rows = frame.select(
        **known_columns
        | {
            "id": pl.format("{}:{}", pl.lit("/".join(filter(None, [origin.file, origin.part]))), "position"),
            "source": pl.lit(origin.source),
            "file": pl.lit(origin.file),
            "member": pl.lit(origin.part),
            "position": pl.col("position"),
            "group": column("group").fill_null(""),
            "turn": pl.lit(1, pl.Int64),
            "raw_text": column("text"),
            "raw_label": label,
            "label": pl.when(label.str.strip_chars() != "").then(label),
            "split": placed,
            "detail": detail,
            "reason": reason_of(detail),
        }
    )
    unmarked = rows.select("raw_text", "reason", "detail")
    text = run_steps(unmarked, Tools(Settings()), TEXT)["text"]
    words = pl.when(pl.col("text") == "").then([]).otherwise(pl.col("text").str.split(" "))
    rows = rows.with_columns(text).with_columns(tokens=words)
    return rows.with_columns(tags=pl.lit("Word").repeat_by(pl.col("tokens").list.len()))


def _labels(dataset: Dataset, path: Path) -> dict[str, int]:
    """Counts rows by label, the commonest first.

    Raises:
        InputError: they are too many, or too long, to be labels.
    """
    limits = resources.load("schemas", "outside.yaml")["labels"]
    counted = (
        dataset.scan()
        .group_by("label")
        .agg(pl.len().alias("rows"), pl.col("label").str.len_chars().first().alias("chars"))
        .drop_nulls()
        .sort("rows", "label", descending=[True, False])
        .collect()
    )
    longest = counted["chars"].max() or 0
    assert isinstance(longest, int)
    if counted.height > limits["most"] or longest > limits["longest"]:
        raise InputError(
            tr("the label column of {path} holds no labels", path=path),
            details=[
                tr(
                    "expected at most {most:,} distinct values of at most {longest} characters",
                    most=limits["most"],
                    longest=limits["longest"],
                ),
                tr("got {values:,} of up to {longest:,}", values=counted.height, longest=longest),
            ],
            cause=tr("Another column was taken for that of the label."),
            next_step=tr("name the right one with `--label-column`"),
        )
    return dict(counted.select("label", "rows").iter_rows())


def _spellings(labels: Mapping[str, int]) -> dict[str, str]:
    """Returns the labels that differ from a commoner one only by white space, case or width, with that one.

    Args:
        labels: the commonest first.
    """
    commonest: dict[str, str] = {}
    variants: dict[str, str] = {}
    for label in labels:
        folded = re.sub(r"\s+", " ", composed(label, "NFKC")).strip().casefold()
        usual = commonest.setdefault(folded, label)
        if usual != label:
            variants[label] = usual
    return variants


def _first_ids(dataset: Dataset, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the ids of the first rows that have one of the labels."""
    if not labels:
        return ()
    rows = dataset.scan().filter(pl.col("label").is_in([*labels])).select("id", "file", "position")
    return tuple(rows.sort("file", "position").head(MAX_EXAMPLES).collect()["id"])
