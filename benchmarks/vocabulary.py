"""Counts the tokens of real reviews for the vocabulary, against `collections.Counter` over Python lists."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Case, Setup, compared, make_input
from benchmarks.nsmc_growth import REVIEWS
from benchmarks.report import Comparison, Target, at_least_times

if TYPE_CHECKING:
    from etl.dataset.vocab import Vocabulary

ROWS = 290_000
RATE = 1_000_000
MIN_COUNT = 2
IMPORTS = {
    "counter": ("pyarrow.parquet",),
    "etl": ("polars", "etl.dataset.vocab", "etl.dataset.read"),
}


def run(setup: Setup) -> Comparison:
    """Checks that both sides give the same tokens in the same order, then times them."""
    title = "Vocabulary: tokens of real reviews to ids, against collections.Counter"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    dataset = make_input(__name__, setup, "dataset", setup.size(ROWS))
    with _one_thread():
        runs = compared({side: Case(__name__, side, dataset) for side in ("counter", "etl")}, setup)
    rows = int((dataset / "rows").read_text())
    rate = rows / median(each.work_seconds for each in runs["etl"])
    target = Target(
        "rate: train sentences a second on one core",
        f"at least {RATE:,}",
        f"{rate:,.0f}",
        rate,
        rate >= RATE,
    )
    return Comparison(title, runs, [target, at_least_times(1, runs["counter"], runs["etl"])])


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limits child processes to one core, as `collections.Counter` uses one."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    try:
        yield
    finally:
        del os.environ["POLARS_MAX_THREADS"]


def counter(source: str, _: str) -> list[tuple[str, int]]:
    """Runs the usual loop."""
    import pyarrow.parquet as pq

    counts: Counter[str] = Counter()
    for shard in sorted(Path(source).glob("data/train-*.parquet")):
        for tokens in pq.read_table(shard, columns=["tokens"])["tokens"].to_pylist():
            counts.update(tokens)
    kept = [(token, count) for token, count in counts.items() if count >= MIN_COUNT]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))


def etl(source: str, _: str) -> Vocabulary:
    """Runs `etl build-vocab` without writing the file."""
    from etl.dataset import vocab
    from etl.dataset.read import open_dataset

    return vocab.count_vocab(open_dataset(Path(source)), min_count=MIN_COUNT)


def counter_rows(pairs: list[tuple[str, int]]) -> Iterator[tuple[Any, ...]]:
    return iter(pairs)


def etl_rows(vocabulary: Vocabulary) -> Iterator[tuple[Any, ...]]:
    return iter(list(zip(vocabulary.tokens, vocabulary.counts, strict=True))[2:])


def make(target: str, count: int) -> None:
    """Writes a dataset of reviews, split at spaces."""
    import etl
    from etl.settings import Read, Settings, Tag

    settings = Settings(taxonomy="polarity3", read=Read(limit=count), tag=Tag(tagger="whitespace"))
    manifest = etl.ingest(
        [REVIEWS], Path(target), settings, workers=2, progress=lambda _amount, _what=None: None
    ).manifest
    (Path(target) / "rows").write_text(str(manifest.splits["train"].rows))
