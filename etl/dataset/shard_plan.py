"""Plans which rows stand in which shard, from the number of rows of each batch alone.

So each shard can be written apart from the others, in any order and on any machine.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

REJECTS = "rejects"
_LONGEST_STRETCH = 20  # batches; what lies between two stretches is read by both
_STRETCHES = 8  # at least, if there are batches enough: for each worker several


class Piece(NamedTuple):
    """Rows of a batch in a shard.

    Args:
        batch: the number of the batch.
        start, stop: their range among the rows that the batch has of the shard's series.
    """

    batch: int
    start: int
    stop: int


@dataclass(frozen=True)
class Shard:
    """A shard, or a part of the rejects.

    Args:
        name: the path in the dataset's folder.
        series: a split or `REJECTS`.
        pieces: its rows, in order; at least one piece, none empty.
    """

    name: str
    series: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Stretch:
    """Consecutive shards of the largest series, and the batches that are read for them.

    Args:
        shards: of the largest series.
        start: the first batch.
        counts: the rows by series of each batch that is read, from `start` on.
        n_own: how many of these batches no other stretch begins with. The one that follows them, if there is
            one, is read for the last rows of the shards, and again by the next stretch.
    """

    shards: tuple[Shard, ...]
    start: int
    counts: tuple[Mapping[str, int], ...]
    n_own: int

    @property
    def series(self) -> str:
        """The largest series."""
        return self.shards[0].series


def plan_shards(counts: Sequence[Mapping[str, int]], shard_rows: int) -> list[Shard]:
    """Returns the shards of all series that have rows.

    Args:
        counts: for each batch, in order, its rows by series; a series without rows may be missing.
        shard_rows: rows of each shard but the last of a series.
    """
    return [shard for series in sorted(_total(counts)) for shard in _plan_series(series, counts, shard_rows)]


def plan_stretches(shards: Sequence[Shard], counts: Sequence[Mapping[str, int]]) -> list[Stretch]:
    """Divides the shards of the largest series into stretches of several batches.

    Args:
        shards: all of them, as `plan_shards` returns them; at least one.
        counts: as there.
    """
    rows = _total(counts)
    largest = max(rows, key=lambda series: (rows[series], series))
    longest = min(_LONGEST_STRETCH, max(1, len(counts) // _STRETCHES))
    groups: list[list[Shard]] = []
    for shard in shards:
        if shard.series == largest:
            if not groups or _first(shard) >= _first(groups[-1][0]) + longest:
                groups.append([])
            groups[-1].append(shard)
    starts = [0, *(_first(group[0]) for group in groups[1:]), len(counts)]
    return [
        Stretch(tuple(group), start, tuple(counts[start : max(stop, _last(group[-1]) + 1)]), stop - start)
        for group, (start, stop) in zip(groups, itertools.pairwise(starts), strict=True)
    ]


def shard_names(series: str, n_shards: int | None) -> Iterator[str]:
    """Yields the names of the files of a split or of the rejects.

    Args:
        series: a split or `REJECTS`.
        n_shards: how many there will be; None: not known, so the names do not tell.
    """
    of_all = "" if n_shards is None else f"-of-{n_shards:05d}"
    for number in itertools.count():
        if series == REJECTS:
            yield f"rejects/part-{number:05d}.parquet"
        else:
            yield f"data/{series}-{number:05d}{of_all}.parquet"


def _first(shard: Shard) -> int:
    return shard.pieces[0].batch


def _last(shard: Shard) -> int:
    return shard.pieces[-1].batch


def _total(counts: Sequence[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return +total


def _plan_series(series: str, counts: Sequence[Mapping[str, int]], shard_rows: int) -> Iterator[Shard]:
    names = shard_names(series, -(-sum(each.get(series, 0) for each in counts) // shard_rows))
    pieces: list[Piece] = []
    place = shard_rows
    for batch, each in enumerate(counts):
        start, end = 0, each.get(series, 0)
        while start < end:
            stop = min(end, start + place)
            pieces.append(Piece(batch, start, stop))
            place -= stop - start
            start = stop
            if not place:
                yield Shard(next(names), series, tuple(pieces))
                pieces, place = [], shard_rows
    if pieces:
        yield Shard(next(names), series, tuple(pieces))
