"""A table or folder that this tool did not make, as a temporary dataset that every check can look at.

Rows are taken as they are: the label stays as it is spelt, tokens are eojeols, and the text is cleaned as
ingest would, since that decides what counts as the same text. `etl.ingestion.tables` reads the files.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import polars as pl
import pyarrow.parquet as pq

from etl.dataset.manifest import FileEntry, Manifest, TaxonomyEntry, describe_file
from etl.dataset.read import SPLITS, Dataset
from etl.errors import InputError, WriteError
from etl.ingestion.pipeline import TEXT, Tools, run_steps
from etl.ingestion.tables.header import column_name, find_column
from etl.ingestion.tables.reader import FORMATS, format_of, is_metadata, open_file_as_table, raw_file_at
from etl.ingestion.tables.table import Table
from etl.schema import resources, row
from etl.settings import Settings, Write
from etl.validation.findings import MAX_EXAMPLES, Finding, judge, listing

Role = Literal["text", "label", "split", "group"]
ROLES: tuple[Role, ...] = get_args(Role)
_NEXT_STEP = "save it again, as UTF-8 where it is text, and validate that"
_REJECTS = "rejects"


@dataclass(frozen=True)
class Columns:
    """The names of the columns that hold what; None: to be guessed."""

    text: str | None = None
    label: str | None = None
    split: str | None = None
    group: str | None = None

    @property
    def named(self) -> dict[Role, str]:
        """Those that are named."""
        return {role: name for role in ROLES if (name := getattr(self, role)) is not None}


@contextmanager
def as_dataset(path: Path, columns: Columns) -> Iterator[tuple[Dataset, list[Finding]]]:
    """The rows of a table or folder as a dataset, which is gone when the block is left.

    Args:
        path: a file, or a folder with the files of the splits.
        columns: which columns hold what.

    Yields:
        The dataset, and what was found while it was read. Its manifest has `taxonomy` (all distinct labels),
        `files`, and no counts.

    Raises:
        InputError: a file cannot be read, has no such column, or one that holds no labels; or nothing tells
            which columns are meant.
        WriteError: there is no room for the temporary dataset.
    """
    files, left_aside = _files(path)
    with tempfile.TemporaryDirectory(prefix="etl-validate-") as name:
        dataset = Dataset(Path(name), _manifest(path, []))
        try:
            findings = _write(path, files, columns, dataset)
        except OSError as error:
            raise WriteError(
                f"{tempfile.gettempdir()} has no room for a copy of {path}",
                details=[f"{error.strerror or error}"],
                next_step="make room, or name another folder in the environment variable TMPDIR",
            ) from error
        labels = _labels(dataset, path)
        findings += judge("files_left_aside", len(left_aside), names=listing(left_aside))
        findings += _spellings(dataset, labels)
        yield Dataset(dataset.path, _manifest(path, sorted(labels)).with_files(_listed(dataset))), findings


def _manifest(path: Path, labels: list[str]) -> Manifest:
    taxonomy = TaxonomyEntry(f"of {path.resolve().name}", tuple(labels))
    return Manifest(taxonomy=taxonomy, counts={}, splits={}, files={})


def _listed(dataset: Dataset) -> dict[str, FileEntry]:
    """The files of the dataset as a manifest lists them."""
    written = sorted([*dataset.path.glob("data/*.parquet"), *dataset.path.glob("rejects/*.parquet")])
    return {file.relative_to(dataset.path).as_posix(): describe_file(file) for file in written}


def _files(path: Path) -> tuple[dict[Path, str | None], list[str]]:
    """The files to read, each with the split its name gives it, and the names of those left aside."""
    if path.is_file():
        return {path: None}, []
    found = sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and format_of(file) in FORMATS
        and not is_metadata(file.name)
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not found:
        raise InputError(
            f"{path} is not a dataset",
            details=["expected a folder with manifest.json, a table, or a folder with tables"],
            next_step=f"make a dataset with `etl ingest PATH... --out {path}`, or name a file",
        )
    splits = {file: _split_of(file.relative_to(path)) for file in found}
    chosen = [file for file in found if splits[file]] or found
    first = min(map(format_of, chosen), key=FORMATS.index)
    chosen = [file for file in chosen if format_of(file) == first]
    left = [file.relative_to(path).as_posix() for file in found if file not in chosen]
    return {file: splits[file] for file in chosen}, left


def _split_of(name: Path) -> str | None:
    """The split that a file is named after, or its nearest folder."""
    known = _split_names()
    for part in reversed(name.parts):
        for word in re.split(r"[\W\d_]+", unicodedata.normalize("NFC", part).lower()):
            if word in known:
                return known[word]
    return None


def _split_names() -> dict[str, str]:
    splits = resources.load("schemas", "outside.yaml")["splits"]
    return {spelling: split for split, spellings in splits.items() for spelling in spellings}


def _write(path: Path, files: Mapping[Path, str | None], columns: Columns, dataset: Dataset) -> list[Finding]:
    """Writes the rows of all files into the dataset; what was found on the way."""
    writer = _Writer(dataset.path)
    guessed: dict[Role, str] = {}
    bad: Counter[str] = Counter()
    is_split = False
    for file, split in files.items():
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        with open_file_as_table(raw_file_at(file, name), next_step=_NEXT_STEP) as table:
            chosen = _choose(table, columns)
            if split and columns.split is None:
                chosen.pop("split", None)
            guessed |= {role: column for role, column in chosen.items() if role not in columns.named}
            is_split = is_split or split is not None or "split" in chosen
            for frame in table.frames(list(dict.fromkeys(chosen.values()))):
                rows = _rows(frame, chosen, split, file=name, source=path.resolve().name)
                writer.append(rows)
                bad.update(rows["detail"].drop_nulls().to_list())
    writer.flush()
    described = ", ".join(f"{role} from `{column}`" for role, column in guessed.items())
    reasons = listing([f"{detail} ({count:,})" for detail, count in bad.most_common()], most=3)
    return [
        *judge("bad_rows", bad.total(), difference=reasons, examples=writer.first_rejects),
        *judge("guessed_columns", len(guessed), difference=described),
        *judge("no_split_column", 0 if is_split else writer.rows),
    ]


def _choose(table: Table, columns: Columns) -> dict[Role, str]:
    """The column of each role: as named, else by usual names; text and label there must be."""
    usual = resources.load("schemas", "outside.yaml")["columns"]
    unnamed = [name for name in table.columns if name and name not in columns.named.values()]
    chosen: dict[Role, str] = {}
    for role in ROLES:
        named = columns.named.get(role)
        if named is not None:
            if not column_name(named) or column_name(named) not in table.columns:
                raise _no_column(table, f"has no column {named!r}")
            chosen[role] = column_name(named)
            continue
        found = find_column(unnamed, usual[role])
        if found:
            chosen[role] = found
        elif role in ("text", "label"):
            raise _no_column(table, f"does not say which column holds the {role}")
    return chosen


def _no_column(table: Table, what: str) -> InputError:
    shown = [name if len(name) <= 60 else f"{name[:60]}…" for name in table.columns]
    return InputError(
        f"{table.name} {what}",
        details=[f"its columns are {listing(shown, most=20)}" if shown else "it has no columns at all"],
        cause="" if shown else "The file is empty, or holds no table.",
        next_step="name them with `--text-column` and `--label-column`, "
        "and if there are such with `--split-column` and `--group-column`",
    )


def _rows(
    frame: pl.DataFrame, chosen: Mapping[Role, str], split: str | None, *, file: str, source: str
) -> pl.DataFrame:
    """The rows of `etl.schema.row`, with `reason` and `detail`; a label of white space is null."""

    def column(role: Role) -> pl.Expr:
        return pl.col(chosen[role]) if role in chosen else pl.lit(None, pl.String)

    label = column("label")
    known = _split_names()
    said = column("split").str.strip_chars().str.to_lowercase()
    if "split" in chosen:
        placed = said.replace_strict(known, default=None, return_dtype=pl.String)
        unplaced = pl.format("no split is called {}", column("split").str.slice(0, 40).fill_null("null"))
    else:
        placed, unplaced = pl.lit(split or SPLITS[0]), pl.lit(None, pl.String)
    detail = pl.coalesce("detail", pl.when(placed.is_null()).then(unplaced))
    known_columns = {name: pl.lit("") for name in row.columns(is_reject=True)}
    rows = frame.select(
        **known_columns
        | {
            "id": pl.format("{}:{}", pl.lit(file), "position"),
            "source": pl.lit(source),
            "file": pl.lit(file),
            "position": pl.col("position"),
            "group": column("group").fill_null(""),
            "turn": pl.lit(1, pl.Int64),
            "raw_text": column("text"),
            "raw_label": label,
            "label": pl.when(label.str.strip_chars() != "").then(label),
            "split": placed,
            "detail": detail,
            "reason": pl.when(detail.is_not_null()).then(pl.lit("bad_row")),
        }
    )
    unmarked = rows.select("raw_text", "reason", "detail")
    text = run_steps(unmarked, Tools(Settings()), TEXT)["text"]
    words = pl.when(pl.col("text") == "").then([]).otherwise(pl.col("text").str.split(" "))
    rows = rows.with_columns(text).with_columns(tokens=words)
    return rows.with_columns(tags=pl.lit("Word").repeat_by(pl.col("tokens").list.len()))


class _Writer:
    """Writes rows into shards of bounded size, those with a reason into the rejects.

    Attributes:
        rows: how many were written that have no reason.
        first_rejects: the ids of the first rows that have one.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._waiting: dict[str, list[pl.DataFrame]] = {name: [] for name in (*SPLITS, _REJECTS)}
        self._shards = Counter[str]()
        self.rows = 0
        self.first_rejects: list[str] = []

    def append(self, rows: pl.DataFrame) -> None:

        is_good = pl.col("reason").is_null()
        parts = {split: rows.filter(is_good & (pl.col("split") == split)) for split in SPLITS}
        self.rows += sum(part.height for part in parts.values())
        rejects = rows.filter(~is_good)
        self.first_rejects += rejects["id"].head(10 - len(self.first_rejects)).to_list()
        for name, part in {**parts, _REJECTS: rejects}.items():
            self._waiting[name].append(part)
            if sum(waiting.height for waiting in self._waiting[name]) >= Write().shard_rows:
                self._write(name)

    def flush(self) -> None:
        """Writes what still waits."""
        for name in self._waiting:
            self._write(name)

    def _write(self, name: str) -> None:

        rows = pl.concat(self._waiting[name]) if self._waiting[name] else pl.DataFrame()
        self._waiting[name] = []
        if rows.is_empty():
            return
        schema = row.arrow_schema(is_reject=name == _REJECTS)
        file = f"rejects/part-{self._shards[name]:05d}" if name == _REJECTS else None
        place = self._folder / f"{file or f'data/{name}-{self._shards[name]:05d}'}.parquet"
        place.parent.mkdir(exist_ok=True)
        table = rows.select(schema.names).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)
        pq.write_table(table, place, compression="lz4", row_group_size=Write().row_group_rows)
        self._shards[name] += 1


