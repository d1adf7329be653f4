"""The entries of new texts: made, dealt out by trigram, sorted, and joined with those of old texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from etl.similarity.index.columns import Columns, write_columns
from etl.similarity.index.state import Entries, File, Place, Texts
from etl.similarity.index.texts import Utf8, gather

SAMPLE = 200_000  # texts whose trigrams are counted: ten times as many cost more than they save
ENTRY_BYTES = 20
COLUMNS = ("order", "texts", "bitmaps")
_LEAST_BYTES = 1 << 16


class Dealt(NamedTuple):
    """A file of entries, dealt out by the first bits of `order`, and how many they are."""

    file: File
    n_entries: int


@dataclass(frozen=True)
class Joined:
    """The sorted entries of one range of `order`, and the candidates that they have led to.

    Args:
        entries: None if there are none, or they will not be needed.
        candidates: files with a column `pairs`: `first << 32 | second`, numbers of texts, ascending.
        count: how many candidates these hold.
    """

    entries: Entries | None
    candidates: list[File]
    count: int


def count_frequencies(place: Place, known: Sequence[Texts]) -> File:
    """Writes the classes of frequency of `kernels.make_entries`, from the first texts."""
    from etl.similarity.index import kernels

    counts = np.zeros(1 << kernels.CLASSES_BITS, np.uint32)
    left = SAMPLE
    for texts in known:
        for utf8, _, _ in _slices(place, texts.file.open(place.folder), min(left, texts.count)):
            kernels.count_classes(*utf8, counts)
        left -= min(left, texts.count)
    classes, met = np.zeros(len(counts), np.uint8), np.flatnonzero(counts)
    classes[met] = np.minimum(7, np.ceil(np.log2(1 + counts[met]) / 2))
    name = f"classes-{place.generation}"
    return File(name, write_columns(place.folder / name, {"classes": classes}))


def enter(
    place: Place, known: Sequence[Texts], classes: File, bits: int, numbered: tuple[int, Texts | File]
) -> list[Dealt]:
    """Makes the entries of new texts, or of known ones that are on further sides.

    Args:
        place: where files are written.
        known: all texts.
        classes: what `count_frequencies` has written.
        bits: the entries are dealt out into `1 << bits` ranges of `order`.
        numbered: a number for the names of files; the new texts, or a file of `Contents.sides`.
    """
    number, added = numbered
    table = classes.open(place.folder).read("classes")
    dealt: list[Dealt] = []
    for part, (utf8, groups, numbers) in enumerate(_texts_of(place, known, added)):
        dealt.append(
            _deal(place, utf8, groups, numbers, table, bits, f"dealt-{place.generation}-{number}-{part}")
        )
    return dealt


def _texts_of(
    place: Place, known: Sequence[Texts], added: Texts | File
) -> Iterator[tuple[Utf8, np.ndarray, np.ndarray]]:
    """Yields texts, the bits of their groups, and their numbers."""
    if isinstance(added, Texts):
        for utf8, groups, begin in _slices(place, added.file.open(place.folder), added.count):
            start = added.first + begin
            yield utf8, groups, np.arange(start, start + len(groups), dtype=np.uint32)
        return
    columns = added.open(place.folder)
    numbers, groups = columns.read("numbers"), columns.read("side")
    in_order = np.argsort(numbers)
    at_a_time = max(1, place.memory // 2000)
    for begin in range(0, len(numbers), at_a_time):
        chosen = in_order[begin : begin + at_a_time]
        texts = gather(place, known, numbers[chosen]).texts
        yield texts, groups[chosen], numbers[chosen].astype(np.uint32)


def _slices(place: Place, columns: Columns, count: int) -> Iterator[tuple[Utf8, np.ndarray, int]]:
    """Yields the first texts of a file, some at a time, with their sides and the place of the first."""
    offsets = columns.read("offsets", 0, count + 1)
    most = max(_LEAST_BYTES, place.memory // 16)  # a byte of text is at most some 6 bytes of entries
    begin = 0
    while begin < count:
        end = int(np.searchsorted(offsets, offsets[begin] + most, "right")) - 1
        end = min(max(end, begin + 1), count)
        content = columns.read("utf8", int(offsets[begin]), int(offsets[end]))
        utf8 = Utf8(content, offsets[begin : end + 1] - offsets[begin])
        yield utf8, columns.read("side", begin, end), begin
        begin = end


def _deal(
    place: Place,
    utf8: Utf8,
    groups: np.ndarray,
    numbers: np.ndarray,
    classes: np.ndarray,
    bits: int,
    name: str,
) -> Dealt:
    from etl.similarity.index import kernels

    room = kernels.count_entries(*utf8, groups, place.threshold)
    empty = (np.empty(room, np.uint64), np.empty(room, np.uint32), np.empty(room, np.uint64))
    count = kernels.make_entries(*utf8, groups, numbers, place.threshold, classes, *empty)
    entries = tuple(values[:count] for values in empty)
    bounds = np.empty((1 << bits) + 1, np.int64)
    dealt = tuple(np.empty_like(values) for values in entries)
    kernels.deal(*entries, bits, bounds, *dealt)
    columns = dict(zip(COLUMNS, dealt, strict=True))
    checksum = write_columns(place.folder / name, columns | {"bounds": bounds})
    return Dealt(File(name, checksum), count)


def sort_and_join(
    place: Place,
    dealt: Sequence[File],
    runs: Sequence[Sequence[Entries]],
    absorbed: Sequence[Sequence[Entries]],
    bits: int,
    number: int,
) -> Joined:
    """Sorts the new entries of one range of `order`, and finds candidates among them and the old ones.

    Args:
        place: where files are written.
        dealt: what `enter` has written, for all new texts.
        runs: the old entries, see `state.Contents`.
        absorbed: those of them that become one run with the new ones.
        bits, number: the range: one of `1 << bits`.
    """
    entries = _sorted([_read_dealt(place, dealt, number)])
    candidates: list[File] = []
    count = 0
    if len(entries[0]):
        for found in _candidates(place, entries, [piece for run in runs for piece in run]):
            name = f"candidates-{place.generation}-{number}-{len(candidates)}"
            candidates.append(File(name, write_columns(place.folder / name, {"pairs": found})))
            count += len(found)
    if not place.is_kept:
        return Joined(None, candidates, count)
    old = [_read_old(place, piece, bits, number) for run in absorbed for piece in run]
    if old:
        entries = _sorted([entries, *old])
    if not len(entries[0]):
        return Joined(None, candidates, count)
    name = f"entries-{place.generation}-{number}"
    checksum = write_columns(place.folder / name, dict(zip(COLUMNS, entries, strict=True)))
    least, most = int(entries[0][0]), int(entries[0][-1])
    return Joined(Entries(File(name, checksum), len(entries[0]), least, most), candidates, count)


def _sorted(parts: Sequence[Sequence[np.ndarray]]) -> tuple[np.ndarray, ...]:
    order, texts, bitmaps = (np.concatenate(values) for values in zip(*parts, strict=True))
    by_order = np.argsort(order)
    return order[by_order], texts[by_order], bitmaps[by_order]


def _read_old(place: Place, piece: Entries, bits: int, number: int) -> tuple[np.ndarray, ...]:
    """Returns the old entries of one file that are in a range."""
    begin, end = number << (64 - bits), ((number + 1) << (64 - bits)) - 1
    if piece.most < begin or piece.least > end:
        return tuple(np.empty(0, dtype) for dtype in (np.uint64, np.uint32, np.uint64))
    columns = piece.file.open(place.folder)
    order = columns.read("order")
    bounds = np.searchsorted(order, np.uint64(begin)), np.searchsorted(order, np.uint64(end), "right")
    return tuple(columns.read(name, int(bounds[0]), int(bounds[1])) for name in COLUMNS)


def _read_dealt(place: Place, dealt: Sequence[File], number: int) -> tuple[np.ndarray, ...]:
    parts = []
    for each in dealt:
        columns = each.open(place.folder)
        begin, end = columns.read("bounds", number, number + 2).tolist()
        parts.append([columns.read(name, begin, end) for name in COLUMNS])
    return tuple(np.concatenate(values) for values in zip(*parts, strict=True))


def _candidates(
    place: Place, entries: tuple[np.ndarray, ...], pieces: Sequence[Entries]
) -> Iterator[np.ndarray]:
    """Yields distinct candidates, ascending, as many at a time as fit into memory."""
    most = max(1 << 13, place.memory // 64)
    found: list[np.ndarray] = []
    for pairs in _joins(place, entries, pieces):
        found.append(pairs)
        if sum(map(len, found)) > most:
            # One pair shares many trigrams, so few of these are different ones.
            found = [np.unique(np.concatenate(found))]
            if len(found[0]) > most // 2:
                yield found.pop()
    if found:
        yield np.unique(np.concatenate(found))


def _joins(place: Place, entries: tuple[np.ndarray, ...], pieces: Sequence[Entries]) -> Iterator[np.ndarray]:
    from etl.similarity.index import join, kernels

    forward = to_matrix(place.compare)
    limits = join.size_limits(place.threshold)
    room = max(1 << 10, min(1 << 18, place.memory // 64))
    yield from _join(entries, entries, True, forward, limits, room)
    order = entries[0]
    shift = np.uint64(kernels.TOKEN_SHIFT)
    for piece in pieces:
        # Whole trigrams, whose entries may begin before and end after those of the piece.
        bounds = [int(np.uint64(at) >> shift) << kernels.TOKEN_SHIFT for at in (piece.least, piece.most)]
        begin = np.searchsorted(order, np.uint64(bounds[0]))
        end = np.searchsorted(order, np.uint64(bounds[1] | ((1 << kernels.TOKEN_SHIFT) - 1)), "right")
        if begin < end:
            columns = piece.file.open(place.folder)
            ours = tuple(values[begin:end] for values in entries)
            theirs = tuple(columns.read(name) for name in COLUMNS)
            yield from _join(ours, theirs, False, forward, limits, room)


def _join(
    ours: tuple[np.ndarray, ...],
    theirs: tuple[np.ndarray, ...],
    is_same: bool,
    forward: np.ndarray,
    limits: tuple[np.ndarray, ...],
    room: int,
) -> Iterator[np.ndarray]:
    from etl.similarity.index import join

    state, pairs = np.zeros(4, np.int64), np.empty(room, np.uint64)
    while not state[3]:
        found = join.join(*ours, *theirs, is_same, forward, limits, state, pairs)
        if found < 0:
            pairs = np.empty(-found, np.uint64)
        elif found:
            yield np.unique(pairs[:found])


def to_matrix(compare: Sequence[tuple[int, int]]) -> np.ndarray:
    """Returns `kernels.join`'s argument `forward`."""
    n_groups = 1 + max(max(pair) for pair in compare)
    forward = np.zeros((n_groups, n_groups), np.bool_)
    for group, other in compare:
        forward[group, other] = True
    return forward
