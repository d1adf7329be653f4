"""Trains several kinds of models on a dataset and keeps the best: `etl train-baseline --model auto`.

What is trained is decided by counting tokens, not by a clock, so that the same dataset gives the same model.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from etl.dataset import staging
from etl.dataset.read import Dataset, open_dataset
from etl.errors import FindingsError
from etl.language.message import tr
from etl.models import card as cards
from etl.models.baseline import train as networks
from etl.models.baseline.checkpoint import save_baseline
from etl.models.baseline.settings import Architecture, TrainSettings
from etl.models.baseline.tokens import read_token_inputs
from etl.models.linear import train as linear_models
from etl.models.linear.checkpoint import save_linear
from etl.models.linear.settings import LinearSettings
from etl.models.training import collapse, events, loop, references, state
from etl.models.training import report as reports
from etl.models.training.fit import Watcher, fit_and_predict, report_files
from etl.models.training.references import LogProbabilities
from etl.models.training.settings import Device
from etl.models.training.state import RunProgress
from etl.runtime.paths import local_path
from etl.settings import PathLike

if TYPE_CHECKING:
    from etl.models.baseline.network import Model
    from etl.models.training.inputs import Inputs
    from etl.models.training.report import Report

# In this order, as long as the tokens last; the linear model comes first, and costs seconds.
NETWORKS: tuple[Architecture, ...] = ("bilstm", "cnn")
# Tokens that all networks may read, in all their epochs: about a minute of one core.
MOST_TOKENS = 2_500_000


@dataclass(frozen=True)
class _Network:
    """A trained network, the settings it was trained with, and its predictions."""

    model: Model
    settings: TrainSettings
    progress: RunProgress
    predicted: LogProbabilities
    events: dict[str, bytes]


def train_best(
    dataset: PathLike | Dataset,
    out: PathLike,
    settings: TrainSettings | None = None,
    *,
    device: Device = "auto",
    most_tokens: int = MOST_TOKENS,
    show_text: bool = False,
    watcher: Watcher | None = None,
) -> Report:
    """Trains a linear model and the networks that take about a minute, and writes the best into `out`.

    The best has the highest macro-F1 on validation; the report says by how much, and how sure that is.

    Args:
        dataset: a folder that `etl ingest` wrote, with a vocabulary.
        out: a new folder, or an older model, which is replaced.
        settings: of the networks, whose `model` is not read; the defaults, if None.
        device: auto, cpu or cuda.
        most_tokens: how many all networks together may read, in all their epochs.
        show_text: quote the sentences of mistakes in `report.html`.
        watcher: follows the run.

    Returns:
        The scores of the best model, of the others, and of the predictors that it has to beat.

    Raises:
        SettingsError: `out` is something else, there are no held-out rows, or there is no such device.
        InputError: the dataset or its vocabulary is missing, damaged, or of another dataset.
        FindingsError: the best model learnt nothing; no model is written.
        LockError: another run trains a model into `out`.
        WriteError: `out` cannot be written.
    """
    settings, out, watcher = settings or TrainSettings(), local_path(out), watcher or Watcher()
    cards.check_target(out)
    with staging.lock_target(out, "etl train-baseline"):
        loop.find_device(device)
        source = open_dataset(dataset)
        inputs = read_token_inputs(source, settings.tokens, workers=os.cpu_count() or 1)
        collapse.check_labels(inputs)
        linear_settings = LinearSettings(settings.tokens, settings.class_weights)
        watcher.on_note(tr("choosing among linear models"))
        linear = references.find_linear(inputs, class_weights=settings.class_weights)
        trained = _train_networks(inputs, settings, device, out, watcher, most_tokens)
        predicted = {"linear": linear.predicted, **{name: own.predicted for name, own in trained.items()}}
        best = _find_best(inputs, predicted)
        watcher.on_note(
            tr(
                "keeping {best}, the best on {split}",
                best=best,
                split=inputs.selection_split,
            )
        )
        others = {name: predicted[name] for name in trained if name != best}
        if best == "linear":
            report, contents = linear_models.report_linear(
                inputs, linear, out, candidates=others, show_text=show_text
            )
            save_linear(
                out, linear.model, linear.encoder, linear_settings, inputs, contents, report.thresholds
            )
            return report
        network = trained[best]
        report = reports.make_report(
            inputs,
            networks.make_reference(inputs, network.settings),
            network.progress,
            network.predicted,
            architecture=best,
            max_len=network.settings.max_len or 1,
            linear=linear.predicted,
            candidates=others,
        )
        contents = report_files(report, inputs, network.predicted, out, show_text=show_text)
        contents = {**contents, **network.events}
        save_baseline(out, network.model, network.settings, inputs, contents, report.thresholds)
        return report


def _train_networks(
    inputs: Inputs, settings: TrainSettings, device: Device, out: Path, watcher: Watcher, most_tokens: int
) -> dict[str, _Network]:
    """Trains the networks for which the tokens last."""
    trained: dict[str, _Network] = {}
    left = most_tokens
    cost = int(inputs.train.lengths.sum()) * settings.epochs
    for architecture in NETWORKS:
        if cost > left:
            watcher.on_note(
                tr(
                    "{architecture} is left out: it would read {cost:,} tokens, and {left:,} are left "
                    "for it; `--model {architecture}` trains it",
                    architecture=architecture,
                    cost=cost,
                    left=left,
                )
            )
            continue
        left -= cost
        watcher.on_note(tr("training {architecture}", architecture=architecture))
        own = networks.complete_settings(inputs, msgspec.structs.replace(settings, model=architecture))
        try:
            trained[architecture] = _train_network(inputs, own, device, out, watcher)
        except FindingsError as error:
            watcher.on_note(
                tr("{architecture} is left out: {what}", architecture=architecture, what=error.what)
            )
        finally:
            state.remove_run(out)
    return trained


def _train_network(
    inputs: Inputs, settings: TrainSettings, device: Device, out: Path, watcher: Watcher
) -> _Network:
    with loop.deterministic(settings.seed):
        model = networks.build(inputs, settings).to(loop.find_device(device))
        progress, predicted = fit_and_predict(
            networks.start_training(model, settings),
            inputs,
            networks.make_reference(inputs, settings),
            out,
            watcher,
            resume=False,
        )
    return _Network(model, settings, progress, predicted, events.read_events(state.run_folder(out)))


def _find_best(inputs: Inputs, predicted: dict[str, LogProbabilities]) -> str:
    """Returns the name with the highest macro-F1 on the split that selects; the first of equals."""
    split = inputs.selection_split
    return max(predicted, key=lambda name: references.score_all(inputs, predicted[name])[split].macro_f1)
