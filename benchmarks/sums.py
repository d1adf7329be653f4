"""Builds a vocabulary and trains on real reviews, with each file compared with its sum and with none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Case, Setup, compared, make_input
from benchmarks.nsmc_growth import REVIEWS
from benchmarks.report import Comparison, at_most_times
from benchmarks.vocabulary import make as make_reviews

ROWS = 300_000
MOST = 1.03
EPOCHS = 2
_SIDES = ("vocabulary_as_found", "vocabulary_compared", "training_as_found", "training_compared")
IMPORTS = {
    side: ("polars", "etl.dataset.vocab")
    if side.startswith("vocabulary")
    else ("torch", "etl.models.baseline.train")
    for side in _SIDES
}


def run(setup: Setup) -> Comparison:
    """Checks that both sides give the same, then times them."""
    title = "Sums: whole runs that compare each file of the dataset, against runs that compare none"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    dataset = make_input(__name__, setup, "dataset", setup.size(ROWS))
    runs, targets = {}, []
    for what in ("vocabulary", "training"):
        pair = compared(
            {side: Case(__name__, side, dataset) for side in _SIDES if side.startswith(what)}, setup
        )
        as_found, with_sums = pair.values()
        runs |= pair
        targets.append(at_most_times(MOST, as_found, with_sums))
    return Comparison(title, runs, targets)


def make(target: str, count: int) -> None:
    """Writes a dataset of reviews, split at spaces, with its vocabulary."""
    from etl.dataset import vocab

    make_reviews(target, count)
    vocab.build_vocab(target)


def vocabulary_as_found(source: str, _: str) -> list[str]:
    return _build_vocabulary(source, is_as_found=True)


def vocabulary_compared(source: str, _: str) -> list[str]:
    return _build_vocabulary(source, is_as_found=False)


def training_as_found(source: str, out: str) -> list[str]:
    return _train(source, out, is_as_found=True)


def training_compared(source: str, out: str) -> list[str]:
    return _train(source, out, is_as_found=False)


def _build_vocabulary(source: str, *, is_as_found: bool) -> list[str]:
    from etl.dataset import vocab
    from etl.dataset.read import open_dataset

    return list(vocab.build_vocab(open_dataset(source, is_as_found=is_as_found)).tokens)


def _train(source: str, out: str, *, is_as_found: bool) -> list[str]:
    from etl.dataset.read import open_dataset
    from etl.models.baseline.settings import TrainSettings
    from etl.models.train import train

    train(
        open_dataset(source, is_as_found=is_as_found), Path(out), TrainSettings(epochs=EPOCHS), device="cpu"
    )
    return [(Path(out) / "weights.safetensors").read_bytes().hex()]


def _rows(result: list[str]) -> Iterator[tuple[Any, ...]]:
    return iter([(each,) for each in result])


vocabulary_as_found_rows = vocabulary_compared_rows = training_as_found_rows = training_compared_rows = _rows
