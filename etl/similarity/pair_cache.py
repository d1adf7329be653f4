"""Stores near-duplicate pairs, so that a later run compares only new texts with all others.

Whether two texts are near-duplicates depends on these two alone, so the pairs of an earlier run with the same
threshold and groups stay valid. The result is the same as that of a join from scratch.

A folder must be used by one run at a time, and by one version of this code and of polars; the caller ensures
that. It can be removed at any time.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from etl.runtime.files import xxh3_bytes
from etl.runtime.scratch import scratch_path

MOST_PAIRS = 5_000_000  # 120 MB; more are not stored, and each run joins from scratch


class _File(msgspec.Struct, frozen=True):
    """The two frames of `KnownPairs` as Arrow IPC, with a checksum of both."""

    texts: bytes
    pairs: bytes
    xxh3: str


class KnownPairs(NamedTuple):
    """The texts that an earlier run compared, and the pairs that it found.

    Attributes:
        texts: 128 bits of hash as `high` and `low`, and `group`.
        pairs: `first` and `second`, rows of `texts`, and their `similarity`.
    """

    texts: pl.DataFrame
    pairs: pl.DataFrame


def hash_texts(texts: pl.Series, groups: np.ndarray) -> pl.DataFrame:
    """Returns the frame `KnownPairs.texts` for texts and their groups."""
    return pl.DataFrame({"high": texts.hash(0), "low": texts.hash(1), "group": groups})


def find_rows(hashed: pl.DataFrame, known: pl.DataFrame) -> np.ndarray:
    """Returns for each text its row in `known`, or -1, (n_texts,); both frames are those of `hash_texts`."""
    rows = hashed.join(known.with_row_index("row"), on=hashed.columns, how="left", maintain_order="left")
    return rows["row"].cast(pl.Int64).fill_null(-1).to_numpy()


def cache_file(folder: Path, threshold: float, compare: np.ndarray) -> Path:
    """Returns the path of the file for a search; threshold and `compare` are those of `near_duplicates`."""
    # Another processor may compute other hashes.
    probe = pl.Series(["probe"]).hash(0).item()
    bits = "".join("01"[is_compared] for is_compared in compare.ravel().astype(int))
    return folder / f"{threshold!r}-{int(bits, 2):x}-{len(compare)}-{probe:x}.near"


def load_pairs(file: Path) -> KnownPairs | None:
    """Loads the pairs of an earlier run; None where the file does not exist or is damaged."""
    try:
        stored = msgspec.msgpack.decode(file.read_bytes(), type=_File)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return None
    if stored.xxh3 != xxh3_bytes(stored.texts + stored.pairs):
        return None
    return KnownPairs(pl.read_ipc(stored.texts), pl.read_ipc(stored.pairs))


def save_pairs(file: Path, texts: pl.DataFrame, pairs: list[pl.DataFrame]) -> None:
    """Saves the frames of `KnownPairs` for a later run; `pairs` is in parts."""
    schema = {"first": pl.Int64(), "second": pl.Int64(), "similarity": pl.Float64()}
    ours = _ipc(texts)
    both = _ipc(pl.concat([pl.DataFrame(schema=schema), *pairs]))
    file.parent.mkdir(parents=True, exist_ok=True)
    with scratch_path(file) as temporary:
        temporary.write_bytes(msgspec.msgpack.encode(_File(ours, both, xxh3_bytes(ours + both))))
        temporary.replace(file)


def _ipc(frame: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.write_ipc(content, compression="lz4")
    return content.getvalue()
