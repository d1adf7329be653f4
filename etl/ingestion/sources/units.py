"""Groups raw files into units that can be read independently: one file, or files that need each other.

A unit knows all that decides its rows but for the settings and the code: what its files are called, what was
recognised in them, and the sha256 of their bytes.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from xxhash import xxh3_64_intdigest

from etl.ingestion.sources.bad_rows import BadRows
from etl.ingestion.sources.detect import ADAPTERS
from etl.ingestion.sources.raw import DAMAGE_ERRORS, InputLog, damaged_file
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.table import BATCH_BYTES, BATCH_ROWS
from etl.settings import Settings

# Of many files those that are small are read together, about so many at a time; and so many rows of frames.
_MANY_FILES, _SMALL_BYTES, _GROUP_FILES, _JOINED_ROWS = 200, 64 << 10, 64, 2000
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
        for frame in _joined(ADAPTERS[self.slug].read(list(self.files), settings, log)):
            batch = _with_named_splits(frame if left is None else frame.head(left), self.files)
            bad_rows.count(batch)
            yield from _bounded(batch)
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

    By default each file is one unit, but of many small ones neighbours are one. An adapter whose files
    depend on each other, or need another order, has a function `group_files`: its files -> lists of files.
    With a row limit, which counts per corpus, all files of a corpus are one unit.
    """
    for slug, files in found.items():
        group = getattr(ADAPTERS[slug], "group_files", _group_small)
        parts: list[list[RecognisedFile]] = group(files)
        if settings.read.limit is not None:
            parts = [[file for part in parts for file in part]]
        for part in parts:
            yield InputUnit(slug, tuple(part))


def read_unit(unit: InputUnit, settings: Settings) -> Generator[pl.DataFrame, None, InputLog]:
    """Reads a unit, on any machine that sees its files; returns what became of these.

    Raises:
        InputError: see `InputUnit.read`; or this machine does not see a file.
    """
    for file in unit.files:
        file.raw.check_on_disk()
    log = InputLog(skip_bad_files=settings.read.on_bad_file == "skip")
    yield from unit.read(settings, log)
    return log


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


def _group_small(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    """Groups small files that follow each other, so that thousands of them are some hundred batches.

    Whether a group ends after a file depends on its path alone: where one is added or removed, all groups but
    its own stay what they were, and with them what is cached.
    """
    if len(files) < _MANY_FILES:
        return [[file] for file in files]
    groups: list[list[RecognisedFile]] = []
    is_open = False
    for file in files:
        is_small = file.raw.size < _SMALL_BYTES
        if is_open and is_small:
            groups[-1].append(file)
        else:
            groups.append([file])
        is_open = is_small and xxh3_64_intdigest(file.raw.path.encode()) % _GROUP_FILES > 0
    return groups


def _joined(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Joins small frames: the steps cost milliseconds for each, however few rows it has."""
    gathered: list[pl.DataFrame] = []
    n_rows = n_bytes = 0
    for frame in frames:
        gathered.append(frame)
        n_rows += frame.height
        n_bytes += int(_text_bytes(frame).sum())
        if n_rows >= _JOINED_ROWS or n_bytes >= BATCH_BYTES:
            yield pl.concat(gathered)
            gathered, n_rows, n_bytes = [], 0, 0
    if gathered:
        yield pl.concat(gathered)


def _bounded(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cuts a frame into batches, which the steps hold several times in memory, by rows and by bytes."""
    for batch in frame.iter_slices(BATCH_ROWS):
        ends = _text_bytes(batch).cum_sum()
        if not batch.height or ends[-1] <= BATCH_BYTES:
            yield batch
            continue
        start = 0
        for size in ((ends - 1) // BATCH_BYTES).rle().struct.field("len"):
            yield batch.slice(start, size)
            start += size


def _text_bytes(frame: pl.DataFrame) -> pl.Series:
    return frame["raw_text"].str.len_bytes().fill_null(0).cast(pl.Int64)


def _sha256(file: RecognisedFile) -> str:
    try:
        return file.raw.hash_bytes()
    except DAMAGE_ERRORS as error:
        raise damaged_file(file.raw.name, error) from error
