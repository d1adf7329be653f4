"""The index of near-duplicates: a first search, and new texts among old ones; processor seconds and memory.

    python -m benchmarks.near_index [--rows ROWS] [--new ROWS] [--memory BYTES] [--old FOLDER]

Not one of `python -m benchmarks`. The texts are those of `benchmarks.scale_rows`; a fifth are evaluation.
With `--old`, the search in memory of another checkout, from before there was an index, has the same texts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import process_time
from typing import TYPE_CHECKING

from benchmarks import scale_rows
from etl.runtime import console

if TYPE_CHECKING:
    import polars as pl

THRESHOLD = 0.8
_PART = 500_000
_IN_MEMORY = """
import sys, time, polars as pl
from etl.similarity.nearest import nearest
def search(frame):
    is_train = frame["side"] == 1
    return nearest(frame["text"], 0.8, [(is_train, ~is_train)])
frame = pl.read_parquet(sys.argv[1])
search(frame.head(1000))
start = time.process_time()
search(frame)
print(time.process_time() - start)
"""


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.near_index", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--new", type=int, default=10_000)
    parser.add_argument("--memory", type=int, default=500_000_000)
    parser.add_argument("--old", type=Path, help="a checkout whose search in memory is measured too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as scratch:
        _measure(arguments, Path(scratch))


def _measure(arguments: argparse.Namespace, scratch: Path) -> None:
    import polars as pl

    first_texts, new_texts = scratch / "first.parquet", scratch / "new.parquet"
    # Files of their own, so that finding the new texts among the old ones in a file is not measured.
    made = _make(arguments.rows + arguments.new)
    made.head(arguments.rows).write_parquet(first_texts)
    made.slice(arguments.rows).write_parquet(new_texts)
    del made
    old_rows, new_rows = pl.scan_parquet(first_texts), pl.scan_parquet(new_texts)
    for start in (0, 1000):  # numba compiles on first use
        _add(scratch / "warm", arguments.memory, old_rows.slice(start, 1000), 1000)
    first = _add(scratch / "index", arguments.memory, old_rows, arguments.rows)
    new = _add(scratch / "index", arguments.memory, new_rows, arguments.new)
    peak = getrusage(RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # getrusage(2)
    size = sum(path.stat().st_size for path in (scratch / "index").iterdir()) / 1e6
    console.line(f"first search, {arguments.rows:,} texts: {first:.2f} s")
    console.line(f"{arguments.new:,} new texts: {new:.2f} s, {new / first:.1%}")
    console.line(f"peak {peak:,.0f} MB, with the texts; index {size:,.0f} MB")
    if arguments.old:
        environment = os.environ | {"PYTHONPATH": str(arguments.old.resolve())}
        command = [sys.executable, "-P", "-c", _IN_MEMORY, str(first_texts)]
        told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        seconds = float(told.stdout)
        console.line(f"in memory, by {arguments.old}: {seconds:.2f} s, {seconds / first:.1f} times the first")


def _make(count: int) -> pl.DataFrame:
    """Returns texts with their keys and sides, in any order."""
    import numpy as np
    import polars as pl

    from etl.text.normalise import normalised_key

    made = (
        pl.Series("text", scale_rows.texts(np.arange(int(1.05 * count), dtype=np.uint64)))
        .cast(pl.String)
        .to_frame()
    )
    texts = made.select(normalised_key(pl.col("text"))).unique(maintain_order=True).head(count)
    side = 1 + (pl.int_range(pl.len()) % 5 == 0).cast(pl.UInt8)
    return texts.with_columns(key_high=pl.col("text").hash(0), key_low=pl.col("text").hash(1), side=side)


def _add(folder: Path, memory: int, rows: pl.LazyFrame, count: int) -> float:
    """Returns the processor seconds of an addition."""
    from etl.similarity.index.near_index import open_index

    start = process_time()
    with open_index(folder, THRESHOLD, memory=memory) as index:
        index.add(range(0, count, _PART), partial(_read, rows))
        index.save()
    return process_time() - start


def _read(rows: pl.LazyFrame, start: int) -> pl.DataFrame:
    return rows.slice(start, _PART).collect()


if __name__ == "__main__":
    main()
