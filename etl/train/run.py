"""Trains a model on a dataset and scores it beside the constant predictor: what `etl train-baseline` does.

Puts the other modules together: which rows, when to stop, which epoch is kept, when nothing was learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from etl import vocab
from etl.dataset.read import Dataset, open_dataset
from etl.errors import InputError, SettingsError
from etl.train import batches, checkpoint, collapse, loop, metrics
from etl.train.batches import Rows
from etl.train.collapse import Ground, Record
from etl.train.metrics import Scores
from etl.train.settings import TrainSettings

if TYPE_CHECKING:
    import torch

    from etl.train.model import Lstm

# On small data an epoch is a few steps, and some epochs without progress mean nothing.
STALLED_STEPS = 300


@dataclass(frozen=True)
class Report:
    """What a training run gave; `metrics.json` is this."""

    held_out: str  # the split by which the epoch was chosen
    best_epoch: int
    max_len: int
    unknown_share: float  # of the tokens of that split
    empty_share: float  # of its rows: those without one known token
    epochs: list[Record]
    model: dict[str, Scores]  # by split
    constant: dict[str, Scores]
    warnings: list[str]


def train(
    dataset: Path,
    out: Path,
    settings: TrainSettings | None = None,
    *,
    device: str = "auto",
    on_epoch: Callable[[Record], None] = lambda _record: None,
    on_batch: Callable[[int, float], None] = lambda _epoch, _share: None,
) -> Report:
    """Trains the baseline on `dataset` and writes the model folder `out`.

    Args:
        dataset: a folder that `etl ingest` wrote, with a vocabulary.
        out: a new folder, or an older model, which is replaced.
        settings: the defaults, if None.
        device: auto, cpu or cuda.
        on_epoch: told of each epoch.
        on_batch: told the epoch and which share of it is done.

    Raises:
        SettingsError: `out` is something else, there are no held-out rows, or there is no such device.
        InputError: the dataset or its vocabulary is missing, damaged, or of another dataset.
        FindingsError: the model learnt nothing; no model is written.
        WriteError: `out` cannot be written.
    """
    from etl.train.model import Lstm

    settings = settings or TrainSettings()
    checkpoint.check_target(out)
    target = _device(device)
    source = open_dataset(dataset)
    vocabulary = vocab.load_for(source)
    learnt = batches.read_rows(source, "train", vocabulary)
    if not len(learnt):
        raise InputError(f"{dataset} has no training rows", next_step=f"see why with `etl rejects {dataset}`")
    splits = _held_out(source, vocabulary)
    held_out = next(iter(splits))
    settings = msgspec.structs.replace(
        settings, max_len=settings.max_len or batches.percentile_length(learnt)
    )
    constant = {split: _constant_scores(learnt, rows, source.labels) for split, rows in splits.items()}
    ground = _ground(source, learnt, splits[held_out], constant[held_out], settings)
    with loop.deterministic(settings.seed):
        model = Lstm(len(vocabulary), len(source.labels), settings).to(target)
        passes = loop.epochs(model, learnt, splits[held_out], settings, on_batch)
        records, best = _fit(
            model, passes, splits[held_out], source.labels, ground, settings.patience, on_epoch
        )
    report = Report(
        held_out=held_out,
        best_epoch=best.epoch,
        max_len=settings.max_len or 0,
        unknown_share=ground.unknown_share,
        empty_share=ground.empty_share,
        epochs=records,
        model={split: evaluate_rows(model, rows, source.labels, settings) for split, rows in splits.items()},
        constant=constant,
        warnings=_warnings(records, splits),
    )
    checkpoint.save(out, model, settings, source, to_json(report))
    return report


def evaluate(model: Path, dataset: Path, split: str) -> Scores:
    """Scores a saved model on one split of the dataset it was trained on.

    Raises:
        InputError: the model or the dataset is damaged, or they do not belong together.
    """
    source = open_dataset(dataset)
    loaded = checkpoint.load(model)
    checkpoint.check_belongs(loaded, source)
    rows = batches.read_rows(source, split, loaded.vocabulary)
    return evaluate_rows(loaded.model, rows, source.labels, loaded.card.settings)


def evaluate_rows(model: Lstm, rows: Rows, labels: list[str], settings: TrainSettings) -> Scores:
    """Scores `model` on rows; `settings` has `max_len` set."""
    scored = loop.predict(model, rows, settings.max_len or int(rows.lengths.max()))
    return metrics.score(scored, rows.labels, rows.sources, labels)


def to_json(report: Report) -> bytes:
    """The content of `metrics.json`."""
    return msgspec.json.format(msgspec.json.encode(report)) + b"\n"


def _fit(
    model: Lstm,
    passes: Iterator[loop.Epoch],
    held_out: Rows,
    labels: list[str],
    ground: Ground,
    patience: int,
    on_epoch: Callable[[Record], None],
) -> tuple[list[Record], Record]:
    """Trains until macro-F1 has stalled, and leaves in `model` the weights of the best epoch."""
    records: list[Record] = []
    best: Record | None = None
    weights: dict[str, torch.Tensor] = {}
    for epoch in passes:
        scores = metrics.score(epoch.log_probabilities, held_out.labels, held_out.sources, labels)
        record = Record(epoch.number, epoch.steps, epoch.train_loss, scores)
        records.append(record)
        on_epoch(record)
        collapse.check_epoch(records, ground)
        if best is None or scores.macro_f1 > best.scores.macro_f1:
            best = record
            weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        elif record.epoch - best.epoch >= patience and record.steps - best.steps >= STALLED_STEPS:
            break
    assert best is not None
    collapse.check_outcome(records, best, ground)
    model.load_state_dict(weights)
    return records, best


def _held_out(dataset: Dataset, vocabulary: vocab.Vocabulary) -> dict[str, Rows]:
    """The splits that are not learnt from, those without rows left out; the first one chooses the epoch."""
    read = {split: batches.read_rows(dataset, split, vocabulary) for split in ("validation", "test")}
    splits = {split: rows for split, rows in read.items() if len(rows)}
    if not splits:
        raise SettingsError(
            f"{dataset.path} has neither validation nor test rows",
            details=["expected rows that are not learnt from: nothing else tells whether a model learns"],
            cause="The corpora have no official split, or split.validation and split.test are 0.",
            next_step="ingest again with `--split grouped`, and split.validation above 0 in etl.yaml",
        )
    return splits


def _constant_scores(learnt: Rows, rows: Rows, labels: list[str]) -> Scores:
    import numpy as np

    prior = metrics.log_prior(learnt.labels, len(labels))
    return metrics.score(np.tile(prior, (len(rows), 1)), rows.labels, rows.sources, labels)


def _ground(
    dataset: Dataset, learnt: Rows, held_out: Rows, constant: Scores, settings: TrainSettings
) -> Ground:
    prior = metrics.log_prior(learnt.labels, len(dataset.labels))
    return Ground(
        dataset=dataset.path,
        constant=constant,
        train_entropy=metrics.cross_entropy(prior, learnt.labels),
        lr=settings.lr,
        unknown_share=held_out.unknown_share,
        empty_share=held_out.empty_share,
    )


def _warnings(records: list[Record], splits: dict[str, Rows]) -> list[str]:
    warnings = []
    if collapse.is_too_short(records):
        warnings.append(
            f"only {records[-1].steps:,} steps of training: too few to say whether the model learns; "
            "raise --epochs or lower --batch-size"
        )
    if "validation" not in splits:
        warnings.append(
            "no validation rows: the epoch was chosen by the test rows, so their scores flatter the model"
        )
    return warnings


def _device(name: str) -> torch.device:
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise SettingsError(
            "this machine has no GPU that torch can use", next_step="train with `--device auto`"
        )
    return torch.device(name)
