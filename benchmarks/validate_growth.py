"""`etl validate` on 200,000 and on 1,000,000 reviews: is it quick, does it stay small, does it grow linearly?

There are fewer than 300,000 reviews with a polarity: each row is the first half of one, with its rating and
movie, and the second half of another, so that all are distinct and as long as reviews are. The dataset is
made by our own ingest, which is not timed. Great Expectations is imported before the clock starts.

    python -m benchmarks.validate_growth ROWS… [--memory SIZE] [--evidence] [--folder FOLDER]

measures other sizes: made-up rows as in `benchmarks.scale`, the time of each check, and memory.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
from collections.abc import Iterator
from itertools import count, islice
from math import log
from pathlib import Path
from random import Random
from statistics import median

from benchmarks import made_up, scale_rows
from benchmarks.measure import Case, Run, Setup, make_input, run_case, timed
from benchmarks.nsmc_growth import REVIEWS
from benchmarks.report import Comparison, Target
from etl.runtime import console

_NAME = "benchmarks.validate_growth"  # it is imported by the processes that it starts
COUNTS = (200_000, 1_000_000)
SECONDS = 20.0
PEAK_MB = 2000
# 1.0 is linear; the rest is for the noise of a machine.
EXPONENT = 1.1
_MODULES = ("etl.validation.run", "great_expectations", "numpy", "polars", "pandas", "pyarrow.parquet")
IMPORTS = {"etl": _MODULES, "with_evidence": _MODULES}
# Those that polarity3 does not leave out.
_RATINGS = ("1", "2", "3", "4", "9", "10")
_MB = 1_000_000
_MEMORY = "ETL_BENCH_MEMORY"  # for the processes that are started


def main() -> None:
    """Prints a table of the sizes that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validate_growth", description=__doc__)
    parser.add_argument("rows", nargs="+", type=int, metavar="ROWS")
    parser.add_argument("--memory", metavar="SIZE", help="as of `etl validate`")
    parser.add_argument("--evidence", action="store_true", help="write the evidence, too")
    parser.add_argument("--folder", type=Path, help="keep the made datasets there, and use them again")
    arguments = parser.parse_args()
    if arguments.memory:
        os.environ[_MEMORY] = arguments.memory
    side = "with_evidence" if arguments.evidence else "etl"
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        columns = {rows: _measure_size(rows, side, Setup(folder)) for rows in arguments.rows}
    names = list(next(iter(columns.values())))
    console.table(
        f"etl validate, made-up rows, load {os.getloadavg()[0]:.1f}",
        ["", *(f"{rows:,}" for rows in columns)],
        [[name, *(column.get(name, 0.0) for column in columns.values())] for name in names],
    )


def _measure_size(rows: int, side: str, setup: Setup) -> dict[str, float]:
    """The figures of one size; seconds of a check are by the clock, and those of near-duplicates overlap."""
    source = make_input(_NAME, setup, "made-up", rows, "make_scaled")
    run = run_case(Case(_NAME, side, source))
    console.note(f"{rows:,} rows: {run.cpu_seconds:,.0f} s of the processors")
    return {
        "seconds by the clock": round(run.work_seconds, 1),
        "seconds of the processors": round(run.cpu_seconds, 1),
        "… µs a row": round(run.cpu_seconds / rows * 1e6, 2),
        "peak MB (tree)": round(_tree_mb([run])),
        **{f"· {name}": round(seconds, 1) for name, seconds in _seconds(source).items()},
    }


def run(setup: Setup) -> Comparison:
    """Times ours on the two sizes."""
    sides = cases(setup)
    run_case(next(iter(sides.values())))  # a warm-up, which compiles what is compiled once
    runs = timed(sides, setup)
    smaller, larger = runs.values()
    texts = "halves of real reviews" if REVIEWS.exists() else "made-up sentences"
    return Comparison(
        f"etl validate: {texts}, tagger whitespace, without the import of Great Expectations",
        runs,
        [_quick(smaller), _small(smaller), _linear(smaller, larger, COUNTS[1] / COUNTS[0])],
        notes=[
            f"{name}: tree peak {_tree_mb(each):,.0f} MB; {_shares(sides[name].source)}"
            for name, each in runs.items()
        ],
    )


def cases(setup: Setup) -> dict[str, Case]:
    sizes = [setup.size(rows) for rows in COUNTS]
    return {
        f"{rows:,} rows": Case(__name__, "etl", make_input(__name__, setup, "validated", rows))
        for rows in sizes
    }


def etl(source: str, out: str) -> dict[str, int | float]:
    """Runs validate, and writes the time of each check beside the dataset."""
    return _validate(source, out)


