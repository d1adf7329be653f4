"""Opens a dataset that `etl ingest` wrote: its manifest, its shards by split, its rejects.

This is the one place that compares files with their sums in the manifest: a file is compared when it is first
asked for, before any of it is used.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl
import pyarrow as pa

from etl.dataset.additions import finish_adding
from etl.dataset.manifest import Manifest, read_manifest
from etl.errors import InputError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime.files import sha256_file
from etl.runtime.paths import local_path
from etl.runtime.threads import ordered_map
from etl.schema import row, splits
from etl.settings import PathLike

SPLITS = splits.SPLITS


@dataclass(frozen=True)
class Dataset:
    """A dataset folder and its manifest.

    Args:
        path: the folder.
        manifest: its content.
        is_as_found: whether the files that are there count, listed or not and without a look at their sums:
            of a dataset that is judged, or that nobody ingested.
    """

    path: Path
    manifest: Manifest = field(repr=False)  # a page of text
    is_as_found: bool = field(default=False, repr=False)
    _compared: set[str] = field(default_factory=set, repr=False, compare=False)
    _shaped: set[str] = field(default_factory=set, repr=False, compare=False)

    @property
    def labels(self) -> list[str]:
        """The targets of the taxonomy, in order: the index of a label is its class id."""
        return list(self.manifest.taxonomy.targets)

    def shards(self, split: str) -> list[Path]:
        """The Parquet shards of one split, in order.

        Raises:
            InputError: one is missing, not listed in the manifest, or not as it is listed.
        """
        return self._files(f"data/{split}-*.parquet")

    def scan(self, *names: str) -> pl.LazyFrame:
        """The kept rows of the given splits (by default of `SPLITS`), in order; see `shards`."""
        return self._scan(
            [shard for split in names or SPLITS for shard in self.shards(split)], is_reject=False
        )

    def scan_rejects(self) -> pl.LazyFrame:
        """The rejected rows with `reason` and `detail`, in order; see `shards`."""
        return self._scan(self._files("rejects/*.parquet"), is_reject=True)

    def _scan(self, files: list[Path], *, is_reject: bool) -> pl.LazyFrame:
        """Scans files; a column that the dataset's format did not have yet is null."""
        rows, names = _scan(files, is_reject=is_reject), row.columns(is_reject=is_reject)
        there = row.columns(is_reject=is_reject, of_format=self.manifest.format)
        if there == names or not files:
            return rows
        types = _empty(is_reject=is_reject).schema
        missing = [pl.lit(None, types[name]).alias(name) for name in names if name not in there]
        return rows.with_columns(missing).select(names)

    def file(self, name: str) -> Path:
        """A file of the dataset, such as `preparation.json`, compared where the manifest lists it.

        Raises:
            InputError: it is not as the manifest lists it.
        """
        if name in self.manifest.files:
            self._compare([name])
        return self.path / name

    def _files(self, pattern: str) -> list[Path]:
        there = sorted(self.path.glob(pattern))
        if self.is_as_found:
            return there
        names = sorted(name for name in self.manifest.files if fnmatchcase(name, pattern))
        self._compare(names)
        files = [self.path / name for name in names]
        if unlisted := [file for file in there if file not in files]:
            raise _unlisted_file(self, unlisted[0])
        for name, file in zip(names, files, strict=True):
            if name not in self._shaped:
                _check_columns(file, self.manifest.format, is_reject=name.startswith("rejects/"))
                self._shaped.add(name)
        return files

    def _compare(self, names: Sequence[str]) -> None:
        """Compares files with their sums in the manifest, each once.

        Raises:
            InputError: one is missing, or another than listed.
        """
        left = [name for name in names if name not in self._compared and not self.is_as_found]
        if not left:
            return
        sums = list(ordered_map(self._sum, left, os.cpu_count() or 1))
        for name, found in zip(left, sums, strict=True):
            if found != self.manifest.files[name].sha256:
                raise _other_file(self, name, found)
        self._compared.update(left)

    def _sum(self, name: str) -> str:
        try:
            return sha256_file(self.path / name)
        except OSError as error:
            return tr("no file that can be read ({why})", why=system_words(error))


