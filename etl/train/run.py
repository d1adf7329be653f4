"""Trains a model on a dataset and scores it beside what it has to beat: what `etl train-baseline` does.

Puts the other modules together: which rows, when to stop, which epoch is kept, when nothing was learnt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from etl import vocab
from etl.dataset.read import open_dataset
from etl.errors import FindingsError, SettingsError
from etl.train import (
    baselines,
    batches,
    checkpoint,
    collapse,
    events,
    inputs,
    loop,
    metrics,
    mistakes,
    page,
    resume,
)
from etl.train.batches import Rows
from etl.train.collapse import Ground, Record
from etl.train.inputs import Inputs
from etl.train.loop import Training
from etl.train.metrics import Scores
from etl.train.resume import Progress
from etl.train.settings import TrainSettings

if TYPE_CHECKING:
    import torch

    from etl.train.model import Model

# On small data an epoch is a few steps, and some epochs without progress mean nothing.
STALLED_STEPS = 300


@dataclass(frozen=True)
class Report:
    """What a training run gave; `metrics.json` is this."""

    architecture: str
    held_out: str  # the split by which the epoch was chosen
    best_epoch: int
    max_len: int
    unknown_share: float  # of the tokens of that split
    empty_share: float  # of its rows: those without one known token
    epochs: list[Record]
    model: dict[str, Scores]  # by split
    tfidf: dict[str, Scores]  # TF-IDF with logistic regression
    constant: dict[str, Scores]
    warnings: list[str]


@dataclass(frozen=True)
class Watcher:
    """Who is told how training goes."""

    on_epoch: Callable[[Record], None] = lambda _record: None
    on_batch: Callable[[int, float], None] = lambda _epoch, _share: None
    on_note: Callable[[str], None] = lambda _note: None


def train(
    dataset: Path,
    out: Path,
    settings: TrainSettings | None = None,
    *,
    device: str = "auto",
    is_resuming: bool = False,
    is_quoting: bool = False,
    workers: int = 1,
    watcher: Watcher | None = None,
) -> Report:
    """Trains the baseline on `dataset` and writes the model folder `out`.

    Args:
        dataset: a folder that `etl ingest` wrote, with a vocabulary.
        out: a new folder, or an older model, which is replaced.
        settings: the defaults, if None.
        device: auto, cpu or cuda.
        is_resuming: goes on from the last whole epoch of a run that was interrupted, if there is one.
        is_quoting: the report quotes the sentences of the mistakes that it shows.
        workers: tagging processes, where all tokens are asked for.
        watcher: told of epochs and batches.

    Raises:
        SettingsError: `out` is something else, there are no held-out rows, there is no such device, or the
            interrupted run had other settings.
        InputError: the dataset or its vocabulary is missing, damaged, or of another dataset.
        FindingsError: the model learnt nothing; no model is written.
        WriteError: `out` cannot be written.
    """
    settings, watcher = settings or TrainSettings(), watcher or Watcher()
    checkpoint.check_target(out)
    target = _device(device)
    read = inputs.read(open_dataset(dataset), settings.tokens, workers)
    settings = msgspec.structs.replace(
        settings, max_len=settings.max_len or batches.percentile_length(read.train)
    )
    constant = baselines.constant_scores(read)
    ground = _ground(read, constant[read.chooses], settings)
    with loop.deterministic(settings.seed):
        training = Training(_model(read, settings).to(target), settings)
        progress = _fit(training, read, ground, out, watcher, is_resuming=is_resuming)
        model = training.model
        probabilities = {
            split: loop.predict(model, rows, settings.max_len or 1) for split, rows in read.held_out.items()
        }
    watcher.on_note("comparing with TF-IDF and logistic regression")
    assert progress.best is not None
    report = Report(
        architecture=settings.model,
        held_out=read.chooses,
        best_epoch=progress.best.epoch,
        max_len=settings.max_len or 0,
        unknown_share=ground.unknown_share,
        empty_share=ground.empty_share,
        epochs=progress.records,
        model={
            split: metrics.score(scored, rows.labels, rows.sources, read.dataset.labels)
            for (split, rows), scored in zip(read.held_out.items(), probabilities.values(), strict=True)
        },
        tfidf=baselines.tfidf_scores(read),
        constant=constant,
        warnings=_warnings(progress.records, read.held_out),
    )
    wrong = mistakes.find(read, read.chooses, probabilities[read.chooses], is_quoting=is_quoting)
    contents = {
        checkpoint.METRICS: to_json(report),
        page.FILE: page.render(out.resolve().name, settings, read.dataset.labels, report, wrong).encode(),
        **events.files(resume.folder_of(out)),
    }
    checkpoint.save(out, model, settings, read, contents)
    resume.remove(out)
    return report


def evaluate(model: Path, dataset: Path, split: str) -> Scores:
    """Scores a saved model on one split of the dataset it was trained on.

    Raises:
        InputError: the model or the dataset is damaged, or they do not belong together.
    """
    source = open_dataset(dataset)
    loaded = checkpoint.load(model)
    checkpoint.check_belongs(loaded, source)
    rows = inputs.read_split(source, split, loaded.preparation, loaded.vocabulary)
    return evaluate_rows(loaded.model, rows, source.labels, loaded.card.settings)


def evaluate_rows(model: Model, rows: Rows, labels: list[str], settings: TrainSettings) -> Scores:
    """Scores `model` on rows; `settings` has `max_len` set."""
    scored = loop.predict(model, rows, settings.max_len or int(rows.lengths.max()))
    return metrics.score(scored, rows.labels, rows.sources, labels)


def to_json(report: Report) -> bytes:
    """The content of `metrics.json`."""
    return msgspec.json.format(msgspec.json.encode(report)) + b"\n"


def _fit(
    training: Training, read: Inputs, ground: Ground, out: Path, watcher: Watcher, *, is_resuming: bool
) -> Progress:
    """Trains until macro-F1 has stalled, and leaves in the model the weights of the best epoch."""
    import numpy as np

    settings, rows, labels = training.settings, read.held_out[read.chooses], read.dataset.labels
    belongs = checkpoint.manifest_sha256(read.dataset), vocab.sha256(read.vocabulary)
    progress = _start(training, out, belongs, watcher, is_resuming=is_resuming)
    weights = np.array(baselines.label_weights(read.train, len(labels))) if settings.class_weights else None
    passes = loop.epochs(training, read.train, rows, weights, watcher.on_batch)
    with events.writing(resume.folder_of(out), progress.records) as log:
        while not _has_stalled(progress, settings) and (epoch := next(passes, None)):
            scores = metrics.score(epoch.log_probabilities, rows.labels, rows.sources, labels)
            record = Record(epoch.number, epoch.steps, epoch.train_loss, epoch.gradient_norm, scores)
            progress.records.append(record)
            log(record)
            watcher.on_epoch(record)
            _stop_if_collapsed(progress.records, ground, out)
            if progress.best is None or _rank(scores) > _rank(progress.best.scores):
                progress.best = record
                progress.weights = {
                    name: tensor.detach().clone() for name, tensor in training.model.state_dict().items()
                }
            resume.save(out, training, progress, *belongs)
    assert progress.best is not None
    _stop_if_collapsed(progress.records, ground, out, progress.best)
    training.model.load_state_dict(progress.weights)
    return progress


def _start(
    training: Training, out: Path, belongs: tuple[str, str], watcher: Watcher, *, is_resuming: bool
) -> Progress:
    """What an interrupted run had reached, or nothing yet."""
    if is_resuming:
        progress = resume.load(out, training, *belongs)
        if progress is not None:
            watcher.on_note(f"going on after epoch {training.epoch} of the run that was interrupted")
            return progress
        watcher.on_note("no run of this model was interrupted: training from the beginning")
    elif resume.folder_of(out).exists():
        watcher.on_note("a run of this model was interrupted; --resume would have gone on from there")
    resume.remove(out)
    return Progress([], None, {})


def _rank(scores: Scores) -> tuple[float, float]:
    """Macro-F1 chooses the epoch; of two with the same, the one that is more sure of what is right."""
    return scores.macro_f1, -scores.loss


def _has_stalled(progress: Progress, settings: TrainSettings) -> bool:
    if progress.best is None:
        return False
    latest, highest = progress.records[-1], progress.best.scores.macro_f1
    best = next(record for record in progress.records if record.scores.macro_f1 == highest)
    return latest.epoch - best.epoch >= settings.patience and latest.steps - best.steps >= STALLED_STEPS


def _stop_if_collapsed(records: list[Record], ground: Ground, out: Path, best: Record | None = None) -> None:
    """There is nothing to go on from in a run that learnt nothing."""
    try:
        if best is None:
            collapse.check_epoch(records, ground)
        else:
            collapse.check_outcome(records, best, ground)
    except FindingsError:
        resume.remove(out)
        raise


def _model(read: Inputs, settings: TrainSettings) -> Model:
    from etl.train import model

    if settings.model == "transformer" and settings.hidden % model.TRANSFORMER_HEADS:
        raise SettingsError(
            "the width of a transformer is divided among its heads",
            details=[
                f"expected --hidden to be a multiple of {model.TRANSFORMER_HEADS}, got {settings.hidden}"
            ],
            next_step="train with `--hidden 128`",
        )
    return model.build(len(read.vocabulary), len(read.dataset.labels), settings)


def _ground(read: Inputs, constant: Scores, settings: TrainSettings) -> Ground:
    prior = metrics.log_prior(read.train.labels, len(read.dataset.labels))
    rows = read.held_out[read.chooses]
    return Ground(
        dataset=read.dataset.path,
        constant=constant,
        train_entropy=metrics.cross_entropy(prior, read.train.labels),
        lr=settings.lr,
        unknown_share=rows.unknown_share,
        empty_share=rows.empty_share,
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
