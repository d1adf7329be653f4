"""Groups raw files into units that can be read independently: one file, or files that need each other.

A unit knows all that decides its rows but for the settings and the code: what its files are called, what was
recognised in them, and the sha256 of their bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from etl.ingestion.sources.bad_rows import BadRows
from etl.ingestion.sources.detect import ADAPTERS
from etl.ingestion.sources.raw import DAMAGE_ERRORS, InputLog, damaged_file
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.table import BATCH_ROWS
from etl.settings import Settings

# The sha256 of the bytes of a raw file, by its `file` and `member`.
Hashes = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class InputUnit:
    """Raw files of one corpus that are read together."""

    slug: str
    files: tuple[RecognisedFile, ...]

    def read(self, settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:
        """Reads the rows in batches, at most `read.limit` of them.

        Raises:
            InputError: a file is damaged, or every row of the unit is a bad one.
        """
        left = settings.read.limit
        bad_rows = BadRows()
        for frame in ADAPTERS[self.slug].read(list(self.files), settings, log):
            batch = _with_named_splits(frame if left is None else frame.head(left), self.files)
            bad_rows.count(batch)
            yield from batch.iter_slices(BATCH_ROWS)
            if left is not None:
                left -= batch.height
                if left <= 0:
                    break
        bad_rows.judge(self.slug, log)

    def with_hashes(self, content: list[dict[str, Any]]) -> InputUnit:
        """Returns the unit with the hashes that `content` gave, which reading it then does not compute."""
        hashes = {(entry["file"], entry["member"]): entry["sha256"] for entry in content}
        files = [
            replace(file, raw=replace(file.raw, sha256=hashes[file.raw.file, file.raw.member]))
            for file in self.files
        ]
        return replace(self, files=tuple(files))

    def content(self, known: Hashes) -> list[dict[str, Any]]:
        """Returns what determines the rows: names, formats and hashes of the files.

        Args:
            known: hashes that need not be computed again.

        Raises:
            InputError: a file is damaged.
        """
        return [
            {
                "slug": file.slug,
                "layout": file.layout,
                "release": file.release,
                "split": file.official_split,
                "header_index": file.header_index,
                "file": file.raw.file,
                "member": file.raw.member,
                "sha256": known.get((file.raw.file, file.raw.member)) or _sha256(file),
            }
            for file in self.files
        ]


def group_into_units(found: dict[str, list[RecognisedFile]], settings: Settings) -> Iterator[InputUnit]:
    """Groups the recognised files into units, in the order in which they are read.

    By default each file is one unit. An adapter whose files depend on each other, or need another order,
    has a function `group_files`: its files -> lists of files. With a row limit, which counts per corpus,
    all files of a corpus are one unit.
    """
    for slug, files in found.items():
        group = getattr(ADAPTERS[slug], "group_files", _one_by_one)
        parts: list[list[RecognisedFile]] = group(files)
        if settings.read.limit is not None:
            parts = [[file for part in parts for file in part]]
        for part in parts:
            yield InputUnit(slug, tuple(part))


def read_units(
    found: dict[str, list[RecognisedFile]], settings: Settings, log: InputLog
) -> Iterator[pl.DataFrame]:
    """The rows of all units in batches, at most `read.limit` of each corpus."""
    for unit in group_into_units(found, settings):
        yield from unit.read(settings, log)


def _with_named_splits(frame: pl.DataFrame, files: Iterable[RecognisedFile]) -> pl.DataFrame:
    """Fills the official split where an adapter reads rows of several files at once."""
    named = [(file.raw.file, file.raw.member, file.raw.split) for file in files if file.raw.split]
    if not named or not frame["split"].has_nulls():
        return frame
    schema = dict.fromkeys(("file", "member", "named"), pl.String)
    splits = pl.DataFrame(named, schema=schema, orient="row").unique(["file", "member"], keep="first")
    frame = frame.join(splits, on=["file", "member"], how="left", maintain_order="left")
    return frame.with_columns(pl.coalesce("split", "named").alias("split")).drop("named")


def _one_by_one(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    return [[file] for file in files]


def _sha256(file: RecognisedFile) -> str:
    try:
        return file.raw.hash_bytes()
    except DAMAGE_ERRORS as error:
        raise damaged_file(file.raw.name, error) from error
