"""The texts of an index: which ones are new, where they are stored, and how single ones are read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from etl.similarity.index.columns import Columns, write_columns
from etl.similarity.index.state import File, Place, Texts

_KEY = ["key_high", "key_low"]


class Utf8(NamedTuple):
    """Texts one after another, `uint8`, and where each begins and the last one ends, `int64`."""

    bytes: np.ndarray
    offsets: np.ndarray


class Stored(NamedTuple):
    """What `store` has written.

    Attributes:
        texts: the new texts, numbered from 0; None if there are none.
        sides: known texts on further sides; None if there are none.
    """

    texts: Texts | None
    sides: File | None


def to_utf8(texts: pl.Series) -> Utf8:
    """Returns strings, none of which is null, as Arrow has them."""
    if not len(texts):
        return Utf8(np.empty(0, np.uint8), np.zeros(1, np.int64))
    array = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, content = array.buffers()
    places = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return Utf8(np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8), places)


def store(
    place: Place,
    known: Sequence[Texts],
    sides: Sequence[File],
    read: Callable[[Any], pl.DataFrame],
    numbered: tuple[int, Any],
) -> Stored:
    """Stores the texts of a part that are not known.

    Args:
        place: where they are stored.
        known: the texts of the index, and the files of texts that are on further sides.
        sides: see `state.Contents`.
        read: see `near_index.NearIndex.add`.
        numbered: the number of the part, for the names of files, and the part.
    """
    number, part = numbered
    frame = _unique(read(part))
    if not frame.height:
        return Stored(None, None)
    high, low = (frame[name].to_numpy() for name in _KEY)
    side = frame["side"].to_numpy()
    numbers, seen = _look_up(place, known, sides, high, low)
    is_new = numbers < 0
    further = (side & ~seen).astype(np.uint16)
    is_further = ~is_new & (further > 0)
    name = f"{place.generation}-{number}"
    added = None
    if is_further.any():
        columns = {"high": high, "low": low, "side": further, "numbers": numbers}
        added = File(
            f"sides-{name}",
            write_columns(
                place.folder / f"sides-{name}", {key: values[is_further] for key, values in columns.items()}
            ),
        )
    if not is_new.any():
        return Stored(None, added)
    texts = frame["text"] if is_new.all() else frame["text"].filter(pl.Series(is_new))
    content, offsets = to_utf8(texts)
    columns = {"high": high[is_new], "low": low[is_new], "side": side[is_new]}
    columns |= {"offsets": offsets - offsets[0], "utf8": content[offsets[0] : offsets[-1]]}
    file = File(f"texts-{name}", write_columns(place.folder / f"texts-{name}", columns))
    high = columns["high"]
    new = Texts(file, 0, len(high), len(columns["utf8"]), int(high[0]), int(high[-1]))
    return Stored(new, added)


def _unique(frame: pl.DataFrame) -> pl.DataFrame:
    """Returns each text once, with all of its sides, sorted by key."""
    frame = frame.select(*_KEY, pl.col("side").cast(pl.UInt16), "text")
    frame = frame.filter(pl.col("side") > 0).sort(_KEY)
    if not frame.select(pl.struct(_KEY).is_duplicated().any()).item():
        return frame
    return frame.group_by(_KEY, maintain_order=True).agg(pl.col("side").bitwise_or(), pl.col("text").first())


def _look_up(
    place: Place, known: Sequence[Texts], sides: Sequence[File], high: np.ndarray, low: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each key the number of its text, or -1, and the sides on which it was seen."""
    numbers, seen = np.full(len(high), -1, np.int64), np.zeros(len(high), np.uint16)
    for texts in known:
        if high[0] <= texts.most and texts.least <= high[-1]:
            columns = texts.file.open(place.folder)
            ours, theirs = _matches(columns, high, low)
            numbers[ours] = texts.first + theirs
            seen[ours] |= columns.read("side")[theirs]
    for file in sides:
        columns = file.open(place.folder)
        ours, theirs = _matches(columns, high, low)
        seen[ours] |= columns.read("side")[theirs]
    return numbers, seen


def _matches(columns: Columns, high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns which of the keys are in a file, and where they stand there."""
    from etl.similarity.index import kernels

    places = np.empty(len(high), np.int64)
    kernels.find_keys(high, low, columns.read("high"), columns.read("low"), places)
    ours = np.flatnonzero(places >= 0)
    return ours, places[ours]


class Gathered(NamedTuple):
    """Single texts.

    Attributes:
        texts: their content.
        high, low: their keys.
    """

    texts: Utf8
    high: np.ndarray
    low: np.ndarray


def gather(place: Place, known: Sequence[Texts], numbers: np.ndarray) -> Gathered:
    """Reads single texts.

    Args:
        place: where they are stored.
        known: the texts of the index.
        numbers: the numbers of the texts, ascending, `int64`.
    """
    from etl.similarity.index import kernels

    bounds = np.searchsorted(numbers, [texts.first for texts in known] + [2**63 - 1]).tolist()
    met = [each for each in zip(known, bounds, bounds[1:], strict=False) if each[1] < each[2]]
    high, low = np.empty(len(numbers), np.uint64), np.empty(len(numbers), np.uint64)
    starts, lengths = np.empty(len(numbers), np.int64), np.zeros(len(numbers) + 1, np.int64)
    # File by file, and twice: what is mapped counts as memory of the process, and all files may be mapped.
    for texts, begin, end in met:
        columns, places = texts.file.open(place.folder), numbers[begin:end] - texts.first
        for name, values in (("high", high), ("low", low), ("offsets", starts)):
            values[begin:end] = columns.pick(name, places)
        ends = columns.pick("offsets", places + 1)
        columns.verify("utf8", starts[begin:end], ends)
        lengths[begin + 1 : end + 1] = ends - starts[begin:end]
    offsets = lengths.cumsum()
    content = np.empty(offsets[-1], np.uint8)
    for texts, begin, end in met:
        utf8 = texts.file.open(place.folder).mapped("utf8")
        kernels.copy_texts(utf8, starts[begin:end], offsets[begin : end + 1], content)
    return Gathered(Utf8(content, offsets), high, low)