def open_dataset(dataset: PathLike | Dataset, *, is_as_found: bool = False) -> Dataset:
    """Opens a dataset.

    A link, such as the `current` of published versions, is followed once, here. So everything that is read
    belongs to the same version, whatever is published meanwhile.

    Args:
        dataset: its folder; or an open dataset, whose manifest is read again, since `build_vocab` changes it.
        is_as_found: see `Dataset`; one that was opened so stays so.

    Raises:
        InputError: there is no dataset at the path, its manifest is damaged or of another format.
    """
    if isinstance(dataset, Dataset):
        path, is_as_found = dataset.path, is_as_found or dataset.is_as_found
    else:
        path = local_path(dataset)
    path = path.resolve() if path.is_symlink() else path
    manifest = read_manifest(path)
    finish_adding(path, manifest)
    return Dataset(path, manifest, is_as_found)


def _check_columns(file: Path, of_format: int, *, is_reject: bool) -> None:
    """Refuses a Parquet file that lacks a column of the row, or has another type of values in one.

    Raises:
        InputError: the column is named; or the file is not readable.
    """
    from pyarrow import parquet  # with it come file systems and ssl, which a prediction does not need

    try:
        found = parquet.read_schema(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise _odd_file(file, str(error).partition("\n")[0]) from error
    for wanted in row.arrow_schema(is_reject=is_reject, of_format=of_format):
        if wanted.name not in found.names:
            raise _odd_file(file, tr("it has no column {column}", column=wanted.name))
        kind = found.field(wanted.name).type
        if _plain(kind) != _plain(wanted.type):
            raise _odd_file(
                file,
                tr(
                    "the column {column} holds {kind}, expected {type}",
                    column=wanted.name,
                    kind=kind,
                    type=wanted.type,
                ),
            )


def _plain(kind: pa.DataType) -> str:
    """The type of the values, however a library stores them: polars writes `large_string`."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list of {_plain(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"struct of {', '.join(f'{field.name}: {_plain(field.type)}' for field in kind)}"
    return str(kind).removeprefix("large_")


def _odd_file(file: Path, problem: str) -> InputError:
    return InputError(
        tr("{file} cannot be read as part of the dataset", file=file),
        details=[problem],
        cause=tr("It was damaged, edited, or written by something else."),
        next_step=tr("write the dataset again with `etl ingest PATH... --out DATASET`."),
    )


def _other_file(dataset: Dataset, name: str, found: str) -> InputError:
    again = "etl build-vocab" if name.startswith("vocab.") else "etl ingest PATH... --out"
    return InputError(
        tr("{file} is not the file that its manifest lists", file=dataset.path / name),
        details=[
            tr(
                "expected sha256 {expected}, got {got}",
                expected=dataset.manifest.files[name].sha256,
                got=found,
            )
        ],
        cause=tr("It was damaged, edited, removed, or copied from another dataset."),
        next_step=tr(
            "copy the dataset again, or write it again with `{command} {dataset}`.",
            dataset=dataset.path,
            command=again,
        ),
    )


def _unlisted_file(dataset: Dataset, file: Path) -> InputError:
    return InputError(
        tr("{file} is not in the manifest of its dataset", file=file),
        details=[tr("expected the {number:,} files that it lists", number=len(dataset.manifest.files))],
        cause=tr("It was added by hand, or copied from another dataset."),
        next_step=tr(
            "remove it, or write the dataset again with `etl ingest PATH... --out {dataset}`",
            dataset=dataset.path,
        ),
    )


def _scan(files: list[Path], *, is_reject: bool) -> pl.LazyFrame:
    if files:
        # A path is no pattern: `[` stands in the names of many corpora.
        return pl.concat([pl.scan_parquet(file, glob=False) for file in files])
    return _empty(is_reject=is_reject).lazy()


def _empty(*, is_reject: bool) -> pl.DataFrame:
    empty = pl.from_arrow(row.arrow_schema(is_reject=is_reject).empty_table())
    assert isinstance(empty, pl.DataFrame)
    return empty
