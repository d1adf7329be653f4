"""A linear model as a folder without pickles.

`weights.safetensors`, `features.json`, and what every model has (`etl.models.baseline.checkpoint`).
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from etl.dataset import preparation, staging
from etl.errors import InputError
from etl.language.message import tr
from etl.models import card as cards
from etl.models.card import BASELINE_WEIGHTS, LinearCard
from etl.models.linear import features
from etl.models.linear.features import FeatureEncoder
from etl.models.linear.model import LinearModel
from etl.models.linear.settings import LinearSettings
from etl.models.training.inputs import Inputs
from etl.runtime.files import sha256_file


def save_linear(
    folder: Path,
    model: LinearModel,
    encoder: FeatureEncoder,
    settings: LinearSettings,
    inputs: Inputs,
    contents: dict[str, bytes],
    thresholds: list[float] | None = None,
) -> None:
    """Writes a model folder; an older model at the same path is replaced once the new one is complete.

    Args:
        folder: where; its parents are made.
        model: its weights.
        encoder: makes its ids.
        settings: of the run.
        inputs: what it was trained on.
        contents: further files by name.
        thresholds: of the labels of sets; None for one label a row.

    Raises:
        SettingsError: `folder` exists and is not a model.
        WriteError: it cannot be written.
    """
    from safetensors.numpy import save_file

    with staging.staging(folder, cards.FILE) as partial:
        save_file(vars(model), partial / BASELINE_WEIGHTS)
        encoder.save(partial)
        (partial / preparation.FILE).write_bytes(preparation.to_bytes(inputs.preparation))
        card = LinearCard(
            format=cards.FORMAT,
            kind="linear",
            settings=settings,
            labels=inputs.dataset.labels,
            vocabulary_size=len(encoder),
            files={path.name: sha256_file(path) for path in sorted(partial.iterdir())},
            taxonomy=inputs.dataset.manifest.taxonomy.name,
            manifest_sha256=cards.manifest_sha256(inputs.dataset),
            thresholds=msgspec.UNSET if thresholds is None else thresholds,
        )
        cards.write_files(partial, card, contents)


def load_linear(folder: Path, card: LinearCard) -> tuple[FeatureEncoder, LinearModel]:
    """Loads the features and the weights of a model whose card has been read.

    Raises:
        InputError: the features are damaged, or the weights do not fit the card and the features.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    advice = cards.advise_training(folder, card)
    encoder = features.read_features(folder / features.FILE, advice)
    n_ids, n_labels = len(encoder), len(card.labels)
    shapes = {"idf": (n_ids,), "weights": (n_ids, n_labels), "bias": (n_labels,)}
    try:
        tensors = load_file(folder / BASELINE_WEIGHTS)
        found = {name: tensor.shape for name, tensor in tensors.items() if tensor.dtype == np.float32}
        if found != shapes:
            raise ValueError(tr("expected float32 {expected}, got {got}", expected=shapes, got=found))
    except (SafetensorError, ValueError) as error:
        raise InputError(
            tr(
                "{path} does not fit {card} and {other}",
                path=folder / BASELINE_WEIGHTS,
                card=cards.FILE,
                other=features.FILE,
            ),
            details=[error],
            cause=tr("A file was edited, or copied from another model."),
            next_step=advice,
        ) from error
    return encoder, LinearModel(**tensors)
