"""Made-up rows for `benchmarks.scale`, a hundred million in minutes: JSON lines with `text` and `label`.

A row follows from its number alone (a counter-based generator, as in Salmon et al. 2011), so any thread makes
any row, and a copy of a row from far away costs no more than one of the row before.

    python -m benchmarks.scale_rows ROWS FILE
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.runtime.engine.local import ordered_map

_WORDS, _SYLLABLES = 50_000, 900
_FEWEST, _MOST = 4, 14  # words of a row
_DUPLICATES, _NEAR = 0.02, 0.01
IMPORTS: dict[str, tuple[str, ...]] = {}
_LABELS = ("기쁨", "슬픔", "분노")
_AT_A_TIME = 50_000
# Random numbers of a row: one for each word, and two more.
_DRAWS, _OF_KIND, _OF_SIZE = 16, 14, 15
_SLOTS = 1 << 20


def make(target: str, count: int, threads: int | None = None) -> None:
    """Writes the first `count` rows; they are the same for any number of threads.

    Words have the frequencies of a language; 2 % of the rows repeat a row before, 1 % repeat one and add a
    word. The row is drawn from all that stand before, so mostly from far away.
    """
    starts = range(0, count, _AT_A_TIME)
    blocks = [np.arange(start, min(start + _AT_A_TIME, count), dtype=np.uint64) for start in starts]
    _vocabulary()  # once, not on each thread
    with Path(target).open("wb") as stream:
        for lines in ordered_map(_lines, blocks, threads or os.cpu_count() or 1):
            stream.write(lines)


def _lines(numbers: np.ndarray) -> memoryview:
    chosen = (_draw(numbers, _OF_SIZE) >> np.uint64(32)) % np.uint64(len(_LABELS))
    labels = pa.array(_LABELS).take(pa.array(chosen))
    lines = pc.binary_join_element_wise('{"text": "', texts(numbers), '", "label": "', labels, '"}\n', "")
    return memoryview(lines.buffers()[2])


def texts(numbers: np.ndarray) -> Any:
    """Returns the sentences of rows as an Arrow array of strings.

    Args:
        numbers: of the rows, uint64.
    """
    copied, is_near = originals(numbers)
    sizes = _sizes(copied) + is_near
    ends = np.cumsum(sizes)
    starts = ends - sizes
    places = np.arange(ends[-1]) - np.repeat(starts, sizes)
    draws = _draw(np.repeat(copied, sizes), places.astype(np.uint64))
    draws[ends[is_near] - 1] = _draw(numbers[is_near], 0)
    words, slots = _vocabulary()
    chosen = words.take(pa.array(slots[draws >> np.uint64(44)]))
    offsets = pa.array(np.concatenate([[0], ends]).astype(np.int32))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, chosen), " ")


def originals(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each row the one whose words it has, often itself, and whether it adds a word."""
    is_near = _kinds(numbers) >= _DUPLICATES
    copied = numbers.copy()
    while (is_copy := (_kinds(copied) < _DUPLICATES + _NEAR) & (copied > 0)).any():
        copies = copied[is_copy]
        copied[is_copy] = _hash(_draw(copies, _OF_KIND)) % copies
    return copied, (copied != numbers) & is_near


def _kinds(numbers: np.ndarray) -> np.ndarray:
    return (_draw(numbers, _OF_KIND) >> np.uint64(11)) * 2.0**-53


def _sizes(numbers: np.ndarray) -> np.ndarray:
    draws = _draw(numbers, _OF_SIZE) & np.uint64(0xFFFF_FFFF)
    return (_FEWEST + draws % np.uint64(_MOST - _FEWEST + 1)).astype(np.int64)


def _draw(numbers: np.ndarray, places: np.ndarray | int) -> np.ndarray:
    """Returns the random number of each row that has this place among those of the row."""
    return _hash(numbers * np.uint64(_DRAWS) + np.asarray(places, dtype=np.uint64))


def _hash(values: np.ndarray) -> np.ndarray:
    """SplitMix64 (Steele, Lea, Flood 2014): 64 random bits for each counter."""
    values = (values + np.uint64(1)) * np.uint64(0x9E37_79B9_7F4A_7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return values ^ (values >> np.uint64(31))


@cache
def _vocabulary() -> tuple[Any, np.ndarray]:
    """Returns words of two to four syllables, and for each of `_SLOTS` equally likely draws its word.

    The n-th word is about 1/n as frequent as the first, as Zipf has it.
    """
    rng = np.random.default_rng(7)
    syllables = [chr(0xAC00 + int(code)) for code in rng.choice(11_172, _SYLLABLES, replace=False)]
    words = [
        "".join(syllables[int(each)] for each in rng.random(int(size)) ** 2 * _SYLLABLES)
        for size in rng.integers(2, 5, _WORDS)
    ]
    slots = _WORDS ** ((np.arange(_SLOTS) + 0.5) / _SLOTS)
    return pa.array(words), slots.astype(np.int32) - 1


if __name__ == "__main__":
    make(sys.argv[2], int(sys.argv[1]))
