"""Writes all shards of a dataset in tasks that do not need each other: on threads, or on a cluster.

Each batch is read once. A stretch of batches writes the shards of the largest series, usually train; it puts
the rows of the others, whose shards span many more batches, aside in a file for each series. These shards are
written from there. Memory holds a batch and a row group for each task, whatever the size of a shard.

What a task wrote is recorded in the work folder once it is complete. A later run with the same work folder
keeps it, if the files still have their content.
"""

from __future__ import annotations

import contextlib
import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import polars as pl
import pyarrow as pa

from etl.dataset.manifest import FileEntry, describe_file
from etl.dataset.shard_file import partial_path, write_file
from etl.dataset.shard_plan import REJECTS, Shard, Stretch, plan_shards, plan_stretches
from etl.dataset.shards import to_table
from etl.errors import EtlError
from etl.language.message import tr
from etl.runtime.engine.protocol import MapFn
from etl.runtime.files import write_atomic, xxh3_bytes
from etl.runtime.json_text import decode_json
from etl.runtime.scratch import remove_leftovers_below
from etl.schema import row
from etl.settings import Write

# The number of a batch -> its rows by series, as `etl.dataset.shards.divide` gives them.
ReadParts = Callable[[int], Mapping[str, pl.DataFrame]]


@dataclass(frozen=True)
class _Target:
    """Where and how all tasks write."""

    folder: Path
    work: Path
    row_group_rows: int


class _Written(msgspec.Struct, frozen=True):
    """What a task wrote: files of the dataset, and the XXH3 of files in the work folder, by name."""

    task: str
    files: dict[str, FileEntry]
    aside: dict[str, str] = {}


class _Slice(msgspec.Struct, frozen=True):
    """Rows of a file that a stretch put aside; `xxh3` is that of the file."""

    name: str
    start: int
    stop: int
    xxh3: str = ""


def write_shards(
    folder: Path,
    work: Path,
    counts: Sequence[Mapping[str, int]],
    read_parts: ReadParts,
    layout: Write,
    map_fn: MapFn = map,
) -> dict[str, FileEntry]:
    """Writes the shards of all splits, and the rejects; the bytes depend on the rows and the layout only.

    Args:
        folder: the dataset's folder.
        work: a folder for what is put aside and recorded, on the same storage for all tasks. What is in it
            is kept if the same rows are written again; another code or other rows need another folder.
        counts: for each batch, in order, its rows by series: the splits, and `REJECTS`.
        read_parts: reads a batch; called from tasks, mostly once for each batch. Picklable, if `map_fn` needs
            that.
        layout: rows in a shard and in a row group.
        map_fn: runs the tasks, and decides how many at a time.

    Returns:
        The files that were written, by their names in the folder, in order.

    Raises:
        EtlError: a batch has other rows than `counts` says, or a file of the work folder is damaged.
        OSError: something cannot be written.
    """
    work.mkdir(parents=True, exist_ok=True)
    places = (folder / "data", folder / REJECTS)
    for place in places:
        place.mkdir(exist_ok=True)
    for place in (*places, work):
        remove_leftovers_below(place)
    target = _Target(folder, work, layout.row_group_rows)
    shards = plan_shards(counts, layout.shard_rows)
    stretches = plan_stretches(shards, counts) if shards else []
    files: dict[str, FileEntry] = {}
    aside: dict[str, str] = {}
    for written in map_fn(partial(_write_stretch, target, read_parts), stretches):
        files |= written.files
        aside |= written.aside
    others = [
        (shard.name, tuple(msgspec.structs.replace(each, xxh3=aside[each.name]) for each in slices))
        for shard, slices in _find_aside(shards, stretches)
    ]
    for written in map_fn(partial(_write_other, target), others):
        files |= written.files
    # A task that was killed, and done again by another process, left the file that it was at.
    for place in places:
        remove_leftovers_below(place)
    return dict(sorted(files.items()))


def _write_stretch(target: _Target, read_parts: ReadParts, stretch: Stretch) -> _Written:
    """Writes the shards of a stretch, and puts the rows of other series aside."""
    name, task = f"stretch-{stretch.start:08d}", _identify(target, stretch)
    if (kept := _read_record(target, name, task)) is not None:
        return kept
    with contextlib.ExitStack() as stack:
        batches = _Batches(target, read_parts, stretch, stack)
        files = {
            shard.name: write_file(
                target.folder / shard.name,
                (
                    batches.read(piece.batch).slice(piece.start, piece.stop - piece.start)
                    for piece in shard.pieces
                ),
                target.row_group_rows,
            )
            for shard in stretch.shards
        }
        aside = batches.finish()
    return _record(target, name, _Written(task, files, aside))


def _write_other(target: _Target, shard: tuple[str, tuple[_Slice, ...]]) -> _Written:
    """Writes a shard whose rows were put aside."""
    name, slices = shard
    record, task = name.replace("/", "-"), _identify(target, shard)
    if (kept := _read_record(target, record, task)) is not None:
        return kept
    rows = (_read_aside(target, each) for each in slices)
    entry = write_file(target.folder / name, rows, target.row_group_rows)
    return _record(target, record, _Written(task, {name: entry}))


