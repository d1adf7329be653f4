"""The real NSMC reviews through the whole corridor: does the time grow linearly, and how high is the peak?"""

from __future__ import annotations

import gzip
from itertools import islice
from math import log
from pathlib import Path
from statistics import linear_regression, median

from benchmarks.measure import ROOT, Case, Run, Setup, make_input, run_case, timed
from benchmarks.report import Comparison, Target, peak_below

REVIEWS = ROOT / ".." / "shared" / "data" / "nsmc" / "reviews-300k.jsonl.gz"
COUNTS = (75_000, 150_000, 300_000)
PEAK_MB = 1500
# 1.0 is linear; 1.1 would make four times the rows cost 4.6 times the time.
EXPONENT = 1.1
IMPORTS = {"etl": ("etl.route", "numpy", "polars", "pyarrow.parquet", "yaml")}
_WORKERS = 2


def run(setup: Setup) -> Comparison:
    """Times ours on growing numbers of reviews."""
    title = "NSMC: real reviews through the whole corridor, tagger whitespace"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    counts = [setup.size(count) for count in COUNTS]
    cases = {
        f"{count:,} reviews": Case("etl", make_input("nsmc_growth", setup, "reviews.jsonl.gz", count))
        for count in counts
    }
    run_case("nsmc_growth", next(iter(cases.values())))
    runs = timed("nsmc_growth", cases, setup)
    return Comparison(
        title,
        runs,
        [
            linear_growth(dict(zip(counts, runs.values(), strict=True))),
            peak_below(PEAK_MB, runs[f"{counts[-1]:,} reviews"], f"{counts[-1]:,} reviews"),
        ],
        notes=[
            f"{name}: {median(run.work_seconds for run in timings) / count * 100_000:.2f} s per 100,000 rows"
            for (name, timings), count in zip(runs.items(), counts, strict=True)
        ],
    )


def linear_growth(runs: dict[int, list[Run]]) -> Target:
    """The exponent x of seconds ~ rows^x, fitted to the work alone: start-up is constant and hides it."""
    seconds = [median(run.work_seconds for run in timings) for timings in runs.values()]
    slope = linear_regression([log(rows) for rows in runs], [log(each) for each in seconds]).slope
    return Target(
        "growth: seconds ~ rows^x, fitted to the work alone",
        f"x at most {EXPONENT}",
        f"x = {slope:.2f}",
        slope,
        slope <= EXPONENT,
    )


def etl(source: str, out: str) -> Path:
    from etl import console, route, settings

    chosen = settings.load(None, {"taxonomy": "polarity3", "tag.tagger": "whitespace"})
    with console.progress("", is_quiet=True) as progress:
        route.ingest([Path(source)], Path(out), chosen, workers=_WORKERS, progress=progress)
    return Path(out)


def make(target: str, count: int) -> None:
    with gzip.open(REVIEWS, "rb") as reviews, gzip.GzipFile(target, "wb", mtime=0) as stream:
        stream.writelines(islice(reviews, count))
