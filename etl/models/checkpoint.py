"""A trained model of either kind, loaded from its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.dataset import preparation as preparations
from etl.dataset import vocab
from etl.dataset.preparation import Preparation
from etl.dataset.read import Dataset
from etl.errors import InputError
from etl.models.baseline.checkpoint import load_baseline
from etl.models.baseline.tokens import TokenEncoder
from etl.models.card import BaselineCard, ModelCard, advise_training, read_card
from etl.models.fine_tuned.checkpoint import load_fine_tuned
from etl.models.training.batches import Rows
from etl.models.training.encoder import Encoder
from etl.models.training.inputs import check_one_label, read_frames

if TYPE_CHECKING:
    from etl.models.training.loop import Network


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model, on the CPU, with everything that turns sentences into its ids."""

    card: ModelCard
    preparation: Preparation  # of its dataset
    encoder: Encoder
    model: Network

    @property
    def max_len(self) -> int:
        """The most ids of a row that the model was trained with."""
        return self.card.settings.max_len or 1


def load_model(folder: Path) -> Checkpoint:
    """Loads a model and checks that its files are unchanged and belong together.

    Raises:
        InputError: it is not there, damaged, made of files of different models, whose hashes are named, or
            has weights that are no numbers.
        SettingsError: it was fine-tuned, and the extra [transformer] is not installed.
    """
    card = read_card(folder)
    preparation = preparations.load(folder / preparations.FILE)
    encoder, model = (
        load_baseline(folder, card) if isinstance(card, BaselineCard) else load_fine_tuned(folder)
    )
    if not all(bool(tensor.isfinite().all()) for tensor in model.state_dict().values()):
        raise InputError(
            f"{folder} gives no probabilities: some of its weights are no numbers",
            details=["expected finite weights, got NaN or infinity"],
            cause="Its training has diverged, with a learning rate too high, say.",
            next_step=advise_training(folder, card),
        )
    return Checkpoint(card, preparation, encoder, model)


def read_rows(checkpoint: Checkpoint, dataset: Dataset, split: str, max_len: int | None = None) -> Rows:
    """Reads the rows of one split as ids of a model.

    Args:
        checkpoint: the model.
        dataset: what it was trained on.
        split: its name.
        max_len: the most ids of a row; the model's, if None.

    Raises:
        InputError: a shard is damaged, or a row has a label that is not a target of the dataset's taxonomy.
        SettingsError: rows have several labels.
    """
    check_one_label(dataset)
    encoder = checkpoint.encoder
    frames = read_frames(dataset, (split,), checkpoint.preparation, encoder.column)
    return encoder.cut(encoder.encode(frames[split], dataset.labels), max_len or checkpoint.max_len)


def check_same_dataset(checkpoint: Checkpoint, dataset: Dataset) -> None:
    """Refuses a model that was trained with another vocabulary or other labels than those of `dataset`.

    Raises:
        InputError: both hashes, or both lists of labels, are named.
    """
    card, encoder = checkpoint.card, checkpoint.encoder
    pairs = [("labels", ", ".join(dataset.labels), ", ".join(card.labels))]
    if isinstance(encoder, TokenEncoder):
        vocabulary = vocab.read_vocab_of(dataset)
        if checkpoint.preparation.tokens == "all":
            # The model has a vocabulary of its own, counted from the shards of the dataset.
            vocabulary = encoder.vocabulary
            vocab.check_belongs(vocabulary, dataset)
        pairs.insert(0, ("vocabulary", vocab.hash_vocab(vocabulary), encoder.sha256()))
    for name, expected, got in pairs:
        if expected != got:
            raise InputError(
                f"the model was not trained on {dataset.path}: its {name} differs",
                details=[f"expected {expected}, got {got}"],
                cause="The dataset or its vocabulary was made again after the model was trained.",
                next_step=f"train again with `etl train-baseline {dataset.path} --out MODEL`",
            )
