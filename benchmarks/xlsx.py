"""Reads an XLSX workbook of 감성대화 (v2, 13 columns) into frames, against `pandas.read_excel`.

Ours also finds out which corpus it is, hashes the file and makes ids, groups and annotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks import made_up
from benchmarks.measure import Case, Setup, compared, make_input
from benchmarks.report import Comparison, at_least_times, megabytes

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

ROWS = 40_000
TIMES = 8.0
IMPORTS = {
    "etl": ("etl.ingestion.ingest", "fastexcel", "polars", "yaml"),
    "pandas": ("pandas", "openpyxl"),
}
_SENTENCES = 6


def run(setup: Setup) -> Comparison:
    """Compares the two sides on one workbook."""
    sides = cases(setup)
    runs = compared(sides, setup)
    return Comparison(
        f"XLSX: {setup.size(ROWS):,} rows of 13 columns, {megabytes(sides['etl'].source)}; "
        "pandas: read_excel(engine='openpyxl')",
        runs,
        [at_least_times(TIMES, runs["pandas"], runs["etl"])],
    )


def cases(setup: Setup) -> dict[str, Case]:
    source = make_input(__name__, setup, "dialogue.xlsx", setup.size(ROWS))
    return {"etl": Case(__name__, "etl", source), "pandas": Case(__name__, "pandas", source)}


def etl(source: str, out: str) -> list[pl.DataFrame]:  # noqa: ARG001 - a reader writes nothing
    from etl.ingestion.ingest import discover
    from etl.ingestion.sources.units import read_units
    from etl.settings import Settings

    found, account = discover([Path(source)], Settings())
    return list(read_units(found, Settings(), account))


def pandas(source: str, out: str) -> pd.DataFrame:  # noqa: ARG001
    import pandas as pd

    return pd.read_excel(source, engine="openpyxl")


def etl_rows(frames: list[pl.DataFrame]) -> Iterator[tuple[str, str]]:
    for frame in frames:
        yield from frame.select("raw_text", "raw_label").iter_rows()


def pandas_rows(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for row in frame.itertuples(index=False):
        yield row[7], f"{row[5]}/{row[6]}"


def make(target: str, count: int) -> None:
    from etl.sample.files import xlsx_bytes
    from etl.schema import resources

    corpus = resources.load("schemas", "sample", "corpora.yaml")["aihub-dialogue"]
    columns = corpus["columns"]
    turns = [
        name.format(turn)
        for turn in range(1, columns["v2"]["turns"] + 1)
        for name in (columns["person"], columns["v2"]["reply"])
    ]
    header = [*columns["v2"]["first"], *columns["about"], *turns]
    Path(target).write_bytes(xlsx_bytes([header, *_rows(corpus, count)]))


def _rows(corpus: dict[str, Any], count: int) -> Iterator[list[str | int]]:
    from etl.schema import resources

    labels = list(resources.load("schemas", "labels", "aihub-dialogue.yaml")["codes"].values())
    about = [list(corpus[name].values()) for name in ("ages", "genders", "situations", "diseases")]
    rng = Random(1)
    sentences = made_up.sentences(rng)
    for number in range(count):
        major, minor = rng.choice(labels).split("/")
        turns = list(islice(sentences, _SENTENCES))
        if rng.random() < 1 / 4:
            turns[-2:] = ["", ""]  # a third turn there need not be
        yield [number, *(rng.choice(options) for options in about), major, minor, *turns]
