"""Reads a folder of thousands of small CSV files into rows, against a listing and `csv.DictReader`.

Ours also finds out of each file which encoding and delimiter it has, hashes it, and records it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks import made_up
from benchmarks.measure import Case, Setup, compared, make_input
from benchmarks.report import Comparison, at_most_times

if TYPE_CHECKING:
    import polars as pl

FILES, ROWS = 5_000, 3
TIMES = 20.0
IMPORTS = {"etl": ("etl.ingestion.ingest", "etl.ingestion.sources.units", "polars"), "loop": ("csv",)}


def run(setup: Setup) -> Comparison:
    """Compares the two sides on one folder."""
    runs = compared(cases(setup), setup)
    title = f"{setup.size(FILES):,} CSV files of {ROWS} rows each, to frames; loop: csv.DictReader on each"
    return Comparison(title, runs, [at_most_times(TIMES, runs["loop"], runs["etl"])])


def cases(setup: Setup) -> dict[str, Case]:
    source = make_input(__name__, setup, "small-files", setup.size(FILES))
    return {"etl": Case(__name__, "etl", source), "loop": Case(__name__, "loop", source)}


def etl(source: str, out: str) -> list[pl.DataFrame]:  # noqa: ARG001 - a reader writes nothing
    from etl.ingestion.ingest import discover
    from etl.ingestion.sources.units import read_units
    from etl.settings import load_settings

    settings = load_settings(text_column="text", label_column="label")
    found, log = discover([Path(source)], settings)
    return list(read_units(found, settings, log))


def loop(source: str, out: str) -> list[dict[str, Any]]:  # noqa: ARG001
    import csv

    rows: list[dict[str, Any]] = []
    for path in sorted(Path(source).iterdir()):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows += csv.DictReader(lines)
    return rows


def etl_rows(frames: list[pl.DataFrame]) -> Iterator[tuple[str, str]]:
    return (row for frame in frames for row in frame.select("raw_text", "raw_label").iter_rows())


def loop_rows(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    return ((row["text"], row["label"]) for row in rows)


def make(target: str, count: int) -> None:
    """Writes the files."""
    sentences = made_up.sentences(Random(1))
    folder = Path(target)
    folder.mkdir()
    for number in range(count):
        lines = "".join(f"{next(sentences)} {number},{label}\n" for label in ("기쁨", "슬픔", "분노")[:ROWS])
        (folder / f"{number:06}.csv").write_text(f"text,label\n{lines}", encoding="utf-8")
