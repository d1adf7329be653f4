"""Trains the kind of model that its settings are of: the linear one by default, docs/baseline.md says why."""

from __future__ import annotations

from etl.dataset.read import Dataset
from etl.errors import SettingsError
from etl.language.message import tr
from etl.models.baseline.settings import TrainSettings
from etl.models.baseline.train import train_network
from etl.models.linear.settings import LinearSettings
from etl.models.linear.train import train_linear
from etl.models.training.fit import Watcher
from etl.models.training.report import Report
from etl.models.training.settings import Device
from etl.settings import PathLike


def train(
    dataset: PathLike | Dataset,
    out: PathLike,
    settings: LinearSettings | TrainSettings | None = None,
    *,
    device: Device = "auto",
    resume: bool = False,
    show_text: bool = False,
    watcher: Watcher | None = None,
) -> Report:
    """Trains a model on the tokens of a dataset and writes the model folder `out`.

    Args:
        dataset: a folder that `etl ingest` wrote, with a vocabulary.
        out: a new folder, or an older model, which is replaced.
        settings: of a linear model or of a network; the defaults of a linear model, if None.
        device: auto, cpu or cuda; a linear model is trained on the processor.
        resume: continue after the last whole epoch of an interrupted run of a network, if there is one.
        show_text: quote the sentences of mistakes in `report.html`.
        watcher: follows the run.

    Returns:
        The scores of the model and of the predictors that it has to beat.

    Raises:
        SettingsError: a setting is out of its limits or of another kind of model, `out` is something else,
            there are no held-out rows, there is no such device, or the interrupted run had other settings.
        InputError: the dataset or its vocabulary is missing, damaged, or of another dataset.
        FindingsError: the model learnt nothing; no model is written.
        LockError: another run trains a model into `out`.
        WriteError: `out` cannot be written.
    """
    if isinstance(settings, TrainSettings):
        return train_network(
            dataset, out, settings, device=device, resume=resume, show_text=show_text, watcher=watcher
        )
    check_linear([*(["device"] if device == "cuda" else []), *(["resume"] if resume else [])])
    return train_linear(dataset, out, settings, show_text=show_text, watcher=watcher)


def check_linear(names: list[str]) -> None:
    """Refuses options that a linear model does not have.

    Args:
        names: of what was asked for, as in Python.

    Raises:
        SettingsError: there are any.
    """
    if names:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in names)
        raise SettingsError(
            tr("a linear model has no such options"),
            details=[tr("got {options}", options=options)],
            cause=tr("They are of networks, and the default is a linear model."),
            next_step=tr(
                "leave them out, or train a network with `etl train-baseline DATASET --model bilstm`"
            ),
        )
