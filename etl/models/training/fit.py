"""Trains a model until it no longer improves, or until it is seen to learn nothing; keeps its best epoch.

All kinds of models are trained here: see `etl.models.baseline.train` and `etl.models.fine_tuned.train`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from etl.errors import FindingsError
from etl.language.message import tr
from etl.models.training import (
    collapse,
    events,
    loop,
    mistakes,
    references,
    report_html,
    scoring,
    state,
)
from etl.models.training import report as reports
from etl.models.training.collapse import Record, Reference
from etl.models.training.inputs import Inputs
from etl.models.training.loop import Training
from etl.models.training.metrics import Scores
from etl.models.training.references import LogProbabilities
from etl.models.training.report import Report
from etl.models.training.settings import LoopSettings
from etl.models.training.state import RunProgress

# On small data an epoch has few steps, and some epochs without progress mean nothing.
STALLED_STEPS = 300


@dataclass(frozen=True)
class Watcher:
    """Callbacks that follow a training run: after an epoch, after a batch (epoch, share done), for a note."""

    on_epoch: Callable[[Record], None] = lambda _record: None
    on_batch: Callable[[int, float], None] = lambda _epoch, _share: None
    on_note: Callable[[str], None] = lambda _note: None


def fit(
    training: Training, inputs: Inputs, reference: Reference, out: Path, watcher: Watcher, *, resume: bool
) -> RunProgress:
    """Trains until macro-F1 has stalled, and leaves the weights of the best epoch in the model.

    Args:
        training: its model on the device it is to be trained on; its settings with `max_len` set.
        inputs: the rows.
        reference: the scores to beat.
        out: the folder of the model; the state of the run is kept beside it.
        watcher: follows the run.
        resume: continue after the last whole epoch of an interrupted run, if there is one.

    Returns:
        The records of all epochs, and the best one.

    Raises:
        SettingsError: the interrupted run had other settings, or another dataset.
        InputError: its state is damaged, or the rows do not fit the model.
        FindingsError: the model learnt nothing.
        WriteError: the state cannot be written.
    """
    settings, rows = training.settings, inputs.held_out[inputs.selection_split]
    labels = inputs.dataset.labels
    progress = _start(training, inputs, out, watcher, resume=resume)
    weights = references.weigh_labels(inputs.train, len(labels)) if settings.class_weights else None
    epochs = loop.epochs(training, inputs.train, rows, weights, watcher.on_batch)
    with events.open_events(state.run_folder(out), progress.records) as write_event:
        while not _has_stalled(progress, settings) and (epoch := next(epochs, None)):
            scores = scoring.score_rows(epoch.log_probabilities, rows, labels)
            weighted_loss = scoring.weigh_loss(epoch.log_probabilities, rows, weights)
            record = Record(
                epoch.number, epoch.steps, epoch.train_loss, epoch.gradient_norm, scores, weighted_loss
            )
            progress.records.append(record)
            write_event(record)
            watcher.on_epoch(record)
            _stop_if_collapsed(progress.records, reference, out)
            if progress.best is None or _rank(scores) > _rank(progress.best.scores):
                progress.best = record
                progress.weights = {
                    name: tensor.detach().clone() for name, tensor in training.outcome.state_dict().items()
                }
            state.save_state(out, training, progress, inputs)
    assert progress.best is not None
    _stop_if_collapsed(progress.records, reference, out, progress.best)
    training.model.load_state_dict(progress.weights)
    return progress


def fit_and_report(
    training: Training,
    inputs: Inputs,
    reference: Reference,
    out: Path,
    watcher: Watcher,
    *,
    architecture: str,
    resume: bool,
    show_text: bool,
) -> tuple[Report, dict[str, bytes]]:
    """Trains a model and scores it beside the predictors it has to beat.

    Args:
        training: see `fit`.
        inputs: see `fit`.
        reference: see `fit`.
        out: see `fit`.
        watcher: see `fit`.
        architecture: the name of the kind of network.
        resume: see `fit`.
        show_text: quote the sentences of mistakes in `report.html`.

    Returns:
        The report, and the files that lie beside the model: `metrics.json`, `report.html` and the events.

    Raises:
        EtlError: see `fit`.
    """
    progress, predicted = fit_and_predict(training, inputs, reference, out, watcher, resume=resume)
    watcher.on_note(tr("comparing with linear models"))
    report = reports.make_report(
        inputs,
        reference,
        progress,
        predicted,
        architecture=architecture,
        max_len=training.settings.max_len or 1,
    )
    contents = report_files(report, inputs, predicted, out, show_text=show_text)
    return report, {**contents, **events.read_events(state.run_folder(out))}


def fit_and_predict(
    training: Training, inputs: Inputs, reference: Reference, out: Path, watcher: Watcher, *, resume: bool
) -> tuple[RunProgress, LogProbabilities]:
    """Trains a model as `fit` does, and predicts the held-out rows with its best epoch."""
    progress = fit(training, inputs, reference, out, watcher, resume=resume)
    max_len = training.settings.max_len or 1
    return progress, {
        split: loop.predict_rows(training.model, rows, max_len) for split, rows in inputs.held_out.items()
    }


def report_files(
    report: Report, inputs: Inputs, predicted: LogProbabilities, out: Path, *, show_text: bool
) -> dict[str, bytes]:
    """Returns the files that lie beside every model: `metrics.json` and `report.html`.

    Args:
        report: of the run.
        inputs: the rows.
        predicted: log probabilities of the model, by split.
        out: the folder of the model.
        show_text: quote the sentences of mistakes.
    """
    split = inputs.selection_split
    wrong = mistakes.find_mistakes(inputs, split, predicted[split], show_text=show_text)
    page = report_html.render_report(out.resolve().name, inputs.dataset.labels, report, wrong)
    return {reports.FILE: reports.to_json(report), report_html.FILE: page.encode()}


def _start(training: Training, inputs: Inputs, out: Path, watcher: Watcher, *, resume: bool) -> RunProgress:
    """Returns the progress of the interrupted run that is resumed, or an empty one."""
    if resume:
        progress = state.load_state(out, training, inputs)
        if progress is not None:
            watcher.on_note(
                tr("going on after epoch {epoch} of the run that was interrupted", epoch=training.epoch)
            )
            return progress
        watcher.on_note(tr("no run of this model was interrupted: training from the beginning"))
    elif state.run_folder(out).exists():
        watcher.on_note(tr("a run of this model was interrupted; --resume would have gone on from there"))
    state.remove_run(out)
    return RunProgress([], None, {})


def _rank(scores: Scores) -> tuple[float, float]:
    """Macro-F1 selects the epoch; of two with the same, the one with the lower loss."""
    return scores.macro_f1, -scores.loss


def _has_stalled(progress: RunProgress, settings: LoopSettings) -> bool:
    if progress.best is None:
        return False
    latest, highest = progress.records[-1], progress.best.scores.macro_f1
    best = next(record for record in progress.records if record.scores.macro_f1 == highest)
    return latest.epoch - best.epoch >= settings.patience and latest.steps - best.steps >= STALLED_STEPS


def _stop_if_collapsed(
    records: list[Record], reference: Reference, out: Path, best: Record | None = None
) -> None:
    """Runs the collapse detector; a run that it stops cannot be resumed."""
    try:
        if best is None:
            collapse.check_epoch(records, reference)
        else:
            collapse.check_outcome(records, best, reference)
    except FindingsError:
        state.remove_run(out)
        raise
