"""Trains a model on a dataset and scores it beside what it has to beat: what `etl train-baseline` does.

Puts the other modules together: which rows, which model, how long (`fit`), what came of it (`reports`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from etl.dataset.read import open_dataset
from etl.errors import SettingsError
from etl.models.baseline import checkpoint
from etl.models.baseline.settings import TrainSettings
from etl.models.training import batches, collapse, inputs, loop, metrics, resume
from etl.models.training import report as reports
from etl.models.training.batches import Rows
from etl.models.training.collapse import Advice
from etl.models.training.fit import Watcher, fit
from etl.models.training.inputs import Inputs
from etl.models.training.loop import Training
from etl.models.training.metrics import Scores
from etl.models.training.report import Report

if TYPE_CHECKING:
    from etl.models.baseline.network import Model


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
    target = loop.device_named(device)
    read = inputs.read(open_dataset(dataset), settings.tokens, workers)
    settings = msgspec.structs.replace(
        settings, max_len=settings.max_len or batches.percentile_length(read.train)
    )
    advice = Advice(
        lr=TrainSettings().lr,
        unknown=f"keep rare tokens with `etl build-vocab {dataset} --min-count 1`, "
        "or ingest with another tagger",
    )
    ground = collapse.ground_of(read, settings.lr, advice)
    with loop.deterministic(settings.seed):
        training = Training(_model(read, settings).to(target), settings)
        progress = fit(training, read, ground, out, watcher, is_resuming=is_resuming)
        watcher.on_note("comparing with TF-IDF and logistic regression")
        report, probabilities = reports.report_on(training, read, ground, progress, settings.model)
    contents = reports.files(out, training, read, report, probabilities, is_quoting=is_quoting)
    checkpoint.save(out, training.model, settings, read, contents)
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


def _model(read: Inputs, settings: TrainSettings) -> Model:
    from etl.models.baseline import network as model

    if settings.model == "transformer" and settings.hidden % model.TRANSFORMER_HEADS:
        raise SettingsError(
            "the width of a transformer is divided among its heads",
            details=[
                f"expected --hidden to be a multiple of {model.TRANSFORMER_HEADS}, got {settings.hidden}"
            ],
            next_step="train with `--hidden 128`",
        )
    return model.build(len(read.vocabulary), len(read.dataset.labels), settings)
