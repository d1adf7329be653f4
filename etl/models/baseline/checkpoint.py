"""A baseline as a folder without pickles: `weights.safetensors`, `vocab.json`, and what every model has.

Every model has `model.json` (`etl.models.card`), `preparation.json`, `metrics.json`, `report.html` and
`tensorboard/`. A folder is complete or absent.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from etl.dataset import preparation, staging, vocab
from etl.errors import InputError
from etl.language.message import tr
from etl.models import card as cards
from etl.models.baseline.numpy_network import NumpyNetwork
from etl.models.baseline.settings import TrainSettings
from etl.models.baseline.shapes import Shapes, weight_shapes
from etl.models.baseline.tokens import TokenEncoder
from etl.models.card import BASELINE_WEIGHTS, BaselineCard
from etl.models.training.inputs import Inputs
from etl.runtime.files import sha256_file

if TYPE_CHECKING:
    from etl.models.baseline.network import Model


def save_baseline(
    folder: Path,
    model: Model,
    settings: TrainSettings,
    inputs: Inputs,
    contents: dict[str, bytes],
    thresholds: list[float] | None = None,
) -> None:
    """Writes a model folder; an older model at the same path is replaced once the new one is complete.

    Args:
        folder: where; its parents are made.
        model: its weights are saved from whatever device they are on.
        settings: with `max_len` set.
        inputs: what it was trained on.
        contents: further files by name: `metrics.json` at least.
        thresholds: of the labels of a model of sets.

    Raises:
        SettingsError: `folder` exists and is not a model.
        WriteError: it cannot be written.
    """
    from safetensors.torch import save

    dataset = inputs.dataset
    with staging.staging(folder, cards.FILE) as partial:
        weights = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
        (partial / BASELINE_WEIGHTS).write_bytes(save(weights))
        inputs.encoder.save(partial)
        (partial / preparation.FILE).write_bytes(preparation.to_bytes(inputs.preparation))
        card = BaselineCard(
            format=cards.FORMAT,
            settings=settings,
            labels=dataset.labels,
            vocabulary_size=len(inputs.encoder),
            vocabulary_sha256=sha256_file(partial / vocab.FILE),
            weights_sha256=sha256_file(partial / BASELINE_WEIGHTS),
            preparation_sha256=sha256_file(partial / preparation.FILE),
            tagger=dataset.manifest.tagger.fingerprint,
            taxonomy=dataset.manifest.taxonomy.name,
            thresholds=msgspec.UNSET if thresholds is None else thresholds,
            manifest_sha256=cards.manifest_sha256(dataset),
        )
        cards.write_files(partial, card, contents)


def load_baseline(folder: Path, card: BaselineCard) -> tuple[TokenEncoder, NumpyNetwork]:
    """Loads the vocabulary and the network of a model whose card has been read, without torch.

    Raises:
        InputError: the vocabulary is damaged, or the weights do not fit the card and the vocabulary.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    advice = cards.advise_training(folder, card)
    vocabulary = vocab.read_vocab(folder / vocab.FILE, next_step=advice)
    expected = weight_shapes(len(vocabulary), len(card.labels), card.settings)
    try:
        weights = load_file(folder / BASELINE_WEIGHTS)
        found = {name: array.shape for name, array in weights.items() if array.dtype == np.float32}
        if found != expected:
            raise ValueError(_describe_difference(expected, found))
    except (SafetensorError, ValueError) as error:
        raise InputError(
            tr(
                "{path} does not fit {card} and {other}",
                path=folder / BASELINE_WEIGHTS,
                card=cards.FILE,
                other=vocab.FILE,
            ),
            details=[error],
            cause=tr("A file was edited, or copied from another model."),
            next_step=advice,
        ) from error
    return TokenEncoder(vocabulary), NumpyNetwork(card.settings, weights)


def _describe_difference(expected: Shapes, found: Shapes) -> str:
    """Returns the first weight that is missing, unexpected or of another shape, in words."""
    names = sorted(expected.keys() | found.keys())
    name = next(name for name in names if expected.get(name) != found.get(name))
    wanted, got = (shapes.get(name, tr("nothing")) for shapes in (expected, found))
    return tr("{name}: expected {wanted} in float32, got {got}", name=name, wanted=wanted, got=got)


def build_module(network: NumpyNetwork) -> Model:
    """Returns the module of torch with the weights of a network, on the CPU: what an export converts."""
    import torch

    from etl.models.baseline.network import build_network

    n_labels, n_ids = len(network.weights["output.bias"]), len(network.weights["embedding.weight"])
    with torch.random.fork_rng():  # the weights it draws are replaced
        model = build_network(n_ids, n_labels, network.settings)
    model.load_state_dict({name: torch.tensor(array) for name, array in network.weights.items()})
    model.eval()
    return model
