"""`etl ingest` on one to ten million made-up rows, without a tagger: seconds by step, and memory.

    python -m benchmarks.scale [ROWS…] [--folder FOLDER]

Not one of `python -m benchmarks`: ten million rows take a quarter of an hour and 10 GB of disk. What the
figures mean for a cluster stands in docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any

from benchmarks.measure import Case, Run, Setup, make_input, run_case
from etl.runtime import console

ROWS = (1_000_000, 3_000_000, 10_000_000)
IMPORTS = {
    "etl": ("etl.ingestion.ingest", "etl.similarity.ppjoin", "numpy", "polars", "pyarrow.parquet", "yaml")
}
STEPS = ("clean", "relabel", "tag", "key_tokens", "split")
_WORKERS = 2
_WORDS, _SYLLABLES = 50_000, 900
_AT_A_TIME = 100_000
_DUPLICATES, _NEAR = 0.02, 0.01
_LABELS = ("기쁨", "슬픔", "분노")
_MB = 1_000_000
_NAME = "benchmarks.scale"  # it is imported by the processes that it starts


def main() -> None:
    """Prints a table of all sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=ROWS, metavar="ROWS")
    parser.add_argument("--folder", type=Path, help="keep the made inputs there, and use them again")
    arguments = parser.parse_args()
    console.line(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {_WORKERS} workers")
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        columns = {rows: measured(rows, Setup(folder)) for rows in arguments.rows}
    names = list(next(iter(columns.values())))
    console.table(
        "etl ingest, made-up rows, tagger whitespace",
        ["", *(f"{rows:,}" for rows in columns)],
        [[name, *(column[name] for column in columns.values())] for name in names],
    )


def measured(rows: int, setup: Setup) -> dict[str, float]:
    """The figures of one size; seconds are CPU seconds unless the name says otherwise."""
    source = make_input(_NAME, setup, "rows.jsonl", rows)
    run = run_case(Case(_NAME, "etl", source))
    console.note(f"{rows:,} rows: {run.work_seconds:,.0f} s, tree peak {run.tree_peak_bytes / _MB:,.0f} MB")
    return _figures(run, rows, source)


def _figures(run: Run, rows: int, source: Path) -> dict[str, float]:
    told = json.loads(Path(f"{source}.seconds.json").read_text(encoding="utf-8"))
    return {
        "raw MB": round(source.stat().st_size / _MB),
        "dataset MB": told.pop("dataset MB"),
        "seconds by the clock": round(run.work_seconds, 1),
        "seconds of the processors": round(run.cpu_seconds, 1),
        "… µs a row": round(run.cpu_seconds / rows * 1e6, 2),
        "peak MB (tree)": round(run.tree_peak_bytes / _MB),
        "bytes of peak a row": round(run.tree_peak_bytes / rows),
        **{name: round(seconds, 1) for name, seconds in told.items()},
    }


def etl(source: str, out: str) -> Path:
    """Runs ingest, and writes the time of each step beside the input."""
    import etl
    from etl import settings

    chosen = settings.load(
        None,
        {"tag.tagger": "whitespace", "table.text_column": "text", "table.label_column": "label"},
    )
    steps: dict[str, float] = {}
    near: list[float] = []
    marks: dict[str, float] = {}

    def progress(amount: int, description: str | None = None) -> None:
        del amount
        marks["written" if description == "writing" else "read"] = time.process_time()

    start = time.process_time()
    with _timed_steps(steps, near):
        etl.ingest([Path(source)], Path(out), chosen, workers=_WORKERS, progress=progress)
    told = {
        "reading, and all steps that see a batch": marks["read"] - start,
        **{f"· {name} (clock)": seconds for name, seconds in steps.items()},
        "keys: duplicates, conflicts, leaks": marks["written"] - marks["read"] - sum(near),
        "near join": sum(near),
        "writing": time.process_time() - marks["written"],
        "dataset MB": round(sum(path.stat().st_size for path in Path(out).rglob("*")) / _MB),
    }
    Path(f"{source}.seconds.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return Path(out)


@contextmanager
def _timed_steps(steps: dict[str, float], near: list[float]) -> Iterator[None]:
    """Times the steps; they are replaced by name where the pipeline looks them up.

    Steps run on several threads, so theirs are seconds by the clock, added up; the near join runs alone, so
    its are those of the processors.
    """
    from etl.ingestion import batches, pipeline
    from etl.similarity import nearest

    lock = threading.Lock()

    def count_step(name: str, seconds: float) -> None:
        with lock:
            steps[name] = steps.get(name, 0.0) + seconds

    def count_near(_: str, seconds: float) -> None:
        near.append(seconds)

    places: list[tuple[Any, str, Callable[[], float], Callable[[str, float], None]]] = [
        *((pipeline, name, time.perf_counter, count_step) for name in STEPS),
        *((batches, name, time.perf_counter, count_step) for name in ("count_filtered_tokens", "hash_rows")),
        (nearest, "nearest", time.process_time, count_near),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _, _ in places]
    for module, name, clock, count in places:
        setattr(module, name, _timed(getattr(module, name), clock, partial(count, name)))
    try:
        yield
    finally:
        for module, name, function in before:
            setattr(module, name, function)


def _timed(
    function: Callable[..., Any], clock: Callable[[], float], count: Callable[[float], None]
) -> Callable[..., Any]:
    @wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        start = clock()
        try:
            return function(*arguments, **named)
        finally:
            count(clock() - start)

    return run


def make(target: str, count: int) -> None:
    """Writes rows of made-up words with the frequencies of a language; some are (near-)duplicates."""
    import numpy as np

    rng = np.random.default_rng(7)
    words = _words(rng)
    with Path(target).open("w", encoding="utf-8") as stream:
        for start in range(0, count, _AT_A_TIME):
            texts = _texts(rng, words, min(_AT_A_TIME, count - start))
            labels = rng.integers(len(_LABELS), size=len(texts))
            stream.writelines(
                f'{{"text": "{text}", "label": "{_LABELS[label]}"}}\n'
                for text, label in zip(texts, labels, strict=True)
            )


def _words(rng: Any) -> list[str]:
    """Returns words of two to four syllables."""
    syllables = [chr(0xAC00 + int(code)) for code in rng.choice(11_172, _SYLLABLES, replace=False)]
    return [
        "".join(syllables[int(each)] for each in rng.random(int(size)) ** 2 * _SYLLABLES)
        for size in rng.integers(2, 5, _WORDS)
    ]


def _texts(rng: Any, words: list[str], count: int) -> list[str]:
    """Returns sentences of 4 to 14 words, on average 30 characters, the length of comments."""
    sizes = rng.integers(4, 15, count)
    # The n-th word is about 1/n as frequent as the first, as Zipf has it.
    chosen = iter((_WORDS ** rng.random(int(sizes.sum()))).astype(int) - 1)
    kinds = rng.random(count)
    texts: list[str] = []
    for size, kind in zip(sizes, kinds, strict=True):
        new = [words[next(chosen)] for _ in range(size)]
        if texts and kind < _DUPLICATES:
            texts.append(texts[int(kind / _DUPLICATES * len(texts))])
        elif texts and kind < _DUPLICATES + _NEAR:
            old = texts[int((kind - _DUPLICATES) / _NEAR * len(texts))]
            texts.append(f"{old} {new[0]}")
        else:
            texts.append(" ".join(new))
    return texts


if __name__ == "__main__":
    main()
