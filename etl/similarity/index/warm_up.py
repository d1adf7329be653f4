"""Loads the compiled code of the index beside other work: numba alone takes half a second to import."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from etl.runtime.paths import keep_compiled_code

_is_loaded = threading.Event()


@contextmanager
def warmed_up(*, is_wanted: bool) -> Iterator[None]:
    """Loads the code on a thread, which ends before the block does.

    What fails here is not told: it fails where the code is needed, too. A block that is left by an error, or
    by Ctrl-C, waits for one function to be compiled at most.

    Args:
        is_wanted: whether the block will use an index, on this machine.
    """
    if not is_wanted or _is_loaded.is_set():
        yield
        return
    is_over = threading.Event()
    thread = threading.Thread(target=_load, args=[is_over], name="near-duplicates")
    thread.start()
    try:
        yield
    except BaseException:
        is_over.set()
        raise
    finally:
        thread.join()


def _load(is_over: threading.Event) -> None:
    """Loads the kernels, or compiles them, until there is no more use for them."""
    keep_compiled_code()
    with contextlib.suppress(Exception):
        for function, types in _kernels():
            if is_over.is_set():
                return
            function.compile(types)
        _is_loaded.set()


def _kernels() -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The compiled functions, each with the types that an index calls it with.

    Columns that are read from files are read-only, which is another type to numba.
    """
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
    yield kernels.find_keys, (read_keys, read_keys, read_keys, read_keys, places)
    yield kernels.count_classes, (read_utf8, places, numbers)
    yield kernels.count_entries, (*texts, threshold)
    yield kernels.make_entries, (*texts, numbers, threshold, read_utf8, *entries)
    yield kernels.deal, (*entries, types.int64, places, *entries)
    yield join.size_limits, (threshold,)
    yield join.join, (*entries, *entries, *joined)
    yield join.join, (*entries, *read_entries, *joined)
    yield kernels.copy_texts, (read_utf8, places, places, utf8)
    yield kernels.verify, (utf8, places, places, places, threshold, column(types.float64))
