"""Loads the compiled code of the index beside other work: numba alone takes half a second to import."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from etl.runtime.paths import keep_compiled_code


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
    """Loads the kernels for the types that an index calls them with, or compiles them.

    Columns that are read from files are read-only, which is another type to numba.
    """
    keep_compiled_code()
    with contextlib.suppress(Exception):
        from numba import types

        from etl.similarity.index import join, kernels

        def column(dtype: object, *, is_read: bool = False) -> object:
            return types.Array(dtype, 1, "C", readonly=is_read)

        numbers, places, keys = column(types.uint32), column(types.int64), column(types.uint64)
        read_utf8, read_keys = (column(each, is_read=True) for each in (types.uint8, types.uint64))
        threshold, utf8 = types.float64, column(types.uint8)
        texts = (read_utf8, places, column(types.uint16, is_read=True))
        entries = (keys, numbers, keys)
        read_entries = (read_keys, column(types.uint32, is_read=True), read_keys)
        matrix = types.Array(types.boolean, 2, "C")
        joined = (types.boolean, matrix, types.UniTuple(keys, 3), places, keys)
        kernels.find_keys.compile((read_keys, read_keys, read_keys, read_keys, places))
        kernels.count_classes.compile((read_utf8, places, numbers))
        kernels.count_entries.compile((*texts, threshold))
        kernels.make_entries.compile((*texts, numbers, threshold, read_utf8, *entries))
        kernels.deal.compile((*entries, types.int64, places, *entries))
        join.size_limits.compile((threshold,))
        join.join.compile((*entries, *entries, *joined))
        join.join.compile((*entries, *read_entries, *joined))
        kernels.copy_texts.compile((read_utf8, places, places, utf8))
        kernels.verify.compile((utf8, places, places, places, threshold, column(types.float64)))
