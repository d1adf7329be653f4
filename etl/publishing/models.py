"""The model of a version, and its exports: made with the dataset, listed in its manifest, published with it.

A version is named after its manifest, so one with another model is another version, and all that holds for
the files of a dataset holds for those of the model: shared, compared, uploaded, rolled back and pruned.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from etl.dataset import manifest
from etl.dataset.guards import Guard, Objection
from etl.dataset.manifest import MANIFEST, read_manifest
from etl.dataset.read import open_dataset
from etl.errors import EtlError, SettingsError
from etl.language.message import tr
from etl.models.baseline.settings import Architecture, TrainSettings
from etl.models.export.options import Format
from etl.models.linear.settings import LinearSettings
from etl.settings import Positive, Refresh, Tokens
from etl.storage.versions.sharing import copy_tree
from etl.user_files.key_errors import describe

_log = logging.getLogger(__name__)

MODEL, EXPORT = "model", "export"
MACRO_F1 = "macro_f1"


class ModelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model that a refresh trains, `refresh.train`: options of `etl train-baseline`."""

    model: Literal["linear", "auto", Architecture] = "linear"
    tokens: Tokens = "key"
    class_weights: bool = False
    epochs: Positive = 20
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] = 42


class Deliverables(msgspec.Struct, frozen=True):
    """What is published with a dataset: a model, or none, and its exports."""

    train: ModelSettings | None = None
    export: tuple[Format, ...] = ()


def read_deliverables(refresh: Refresh) -> Deliverables:
    """Reads `refresh.train` and `refresh.export` of an `etl.yaml`.

    Raises:
        SettingsError: a key or a value is wrong, or there are exports without a model.
    """
    written = {"train": refresh.train, "export": refresh.export}
    try:
        chosen = msgspec.convert(written, Deliverables)
    except msgspec.ValidationError as error:
        raise SettingsError(
            tr("refresh.train or refresh.export cannot be used"),
            details=[describe(error, written, Deliverables)],
            next_step=tr("compare it with the commented file that `etl init` writes."),
        ) from error
    if chosen.export and chosen.train is None:
        raise SettingsError(
            tr("refresh.export is set, and refresh.train is not"),
            details=[tr("got export: [{formats}], and no model to export", formats=", ".join(chosen.export))],
            next_step=tr("set `train: {model: linear}` in the section `refresh` of etl.yaml."),
        )
    return chosen


def remove_model(dataset: Path, *names: str) -> None:
    """Removes `model`, `export`, or both, from a dataset and its manifest.

    Raises:
        OSError: it cannot be written.
    """
    for name in names:
        shutil.rmtree(dataset / name, ignore_errors=True)
    list_model(dataset)


def list_model(dataset: Path) -> None:
    """Lists in the manifest of a dataset the files of the model and the exports that are there.

    Raises:
        OSError: it cannot be written.
    """
    before = read_manifest(dataset)
    names = [
        path.relative_to(dataset).as_posix()
        for name in (MODEL, EXPORT)
        for path in (dataset / name).rglob("*")
        if path.is_file()
    ]
    now = manifest.without_model(before).with_files(manifest.describe_files(dataset, *names))
    if now != before:
        (dataset / f".{MANIFEST}.next").write_bytes(manifest.to_bytes(now))
        (dataset / f".{MANIFEST}.next").replace(dataset / MANIFEST)


def take_over(dataset: Path, version: Path, name: str) -> bool:
    """Takes `model` or `export` of a version, unless it is there; returns whether it is there now.

    Raises:
        OSError: it cannot be written.
    """
    if not (dataset / name).is_dir() and (version / name).is_dir():
        copy_tree(version / name, dataset / name)
    return (dataset / name).is_dir()


def train_model(dataset: Path, settings: ModelSettings) -> None:
    """Trains the model of a dataset.

    Raises:
        EtlError: see `etl.models.train.train`; FindingsError, if the model learnt nothing.
    """
    from etl.models.best import train_best
    from etl.models.train import train

    out = dataset / MODEL
    if settings.model == "linear":
        train(dataset, out, LinearSettings(settings.tokens, settings.class_weights))
        return
    network = TrainSettings(
        tokens=settings.tokens,
        class_weights=settings.class_weights,
        epochs=settings.epochs,
        seed=settings.seed,
    )
    if settings.model == "auto":
        train_best(dataset, out, network)
    else:
        train(dataset, out, msgspec.structs.replace(network, model=settings.model))


def export_model(dataset: Path, formats: tuple[Format, ...]) -> None:
    """Exports the model of a dataset, each format into a folder of its own.

    Raises:
        EtlError: see `etl.models.export.export.export`.
    """
    from etl.models.export.export import export

    for name in formats:
        export(dataset / MODEL, name, dataset / EXPORT / name, dataset=dataset)


def compare_with(dataset: Path, published: Path, guard: Guard | None) -> list[Objection]:
    """Returns what speaks against the model of a dataset: it is worse than the published one, beyond chance.

    Args:
        dataset: with its new model.
        published: the folder of the published version.
        guard: None: any model is as good.
    """
    if guard is None or not (published / MODEL).is_dir():
        return []
    from etl.models.gate import compare_models

    try:
        found = compare_models(dataset / MODEL, published / MODEL, open_dataset(dataset))
    except EtlError as error:
        _log.warning(tr("the published model is not compared with: {what}", what=error.what))
        return []
    if found is None:
        _log.warning(tr("the published model is not compared with: it has other labels, or no row tells"))
        return []
    drop = -found.difference
    if drop <= guard.threshold or found.high >= 0:
        return []
    message = tr(
        guard.message,
        number=drop,
        threshold=guard.threshold,
        split=found.split,
        low=-found.high,
        high=-found.low,
    )
    return [Objection(MACRO_F1, message, drop, guard.threshold)]
