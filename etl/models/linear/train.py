"""Trains a linear model on a dataset and scores it beside the predictors that it has to beat."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from etl.dataset import staging
from etl.dataset.read import Dataset, open_dataset
from etl.language.message import tr
from etl.models import card as cards
from etl.models.baseline.tokens import read_token_inputs
from etl.models.linear.checkpoint import save_linear
from etl.models.linear.settings import LinearSettings
from etl.models.training import collapse, references
from etl.models.training import report as reports
from etl.models.training.collapse import Advice
from etl.models.training.fit import Watcher, report_files
from etl.models.training.inputs import Inputs
from etl.models.training.references import Linear, LogProbabilities
from etl.models.training.report import Report
from etl.models.training.state import RunProgress
from etl.runtime.paths import local_path
from etl.settings import PathLike

ADVICE = Advice(lr=0.0, unknown="")


def train_linear(
    dataset: PathLike | Dataset,
    out: PathLike,
    settings: LinearSettings | None = None,
    *,
    show_text: bool = False,
    watcher: Watcher | None = None,
) -> Report:
    """Trains the strongest linear model on a dataset and writes the model folder `out`.

    Args:
        dataset: a folder that `etl ingest` wrote, with a vocabulary.
        out: a new folder, or an older model, which is replaced.
        settings: the defaults, if None.
        show_text: quote the sentences of mistakes in `report.html`.
        watcher: follows the run.

    Returns:
        The scores of the model and of the predictors that it has to beat.

    Raises:
        SettingsError: `out` is something else, or there are no held-out rows.
        InputError: the dataset or its vocabulary is missing, damaged, or of another dataset.
        FindingsError: the model learnt nothing; no model is written.
        LockError: another run trains a model into `out`.
        WriteError: `out` cannot be written.
    """
    settings, out = settings or LinearSettings(), local_path(out)
    cards.check_target(out)
    with staging.lock_target(out, "etl train-baseline"):
        source = open_dataset(dataset)
        inputs = read_token_inputs(source, settings.tokens, workers=os.cpu_count() or 1)
        collapse.check_labels(inputs)
        (watcher or Watcher()).on_note(tr("choosing among linear models"))
        linear = references.find_linear(inputs, class_weights=settings.class_weights)
        report, contents = report_linear(inputs, linear, out, candidates={}, show_text=show_text)
        save_linear(out, linear.model, linear.encoder, settings, inputs, contents, report.thresholds)
        return report


def report_linear(
    inputs: Inputs, linear: Linear, out: Path, *, candidates: Mapping[str, LogProbabilities], show_text: bool
) -> tuple[Report, dict[str, bytes]]:
    """Scores a linear model beside other predictors.

    Args:
        inputs: the rows.
        linear: the model and its predictions.
        out: the folder of the model.
        candidates: the predictions of networks that were trained and are not kept.
        show_text: quote the sentences of mistakes in `report.html`.

    Returns:
        The report, and the files that lie beside the model: `metrics.json` and `report.html`.

    Raises:
        FindingsError: the model learnt nothing.
    """
    reference = collapse.make_reference(inputs, 0.0, ADVICE)
    report = reports.make_report(
        inputs,
        reference,
        RunProgress([], None, {}),
        linear.predicted,
        architecture="linear",
        max_len=0,
        linear={},
        trials=linear.trials,
        candidates=candidates,
    )
    collapse.check_scores(report.model[inputs.selection_split], reference)
    return report, report_files(report, inputs, linear.predicted, out, show_text=show_text)
