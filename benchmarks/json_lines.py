"""Ingests JSON lines with the whole pipeline, against a bare polars scan, filter and sink.

The other side only drops blank texts and writes Parquet; ours detects, hashes, cleans, relabels, cuts,
splits, dedupes, and accounts for each row. So the question is how much all that costs. To look for
near-duplicates costs half as much again as the rest, so it is timed with and without.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from benchmarks import made_up, nsmc_growth
from benchmarks.measure import Case, Setup, compared, make_input
from benchmarks.report import Comparison, at_most_times, megabytes
from etl.settings import Dedupe

if TYPE_CHECKING:
    import polars as pl

LINES = 500_000
TIMES, TIMES_EXACT = 6.0, 4.0
_OURS = ("etl.ingestion.ingest", "numpy", "polars", "pyarrow.parquet", "yaml")
IMPORTS = {"etl": _OURS, "etl_exact": _OURS, "polars": ("polars",)}
_WORKERS = 2
_BLANK_EVERY = 50
_BLANKS = ("", "   ", "\t\n", "\u3000")


def run(setup: Setup) -> Comparison:
    """Compares the two sides on one file. The whole process counts, as a user waits for it."""
    sides = cases(setup)
    runs = compared(sides, setup)
    texts = "texts of real reviews" if nsmc_growth.REVIEWS.exists() else "made-up texts"
    return Comparison(
        f"JSON lines: {setup.size(LINES):,} {texts}, {megabytes(sides['etl'].source)}; "
        "polars: scan_ndjson, filter(not blank), sink_parquet(zstd)",
        runs,
        [
            at_most_times(TIMES, runs["polars"], runs["etl"]),
            at_most_times(TIMES_EXACT, runs["polars"], runs["etl, dedupe.near: 0"]),
        ],
    )


def cases(setup: Setup) -> dict[str, Case]:
    name = "reviews.jsonl" if nsmc_growth.REVIEWS.exists() else "made-up.jsonl"
    source = make_input(__name__, setup, name, setup.size(LINES))
    return {
        "polars": Case(__name__, "polars", source),
        "etl": Case(__name__, "etl", source),
        "etl, dedupe.near: 0": Case(__name__, "etl_exact", source),
    }


def etl(source: str, out: str, near: float = Dedupe().near) -> Path:
    """Runs `etl ingest` with default settings."""
    import etl
    from etl import settings
    from etl.runtime import console

    chosen = settings.load(
        None,
        {
            "taxonomy": "polarity3",
            "read.source": "table",
            "table.text_column": "text",
            "table.label_column": "label",
            "tag.tagger": "whitespace",
            "dedupe.near": near,
        },
    )
    with console.progress("", is_quiet=True) as progress:
        etl.ingest([Path(source)], Path(out), chosen, workers=_WORKERS, progress=progress)
    return Path(out)


def etl_exact(source: str, out: str) -> Path:
    """Runs `etl ingest` without the search for near-duplicates."""
    return etl(source, out, near=0)


def polars(source: str, out: str) -> Path:
    import polars as pl

    target = Path(out).with_suffix(".parquet")
    is_blank = pl.col("text").str.strip_chars() == ""
    pl.scan_ndjson(source).filter(~is_blank).sink_parquet(target, compression="zstd")
    return target


def etl_rows(dataset: Path) -> list[tuple[str, str]]:
    """Returns all rows with a text, kept or rejected; none may be lost."""
    import polars as pl

    frames = [
        pl.read_parquet(path, columns=["raw_text", "raw_label"])
        for folder in ("data", "rejects")
        for path in sorted((dataset / folder).glob("*.parquet"))
    ]
    return _pairs(pl.concat(frames).rename({"raw_text": "text", "raw_label": "label"}))


etl_exact_rows = etl_rows


def polars_rows(file: Path) -> list[tuple[str, str]]:
    import polars as pl

    return _pairs(pl.read_parquet(file))


def _pairs(rows: pl.DataFrame) -> list[tuple[str, str]]:
    import polars as pl

    is_blank = pl.col("text").str.strip_chars() == ""
    return sorted(rows.filter(~is_blank).select(pl.col("text", "label").cast(pl.String)).iter_rows())


def make(target: str, count: int) -> None:
    from etl.schema import taxonomy

    labels = taxonomy.load("polarity3").targets
    rng = Random(4)
    with Path(target).open("w", encoding="utf-8") as stream:
        for number, text in enumerate(islice(_texts(rng), count)):
            shown = rng.choice(_BLANKS) if number % _BLANK_EVERY == 0 else text
            json.dump({"text": shown, "label": rng.choice(labels)}, stream, ensure_ascii=False)
            stream.write("\n")


def _texts(rng: Random) -> Iterator[str]:
    """Yields the real reviews, each second round with reversed words; without them made-up sentences."""
    if not nsmc_growth.REVIEWS.exists():
        yield from made_up.sentences(rng)
    with gzip.open(nsmc_growth.REVIEWS, "rt", encoding="utf-8") as stream:
        reviews = [json.loads(line)["review"] for line in stream]
    for step in cycle((1, -1)):
        for review in reviews:
            yield " ".join(review.split(" ")[::step])