class _Batches:
    """Reads the batches of a stretch forward, and puts aside what is not of the largest series."""

    def __init__(self, target: _Target, read_parts: ReadParts, stretch: Stretch, stack: contextlib.ExitStack):
        self._target = target
        self._read_parts = read_parts
        self._stretch = stretch
        self._stack = stack
        self._n_read = 0
        self._rows: pa.Table | None = None
        self._aside: dict[str, _AsideFile] = {}

    def read(self, batch: int) -> pa.Table:
        """Returns the rows of the largest series in a batch, not before the one that was read last."""
        while self._stretch.start + self._n_read <= batch:
            self._read_next()
        assert self._rows is not None
        return self._rows

    def finish(self) -> dict[str, str]:
        """Reads what is left, and returns the files that were put aside, with their XXH3."""
        while self._n_read < len(self._stretch.counts):
            self._read_next()
        return {file.path.name: file.finish() for file in self._aside.values()}

    def _read_next(self) -> None:
        batch = self._stretch.start + self._n_read
        parts = {series: part for series, part in self._read_parts(batch).items() if part.height}
        _check_rows(batch, parts, self._stretch.counts[self._n_read])
        is_own = self._n_read < self._stretch.n_own
        self._n_read += 1
        for series, part in parts.items():
            if series == self._stretch.series:
                self._rows = to_table(part, row.columns(is_reject=series == REJECTS))
            elif is_own:
                if series not in self._aside:
                    path = self._target.work / _aside_name(self._stretch.start, series)
                    self._aside[series] = self._stack.enter_context(contextlib.closing(_AsideFile(path)))
                self._aside[series].append(part.select(row.columns(is_reject=series == REJECTS)))


class _AsideFile:
    """An Arrow file of rows, which has its name once it is finished."""

    def __init__(self, path: Path):
        self.path = path
        self._temporary = partial_path(path)
        self._sink = pa.OSFile(str(self._temporary), "wb")
        self._writer: pa.RecordBatchFileWriter | None = None

    def append(self, rows: pl.DataFrame) -> None:
        # Views would write the texts of the whole batch, of which these rows are a few.
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writer = pa.ipc.new_file(self._sink, table.schema, options=options)
        self._writer.write_table(table)

    def finish(self) -> str:
        """Gives the file its name; returns its XXH3."""
        assert self._writer is not None
        self._writer.close()
        self._sink.close()
        xxh3 = xxh3_bytes(_map(self._temporary))
        self._temporary.replace(self.path)
        return xxh3

    def close(self) -> None:
        """Removes the file, unless it is finished."""
        with contextlib.suppress(OSError):
            self._sink.close()
        self._temporary.unlink(missing_ok=True)


def _read_aside(target: _Target, wanted: _Slice) -> pa.Table:
    path = target.work / wanted.name
    content = _map(path)
    if xxh3_bytes(content) != wanted.xxh3:
        raise EtlError(
            tr("{path} is damaged", path=path),
            details=[tr("its content is not what was written")],
            cause=tr("The disk lost it, or another program wrote it."),
            next_step=tr("run the command again."),
        )
    return pa.ipc.open_file(content).read_all().slice(wanted.start, wanted.stop - wanted.start)


def _map(path: Path) -> pa.Buffer:
    """Returns the content of a file, which the system reads when it is looked at."""
    with pa.memory_map(str(path)) as stream:
        return stream.read_buffer()


def _find_aside(
    shards: Sequence[Shard], stretches: Sequence[Stretch]
) -> Iterator[tuple[Shard, tuple[_Slice, ...]]]:
    """Yields the shards of all series but the largest, and where their rows are put aside."""
    starts = [stretch.start for stretch in stretches]
    passed: Counter[str] = Counter()
    for shard in shards:
        if shard.series == stretches[0].series:
            continue
        rows: Counter[str] = Counter()
        for piece in shard.pieces:
            start = starts[bisect_right(starts, piece.batch) - 1]
            rows[_aside_name(start, shard.series)] += piece.stop - piece.start
        yield shard, tuple(_Slice(name, passed[name], passed[name] + count) for name, count in rows.items())
        passed.update(rows)


def _check_rows(batch: int, parts: Mapping[str, pl.DataFrame], planned: Mapping[str, int]) -> None:
    found = {series: part.height for series, part in parts.items()}
    expected = {series: count for series, count in planned.items() if count}
    if found != expected:
        raise EtlError(
            tr("the rows of batch {batch} changed while the dataset was written", batch=batch),
            details=[tr("expected {expected}", expected=expected), tr("got {found}", found=found)],
            cause=tr("Another run writes in the same folder, or a file there is damaged."),
            next_step=tr("run the command again when no other runs."),
        )


def _aside_name(start: int, series: str) -> str:
    return f"aside-{start:08d}-{series}.arrow"


def _identify(target: _Target, task: object) -> str:
    """Returns a hash of all that decides what a task writes, but for the rows."""
    return hashlib.sha256(repr((target.row_group_rows, pa.__version__, task)).encode()).hexdigest()


def _record(target: _Target, name: str, written: _Written) -> _Written:
    write_atomic(target.work / f"{name}.json", msgspec.json.encode(written))
    return written


def _read_record(target: _Target, name: str, task: str) -> _Written | None:
    """Returns what an earlier run of the task wrote, or None if it is not whole."""
    try:
        written = decode_json((target.work / f"{name}.json").read_bytes(), _Written)
        is_whole = (
            written.task == task
            and all(
                describe_file(target.folder / file, entry.rows) == entry
                for file, entry in written.files.items()
            )
            and all(xxh3_bytes(_map(target.work / file)) == xxh3 for file, xxh3 in written.aside.items())
        )
    except (OSError, msgspec.DecodeError):
        return None
    return written if is_whole else None
