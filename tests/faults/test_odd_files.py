"""Odd files are read with all their rows accounted for, or refused by their name."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from faults.odd_files import read_odd, run_odd
from faults.readers import CORPUS, READERS, TABLE, Reader

seeds = st.integers(0, 2**32 - 1)
INGESTED = [reader for reader in READERS if {TABLE, CORPUS} & {*reader.lines}]


@settings(max_examples=300)
@given(st.sampled_from(READERS), seeds)
def test_python_reads_or_refuses(reader: Reader, seed: int) -> None:
    with TemporaryDirectory() as folder:
        assert read_odd(reader, seed, Path(folder)) == ""


@settings(max_examples=25)
@given(st.sampled_from(INGESTED), seeds)
def test_ingest_reads_or_refuses(reader: Reader, seed: int) -> None:
    with TemporaryDirectory() as folder:
        assert run_odd(reader, reader.lines[0], seed, Path(folder)) == ""
