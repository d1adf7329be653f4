"""A trained model of any kind, loaded from its folder."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from etl.dataset import preparation as preparations
from etl.dataset import vocab
from etl.dataset.preparation import Preparation
from etl.dataset.read import Dataset
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.models.baseline.checkpoint import build_module, load_baseline
from etl.models.baseline.numpy_network import NumpyNetwork
from etl.models.baseline.tokens import TokenEncoder
from etl.models.card import (
    BaselineCard,
    FineTunedCard,
    LinearCard,
    ModelCard,
    advise_training,
    manifest_sha256,
    read_card,
)
from etl.models.fine_tuned.checkpoint import load_fine_tuned
from etl.models.linear.checkpoint import load_linear
from etl.models.linear.model import LinearModel
from etl.models.training import loop
from etl.models.training.batches import Rows
from etl.models.training.encoder import Encoder
from etl.models.training.inputs import read_frames

if TYPE_CHECKING:
    from etl.models.fine_tuned.network import SequenceClassifier
    from etl.models.training.loop import Network

NO_LIMIT = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model, on the CPU, with everything that turns sentences into its ids."""

    card: ModelCard
    preparation: Preparation  # of its dataset
    encoder: Encoder
    model: NumpyNetwork | LinearModel | SequenceClassifier  # the last alone is a module of torch

    @property
    def max_len(self) -> int:
        """The most ids of a row that the model was trained with; a linear one takes all."""
        return NO_LIMIT if isinstance(self.card, LinearCard) else self.card.settings.max_len or 1

    @property
    def thresholds(self) -> npt.NDArray[np.float64] | None:
        """The probabilities from which on a label is predicted, (labels,); None if a row has one label."""
        own = self.card.thresholds
        return None if isinstance(own, msgspec.UnsetType) else np.array(own)

    def predict_rows(self, rows: Rows, max_len: int | None = None) -> npt.NDArray[np.float64]:
        """Returns log probabilities, (rows, labels), in the order of the rows.

        Args:
            rows: as the encoder made them.
            max_len: the most ids of a row; the model's, if None.

        Raises:
            InputError: an id or a label is out of the model's range.
        """
        rows = replace(rows, is_multi=self.thresholds is not None)
        if isinstance(self.model, LinearModel):
            return self.model.predict_rows(rows)
        if isinstance(self.model, NumpyNetwork):
            return self.model.predict_rows(rows, max_len or self.max_len)
        return loop.predict_rows(self.model, rows, max_len or self.max_len)


def load_model(folder: Path) -> Checkpoint:
    """Loads a model and checks that its files are unchanged and belong together.

    Raises:
        InputError: it is not there, damaged, made of files of different models, whose hashes are named, or
            has weights that are no numbers.
        SettingsError: for a fine-tuned model, the extra [train] or [transformer] is not installed.
    """
    card = read_card(folder)
    preparation = preparations.load(folder / preparations.FILE)
    if isinstance(card, FineTunedCard):
        _require_torch()
    encoder, model = _load(folder, card)
    if not _is_finite(model):
        raise InputError(
            tr("{folder} gives no probabilities: some of its weights are no numbers", folder=folder),
            details=[tr("expected finite weights, got NaN or infinity")],
            cause=tr("Its training has diverged, with a learning rate too high, say."),
            next_step=advise_training(folder, card),
        )
    return Checkpoint(card, preparation, encoder, model)


def load_module(checkpoint: Checkpoint) -> Network:
    """Returns the module of torch that gives the answers of a network: what an export converts.

    Args:
        checkpoint: of a network.

    Raises:
        SettingsError: the extra [train] is not installed.
    """
    assert not isinstance(checkpoint.model, LinearModel)
    if not isinstance(checkpoint.model, NumpyNetwork):
        return checkpoint.model
    _require_torch()
    return build_module(checkpoint.model)


def _load(folder: Path, card: ModelCard) -> tuple[Encoder, NumpyNetwork | LinearModel | SequenceClassifier]:
    if isinstance(card, LinearCard):
        return load_linear(folder, card)
    return load_baseline(folder, card) if isinstance(card, BaselineCard) else load_fine_tuned(folder)


def _is_finite(model: NumpyNetwork | LinearModel | SequenceClassifier) -> bool:
    if isinstance(model, LinearModel):
        return all(bool(np.isfinite(array).all()) for array in vars(model).values())
    if isinstance(model, NumpyNetwork):
        return all(bool(np.isfinite(array).all()) for array in model.weights.values())
    return all(bool(tensor.isfinite().all()) for tensor in model.state_dict().values())


def _require_torch() -> None:
    """Checks, without importing torch, which takes a second, that it is installed.

    Raises:
        SettingsError: it is not.
    """
    if importlib.util.find_spec("torch") is None:
        raise SettingsError(
            tr("this needs the extra [train]"),
            details=[tr("expected torch, got nothing")],
            next_step="pip install 'korean-emotion-etl[train]'",
        )


def read_rows(checkpoint: Checkpoint, dataset: Dataset, split: str, max_len: int | None = None) -> Rows:
    """Reads the rows of one split as ids of a model.

    Args:
        checkpoint: the model.
        dataset: what it was trained on.
        split: its name.
        max_len: the most ids of a row; the model's, if None.

    Raises:
        InputError: a shard is damaged, or a row has a label that is not a target of the dataset's taxonomy.
    """
    encoder = checkpoint.encoder
    frames = read_frames(dataset, (split,), checkpoint.preparation, encoder.column)
    return encoder.cut(encoder.encode(frames[split], dataset.labels), max_len or checkpoint.max_len)


def check_same_dataset(checkpoint: Checkpoint, dataset: Dataset) -> None:
    """Refuses a model that was trained with another vocabulary or other labels than those of `dataset`.

    Raises:
        InputError: both hashes, or both lists of labels, are named.
    """
    card, encoder = checkpoint.card, checkpoint.encoder
    pairs: list[tuple[str, str, str]] = [(tr("labels"), ", ".join(dataset.labels), ", ".join(card.labels))]
    if isinstance(card, LinearCard):
        pairs.append((tr("manifest"), manifest_sha256(dataset), card.manifest_sha256))
    if isinstance(encoder, TokenEncoder):
        vocabulary = vocab.read_vocab_of(dataset)
        if checkpoint.preparation.tokens == "all":
            # The model has a vocabulary of its own, counted from the shards of the dataset.
            vocabulary = encoder.vocabulary
            vocab.check_belongs(vocabulary, dataset)
        pairs.insert(0, (tr("vocabulary"), vocab.hash_vocab(vocabulary), encoder.sha256()))
    for name, expected, got in pairs:
        if expected != got:
            raise InputError(
                tr(
                    "the model was not trained on {dataset}: its {part} differs",
                    dataset=dataset.path,
                    part=name,
                ),
                details=[tr("expected {expected}, got {got}", expected=expected, got=got)],
                cause=tr("The dataset or its vocabulary was made again after the model was trained."),
                next_step=advise_training("MODEL", card, dataset.path),
            )
