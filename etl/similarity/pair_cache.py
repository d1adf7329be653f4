"""Remembers which texts were nearly the same, so that a later run compares only texts that are new.

Whether two texts are near depends on nothing but the two. So what an earlier run has found about pairs of
texts that are still there, and are asked about in the same way, holds; new texts are compared with all. The
pairs are the same as those of a join of everything.

The folder belongs to one run at a time, and to one version of this code and of polars: whoever names it must
see to that. It can be removed at any time.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from etl.runtime.files import xxh3_bytes

MOST_PAIRS = 5_000_000  # 120 MB; with more of them all is joined again each time


class _File(msgspec.Struct, frozen=True):
    """Texts by 128 bits of hash and their kinds, and the pairs of them, each as Arrow IPC."""

    texts: bytes
    pairs: bytes
    xxh3: str


class Known(NamedTuple):
    """What is remembered.

    Attributes:
        texts: `high` and `low` hash, and `kind`.
        pairs: `first` and `second`, places in `texts`, and their `similarity`.
    """

    texts: pl.DataFrame
    pairs: pl.DataFrame


def hashed(texts: pl.Series, kinds: np.ndarray) -> pl.DataFrame:
    """The texts as they are remembered."""

    return pl.DataFrame({"high": texts.hash(0), "low": texts.hash(1), "kind": kinds})


def places(hashed: pl.DataFrame, known: pl.DataFrame) -> np.ndarray:
    """For each text its place among those that are known with the same kind, else -1."""

    on = ["high", "low", "kind"]
    found = hashed.join(known.select(on).with_row_index("known"), on=on, how="left", maintain_order="left")
    return found["known"].cast(pl.Int64).fill_null(-1).to_numpy()


def path(place: Path, threshold: float, is_asked: np.ndarray) -> Path:
    """The file for this question."""

    # Another processor may hash otherwise.
    probe = pl.Series(["probe"]).hash(0).item()
    asked = "".join("01"[each] for each in is_asked.ravel().astype(int))
    return place / f"{threshold!r}-{int(asked, 2):x}-{len(is_asked)}-{probe:x}.near"


def load(file: Path) -> Known | None:
    """What is remembered; nothing where the file is not there or damaged."""

    try:
        found = msgspec.msgpack.decode(file.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError):
        return None
    if found.xxh3 != xxh3_bytes(found.texts + found.pairs):
        return None
    return Known(pl.read_ipc(found.texts), pl.read_ipc(found.pairs))


def save(file: Path, texts: pl.DataFrame, pairs: list[pl.DataFrame]) -> None:
    """Leaves behind what was found: texts as `hashed` gives them, and pairs of places among them."""

    schema = {"first": pl.Int64(), "second": pl.Int64(), "similarity": pl.Float64()}
    ours = _ipc(texts)
    both = _ipc(pl.concat([pl.DataFrame(schema=schema), *pairs]))
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.partial-{os.getpid()}")
    temporary.write_bytes(msgspec.msgpack.encode(_File(ours, both, xxh3_bytes(ours + both))))
    temporary.replace(file)


def _ipc(frame: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.write_ipc(content, compression="lz4")
    return content.getvalue()