def with_evidence(source: str, out: str) -> dict[str, int | float]:
    """As `etl`, and writes all rows of the findings."""
    found = _validate(source, out, evidence=Path(out) / "evidence")
    written = sum(path.stat().st_size for path in (Path(out) / "evidence").iterdir())
    console.note(f"evidence: {written / _MB:,.0f} MB")
    return found


def _validate(source: str, out: str, evidence: Path | None = None) -> dict[str, int | float]:
    from etl.validation.run import validate

    result = validate(Path(source), out=Path(out), evidence=evidence, memory=os.environ.get(_MEMORY))
    assert result.statistics
    Path(f"{source}.seconds.json").write_text(json.dumps(result.seconds), encoding="utf-8")
    return {found.code: found.number for found in result.findings}


def etl_rows(findings: dict[str, int | float]) -> list[tuple[str, int | float]]:
    return sorted(findings.items())


def make(target: str, rows: int) -> None:
    """Writes a dataset of `rows` reviews, without the leaks and duplicates that ingest rejects."""
    import etl
    from etl import settings
    from etl.runtime import console

    chosen = settings.load(None, {"taxonomy": "polarity3", "tag.tagger": "whitespace"})
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as folder:
        raw = Path(folder) / "reviews.jsonl.gz"
        with gzip.open(raw, "wt", encoding="utf-8", compresslevel=1) as stream:
            stream.writelines(json.dumps(review, ensure_ascii=False) + "\n" for review in _crossed(rows))
        with console.progress("", is_quiet=True) as progress:
            etl.ingest([raw], Path(target), chosen, workers=2, progress=progress)


def make_scaled(target: str, rows: int) -> None:
    """Writes a dataset of the made-up rows of `benchmarks.scale`."""
    import etl
    from etl.settings import Settings, Table, Tag

    chosen = Settings(tag=Tag("whitespace"), table=Table(text_column="text", label_column="label"))
    with tempfile.TemporaryDirectory(prefix="etl-bench-", dir=Path(target).parent) as folder:
        raw = Path(folder) / "rows.jsonl"
        scale_rows.make(str(raw), rows)
        etl.ingest([raw], Path(target), chosen, workers=2, memory="2GB")


def _crossed(rows: int) -> Iterator[dict[str, str]]:
    """Yields distinct reviews, each with the first half of one review and the second half of another."""
    rng = Random(5)
    reviews = _reviews()
    said: set[str] = set()
    for number in islice(count(), rows):
        text = ""
        while not text.strip() or text in said:
            first, second = rng.choice(reviews), rng.choice(reviews)
            text = f"{_half(first['review'], 0)} {_half(second['review'], 1)}"
        said.add(text)
        yield first | {"review": text, "review_id": str(number)}


def _reviews() -> list[dict[str, str]]:
    if REVIEWS.exists():
        with gzip.open(REVIEWS, "rt", encoding="utf-8") as stream:
            reviews = [json.loads(line) for line in stream]
        return [review for review in reviews if review["rating"] in _RATINGS]
    rng = Random(4)
    return [
        {"review": sentence, "rating": rng.choice("19"), "movie_id": str(number % 3000)}
        for number, sentence in enumerate(islice(made_up.sentences(rng), 100_000))
    ]


def _half(text: str, which: int) -> str:
    """Returns the first or the second half of a text, cut between two words."""
    words = text.split()
    middle = (len(words) + 1) // 2
    return " ".join(words[middle:] if which else words[:middle])


def _quick(runs: list[Run]) -> Target:
    seconds = median(run.work_seconds for run in runs)
    return Target("time", f"at most {SECONDS:g} s", f"{seconds:.1f} s", seconds, seconds <= SECONDS)


def _small(runs: list[Run]) -> Target:
    peak = _tree_mb(runs)
    wanted = f"at most {PEAK_MB:,} MB"
    return Target("memory: peak of all processes", wanted, f"{peak:,.0f} MB", peak, peak <= PEAK_MB)


def _linear(smaller: list[Run], larger: list[Run], times: float) -> Target:
    """Returns the target for the exponent x of seconds ~ rows^x."""
    fewer, more = (median(run.work_seconds for run in each) for each in (smaller, larger))
    exponent = log(more / fewer) / log(times)
    return Target(
        "growth: seconds ~ rows^x",
        f"x at most {EXPONENT}",
        f"x = {exponent:.2f}",
        exponent,
        exponent <= EXPONENT,
    )


def _tree_mb(runs: list[Run]) -> float:
    return max(run.tree_peak_bytes or run.peak_bytes for run in runs) / _MB


def _shares(source: Path) -> str:
    """Formats the seconds of each check in the last run."""
    return ", ".join(f"{name} {taken:.1f} s" for name, taken in _seconds(source).items())


def _seconds(source: Path) -> dict[str, float]:
    told: dict[str, float] = json.loads(Path(f"{source}.seconds.json").read_text(encoding="utf-8"))
    return told


if __name__ == "__main__":
    main()
