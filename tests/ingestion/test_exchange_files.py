"""Rows that are dealt out come back: each once, in order, whatever the number of partitions."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.ingestion.exchange import (
    DamagedExchangeError,
    count_partitions,
    partition_of,
    read_partition,
    read_whole,
    write_parts,
)

POWERS = st.sampled_from([1, 2, 4, 32, 256])
ROWS = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.text(max_size=4)), max_size=40)


def make_frame(rows: list[tuple[int, str]]) -> pl.DataFrame:
    schema = {"key_high": pl.UInt64, "text": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").with_row_index("at")


@given(ROWS, POWERS, POWERS, st.sampled_from(["uncompressed", "zstd"]))
def test_rows_come_back_in_order_with_any_number_of_partitions(
    rows: list[tuple[int, str]], written: int, read: int, compression: str
) -> None:
    frame = make_frame(rows)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "a.parts"
        write_parts(path, {"rows": frame}, written, whole={"all": frame}, compression=compression)
        parts = [read_partition(path, "rows", partition, read) for partition in range(read)]
        assert read_whole(path, "all").equals(frame)
    for number, part in enumerate(parts):
        here = frame.filter(partition_of(pl.col("key_high"), read) == number)
        # A file of more partitions holds those of one read partition one after another.
        assert part.sort("at").equals(here)
        assert written > read or part["at"].is_sorted()
    assert sum(part.height for part in parts) == frame.height


@pytest.mark.parametrize("damage", ["gone", "cut off", "changed", "nothing"])
def test_a_file_that_is_not_what_was_written_is_an_error(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.parts"
    write_parts(path, {"rows": make_frame([(number << 60, "가나다") for number in range(16)])}, 4)
    content = path.read_bytes()
    changed = {"cut off": content[:-1], "changed": content[:200] + b"?" + content[201:], "nothing": b""}
    path.unlink() if damage == "gone" else path.write_bytes(changed[damage])
    with pytest.raises(DamagedExchangeError, match="is gone, or is not what was written"):
        for partition in range(4):
            read_partition(path, "rows", partition, 4)


@given(st.integers(0, 2**40), st.integers(1, 2**34))
def test_a_partition_takes_no_more_than_it_may(n_bytes: int, memory: int) -> None:
    count = count_partitions(n_bytes, memory)
    assert count.bit_count() == 1
    assert n_bytes <= count * memory
    assert count == 1 or n_bytes > count // 2 * memory
