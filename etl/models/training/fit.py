"""Trains a model until it no longer gets better, or is seen to learn nothing; keeps its best epoch.

Used for every kind of model: `etl.models.baseline.train` and `etl.models.fine_tuned.train`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from etl.dataset import vocab
from etl.errors import FindingsError
from etl.models.baseline import checkpoint
from etl.models.baseline.settings import TrainSettings
from etl.models.training import collapse, events, loop, metrics, references, resume
from etl.models.training.collapse import Ground, Record
from etl.models.training.inputs import Inputs
from etl.models.training.loop import Training
from etl.models.training.metrics import Scores
from etl.models.training.resume import Progress

# On small data an epoch is a few steps, and some epochs without progress mean nothing.
STALLED_STEPS = 300


@dataclass(frozen=True)
class Watcher:
    """Who is told how training goes."""

    on_epoch: Callable[[Record], None] = lambda _record: None
    on_batch: Callable[[int, float], None] = lambda _epoch, _share: None
    on_note: Callable[[str], None] = lambda _note: None


def fit(
    training: Training, read: Inputs, ground: Ground, out: Path, watcher: Watcher, *, is_resuming: bool
) -> Progress:
    """Trains until macro-F1 has stalled, and leaves in the model the weights of the best epoch.

    Args:
        training: its model on the device it is to be trained on; its settings with `max_len` set.
        read: what is learnt from, and what chooses the epoch.
        ground: what the model has to beat.
        out: where the model will be; the state of the run is kept beside it.
        watcher: told of epochs and batches.
        is_resuming: goes on from the last whole epoch of a run that was interrupted, if there is one.

    Returns:
        The records of all epochs, and the best one.

    Raises:
        SettingsError: the interrupted run had other settings, or another dataset.
        InputError: its state is damaged, or the rows do not fit the model.
        FindingsError: the model learnt nothing.
        WriteError: the state cannot be written.
    """

    settings, rows, labels = training.settings, read.held_out[read.chooses], read.dataset.labels
    belongs = checkpoint.manifest_sha256(read.dataset), vocab.hash_vocab(read.vocabulary)
    progress = _start(training, out, belongs, watcher, is_resuming=is_resuming)
    weights = np.array(references.label_weights(read.train, len(labels))) if settings.class_weights else None
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
                    name: tensor.detach().clone() for name, tensor in training.outcome.state_dict().items()
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
