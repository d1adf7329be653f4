"""Loads the compiled code of the index beside other work: numba alone takes a second to import."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import polars as pl

from etl.errors import EtlError
from etl.runtime.scratch import temporary_folder
from etl.similarity.index.near_index import open_index

_TEXTS = ("three texts", "three texts!", "three tests")


@contextmanager
def warmed_up(*, is_wanted: bool) -> Iterator[None]:
    """Loads the code on a thread, which ends before the block does.

    What fails here is not told: it fails where the code is needed, too.

    Args:
        is_wanted: whether the block will use an index, on this machine.
    """
    if not is_wanted:
        yield
        return
    thread = threading.Thread(target=_load, name="near-duplicates")
    thread.start()
    try:
        yield
    finally:
        thread.join()


@cache
def _load() -> None:
    """Adds a few texts to an index, and further ones, so that all of its kernels are loaded or compiled."""
    keys = pl.Series([1, 2, 3], dtype=pl.UInt64)
    sides = pl.Series([1, 2, 3], dtype=pl.UInt8)
    texts = pl.DataFrame({"key_high": keys, "key_low": keys, "side": sides, "text": _TEXTS})
    on_both = texts.with_columns(side=pl.lit(3, pl.UInt8))
    with (
        contextlib.suppress(EtlError, OSError),
        temporary_folder("index") as folder,
        open_index(folder, 0.5, memory=1 << 20) as index,
    ):
        for part in (texts.head(2), on_both):
            index.add([part], pl.DataFrame.clone)