def _labels(dataset: Dataset, path: Path) -> dict[str, int]:
    """Rows by label, the commonest first.

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
            f"the label column of {path} holds no labels",
            details=[
                f"expected at most {limits['most']:,} distinct values "
                f"of at most {limits['longest']} characters",
                f"got {counted.height:,} of up to {longest:,}",
            ],
            cause="Another column was taken for that of the label.",
            next_step="name the right one with `--label-column`",
        )
    return dict(counted.select("label", "rows").iter_rows())


def _spellings(dataset: Dataset, labels: Mapping[str, int]) -> list[Finding]:
    """Labels that differ from a commoner one only by white space, case or width."""

    commonest: dict[str, str] = {}
    variants: dict[str, str] = {}
    for label in labels:  # the commonest first
        folded = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", label)).strip().casefold()
        usual = commonest.setdefault(folded, label)
        if usual != label:
            variants[label] = usual
    if not variants:
        return []
    named = [
        f"{label!r} ({labels[label]:,}) beside {usual!r} ({labels[usual]:,})"
        for label, usual in variants.items()
    ]
    rows = dataset.scan().filter(pl.col("label").is_in([*variants])).select("id", "file", "position")
    first = rows.sort("file", "position").head(MAX_EXAMPLES).collect()["id"]
    return judge("label_spelling", len(variants), of=len(labels), names=listing(named), examples=first)
