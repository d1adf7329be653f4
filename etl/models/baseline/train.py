"""Trains a baseline on a dataset and scores it beside the predictors that it has to beat."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from etl.dataset import staging
from etl.dataset.read import Dataset, open_dataset
from etl.errors import SettingsError
from etl.language.message import tr
from etl.models import card as cards
from etl.models.baseline.checkpoint import save_baseline
from etl.models.baseline.settings import TrainSettings
from etl.models.baseline.shapes import TRANSFORMER_HEADS
from etl.models.baseline.tokens import read_token_inputs
from etl.models.training import batches, collapse, loop, state
from etl.models.training.collapse import Advice, Reference
from etl.models.training.fit import Watcher, fit_and_report
from etl.models.training.inputs import Inputs
from etl.models.training.loop import Training
from etl.models.training.report import Report
from etl.models.training.settings import Device, check_settings
from etl.runtime.paths import keep_compiled_code, local_path
from etl.settings import PathLike

if TYPE_CHECKING:
    from etl.models.baseline.network import Model


def train_network(
    dataset: PathLike | Dataset,
    out: PathLike,
    settings: TrainSettings | None = None,
    *,
    device: Device = "auto",
    resume: bool = False,
    show_text: bool = False,
    watcher: Watcher | None = None,
) -> Report:
    """Trains a small network on the tokens of a dataset and writes the model folder `out`.

    Args:
        dataset: a folder that `etl ingest` wrote, with a vocabulary.
        out: a new folder, or an older model, which is replaced.
        settings: the defaults, if None.
        device: auto, cpu or cuda.
        resume: continue after the last whole epoch of an interrupted run, if there is one.
        show_text: quote the sentences of mistakes in `report.html`.
        watcher: follows the run.

    Returns:
        The scores of the model and of the predictors that it has to beat.

    Raises:
        SettingsError: a setting is out of its limits, `out` is something else, there are no held-out rows,
            there is no such device, or the interrupted run had other settings.
        InputError: the dataset or its vocabulary is missing, damaged, or of another dataset.
        FindingsError: the model learnt nothing; no model is written.
        LockError: another run trains a model into `out`.
        WriteError: `out` cannot be written.
    """
    settings, out = check_settings(settings or TrainSettings()), local_path(out)
    cards.check_target(out)
    with staging.lock_target(out, "etl train-baseline"):
        keep_compiled_code()
        target = loop.find_device(device)
        source = open_dataset(dataset)
        inputs = read_token_inputs(source, settings.tokens, workers=os.cpu_count() or 1)
        settings = complete_settings(inputs, settings)
        with loop.deterministic(settings.seed):
            model = build(inputs, settings).to(target)
            report, contents = fit_and_report(
                start_training(model, settings),
                inputs,
                make_reference(inputs, settings),
                out,
                watcher or Watcher(),
                architecture=settings.model,
                resume=resume,
                show_text=show_text,
            )
        save_baseline(out, model, settings, inputs, contents, report.thresholds)
        state.remove_run(out)
        return report


def complete_settings(inputs: Inputs, settings: TrainSettings) -> TrainSettings:
    """Returns the settings with `max_len` set: by default, to the length of nearly all training rows."""
    max_len = settings.max_len or batches.percentile_length(inputs.train)
    return msgspec.structs.replace(settings, max_len=max_len)


def make_reference(inputs: Inputs, settings: TrainSettings) -> Reference:
    """Returns the scores that a network has to beat, with what to advise where it does not."""
    advice = Advice(
        lr=TrainSettings().lr,
        unknown=tr(
            "keep rare tokens with `etl build-vocab {dataset} --min-count 1`, or ingest with another tagger",
            dataset=inputs.dataset.path,
        ),
    )
    return collapse.make_reference(inputs, settings.lr, advice, class_weights=settings.class_weights)


def start_training(model: Model, settings: TrainSettings) -> Training:
    """Returns the training of a network before its first epoch.

    Args:
        model: on the device it is to be trained on.
        settings: with `max_len` set.
    """
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    average = None
    if settings.averaging:
        # Once an epoch, not at every step: that would touch the whole embedding.
        decay = get_ema_multi_avg_fn(settings.averaging)
        average = AveragedModel(model, multi_avg_fn=decay)
    optimisers = [
        # Touches the rows of a step's tokens only.
        torch.optim.SparseAdam([model.embedding.weight], lr=settings.lr),
        torch.optim.Adam(loop.dense_parameters(model), lr=settings.lr, fused=True),
    ]
    return Training(model, settings, optimisers, average)


def build(inputs: Inputs, settings: TrainSettings) -> Model:
    """Returns the network of the settings, its weights drawn from torch's random generator.

    Raises:
        SettingsError: its sizes do not fit each other.
    """
    from etl.models.baseline import network

    if settings.model == "transformer" and settings.hidden % TRANSFORMER_HEADS:
        raise SettingsError(
            tr("the width of a transformer is divided among its heads"),
            details=[
                tr(
                    "expected --hidden to be a multiple of {heads}, got {hidden}",
                    heads=TRANSFORMER_HEADS,
                    hidden=settings.hidden,
                )
            ],
            next_step=tr("train with `--hidden 128`"),
        )
    return network.build_network(len(inputs.encoder), len(inputs.dataset.labels), settings)
