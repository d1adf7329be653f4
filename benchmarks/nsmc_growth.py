"""Ingests the real NSMC reviews: does the time grow linearly, and how high is the peak of memory?"""

from __future__ import annotations

import gzip
from itertools import islice
from math import log
from pathlib import Path
from statistics import median

from benchmarks.measure import ROOT, Case, Run, Setup, make_input, run_case, timed
from benchmarks.report import Comparison, Target, peak_below

REVIEWS = ROOT / ".." / "shared" / "data" / "nsmc" / "reviews-300k.jsonl.gz"
COUNTS = (75_000, 150_000, 300_000)
PEAK_MB = 1500
# 1.0 is linear; the rest is for the noise of a machine.
EXPONENT = 1.1
IMPORTS = {"etl": ("etl.ingestion.ingest", "numpy", "polars", "pyarrow.parquet", "yaml")}
_WORKERS = 2


def run(setup: Setup) -> Comparison:
    """Times ours on growing numbers of reviews."""
    title = "NSMC: real reviews through the whole of ingest, tagger whitespace"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    sides = cases(setup)
    run_case(next(iter(sides.values())))  # a warm-up; they all do the same
    runs = timed(sides, setup)
    rows = dict(zip([setup.size(count) for count in COUNTS], runs.values(), strict=True))
    largest = list(runs)[-1]
    return Comparison(
        title,
        runs,
        [linear_growth(rows), peak_below(PEAK_MB, runs[largest], largest)],
        notes=[
            f"{count:,} reviews: {_seconds(timings) / count * 100_000:.2f} s per 100,000 rows"
            for count, timings in rows.items()
        ],
    )


def cases(setup: Setup) -> dict[str, Case]:
    return {
        f"{count:,} reviews": Case(__name__, "etl", make_input(__name__, setup, "reviews.jsonl.gz", count))
        for count in map(setup.size, COUNTS)
    }


def linear_growth(runs: dict[int, list[Run]]) -> Target:
    """Returns the target for x in seconds ~ rows^x, over the last doubling: constant costs matter least."""
    (fewer, before), (more, after) = list(runs.items())[-2:]
    exponent = log(_seconds(after) / _seconds(before)) / log(more / fewer)
    return Target(
        "growth: seconds ~ rows^x, last doubling",
        f"x at most {EXPONENT}",
        f"x = {exponent:.2f}",
        exponent,
        exponent <= EXPONENT,
    )


def _seconds(timings: list[Run]) -> float:
    return median(run.work_seconds for run in timings)


def etl(source: str, out: str) -> Path:
    import etl
    from etl import settings
    from etl.runtime import console

    chosen = settings.load(None, {"taxonomy": "polarity3", "tag.tagger": "whitespace"})
    with console.progress("", is_quiet=True) as progress:
        etl.ingest([Path(source)], Path(out), chosen, workers=_WORKERS, progress=progress)
    return Path(out)


def make(target: str, count: int) -> None:
    with gzip.open(REVIEWS, "rb") as reviews, gzip.GzipFile(target, "wb", mtime=0) as stream:
        stream.writelines(islice(reviews, count))
