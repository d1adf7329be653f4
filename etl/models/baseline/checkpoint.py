"""A model as a folder: weights, what made them, their vocabulary and their scores. No pickle.

`weights.safetensors`, `model.json` (`Card`), `vocab.json`, `preparation.json` (how a sentence becomes
tokens), `metrics.json`, `report.html` and `tensorboard/`; written complete or not at all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from etl.dataset import preparation, staging, vocab
from etl.dataset.manifest import MANIFEST
from etl.dataset.preparation import Preparation
from etl.dataset.read import Dataset
from etl.errors import InputError
from etl.models.baseline.settings import TrainSettings
from etl.models.training.inputs import Inputs
from etl.runtime.files import sha256_file

if TYPE_CHECKING:
    from etl.models.baseline.network import Model

FORMAT = 1
CARD, WEIGHTS, METRICS = "model.json", "weights.safetensors", "metrics.json"
FINE_TUNED = "fine-tuned"


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is, and what it belongs to; the hashes are sha256."""

    format: int
    settings: TrainSettings
    labels: list[str]
    vocabulary_size: int
    vocabulary_sha256: str
    weights_sha256: str
    preparation_sha256: str
    tagger: str  # the fingerprint in the dataset's manifest
    taxonomy: str
    manifest_sha256: str


@dataclass(frozen=True)
class Checkpoint:
    """A model that was loaded, on the CPU."""

    card: Card
    vocabulary: vocab.Vocabulary
    preparation: Preparation
    model: Model


class _Kind(msgspec.Struct):
    """What tells a card of `etl.models.fine_tuned.checkpoint` from one that is written here."""

    kind: str = ""


def is_fine_tuned(folder: Path) -> bool:
    """Whether a model's folder was written by `etl train-transformer`, and not by `etl train-baseline`."""
    try:
        return msgspec.json.decode((folder / CARD).read_bytes(), type=_Kind).kind == FINE_TUNED
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError):
        return False


class _HasFormat(Protocol):
    @property
    def format(self) -> int: ...


AnyCard = TypeVar("AnyCard", bound=_HasFormat)


def check_target(folder: Path) -> None:
    """Refuses to write a model over what is not one.

    Raises:
        SettingsError: `folder` is a file, or a folder that is neither empty nor a model.
    """
    staging.check_replaceable(folder, CARD)


def save(
    folder: Path, model: Model, settings: TrainSettings, inputs: Inputs, contents: dict[str, bytes]
) -> None:
    """Writes a model folder; an older model at the same place is replaced once the new one is whole.

    Args:
        folder: where; its parents are made.
        model: its weights are saved from whatever device they are on.
        settings: with `max_len` set.
        inputs: what it was trained on.
        contents: what else the folder holds, by name: `metrics.json` at least.

    Raises:
        SettingsError: `folder` is there already and is not a model.
        WriteError: it cannot be written.
    """
    from safetensors.torch import save as to_bytes

    weights: bytes = to_bytes(
        {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
    )
    prepared = preparation.to_bytes(inputs.preparation)
    dataset = inputs.dataset
    card = Card(
        format=FORMAT,
        settings=settings,
        labels=dataset.labels,
        vocabulary_size=len(inputs.vocabulary),
        vocabulary_sha256=vocab.hash_vocab(inputs.vocabulary),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        preparation_sha256=hashlib.sha256(prepared).hexdigest(),
        tagger=inputs.vocabulary.tagger,
        taxonomy=dataset.manifest.taxonomy.name,
        manifest_sha256=manifest_sha256(dataset),
    )
    contents = contents | {
        WEIGHTS: weights,
        vocab.FILE: vocab.to_bytes(inputs.vocabulary),
        preparation.FILE: prepared,
        CARD: msgspec.json.format(msgspec.json.encode(card)) + b"\n",
    }
    with staging.staging(folder, CARD) as partial:
        for name, content in contents.items():
            (partial / name).parent.mkdir(exist_ok=True)
            (partial / name).write_bytes(content)


def load(folder: Path) -> Checkpoint:
    """Loads a model and checks that its files are whole and belong together.

    Raises:
        InputError: it is not there, damaged, or made of files of different models, and both hashes are named;
            or it was fine-tuned.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    from etl.models.baseline import network as models

    if is_fine_tuned(folder):
        raise InputError(
            f"{folder} is a fine-tuned transformer",
            details=["expected a model of `etl train-baseline`, got one of `etl train-transformer`"],
            next_step="use `etl predict` or `etl export`: they take both",
        )
    card = read_card(folder, Card, FORMAT, _again(folder))
    vocabulary = vocab.read_vocab(folder / vocab.FILE, next_step=_again(folder))
    _check_same(folder / vocab.FILE, card.vocabulary_sha256, vocab.hash_vocab(vocabulary))
    how = preparation.load(folder / preparation.FILE)
    found = hashlib.sha256(preparation.to_bytes(how)).hexdigest()
    _check_same(folder / preparation.FILE, card.preparation_sha256, found)
    if not (folder / WEIGHTS).is_file():
        raise InputError(f"{folder} has no weights ({WEIGHTS})", next_step=_again(folder))
    weights = (folder / WEIGHTS).read_bytes()
    _check_same(folder / WEIGHTS, card.weights_sha256, hashlib.sha256(weights).hexdigest())
    model = models.build(len(vocabulary), len(card.labels), card.settings)
    try:
        model.load_state_dict(from_bytes(weights))
    except (SafetensorError, RuntimeError) as error:
        raise InputError(
            f"{folder / WEIGHTS} does not fit {CARD} and {vocab.FILE}",
            details=[line.strip() for line in str(error).splitlines()],
            cause="A file was edited, or copied from another model.",
            next_step=_again(folder),
        ) from error
    return Checkpoint(card, vocabulary, how, model.eval())


def check_belongs(checkpoint: Checkpoint, dataset: Dataset) -> None:
    """Refuses a model that was trained with another vocabulary or other labels than those of `dataset`.

    Raises:
        InputError: both hashes, or both lists of labels, are named.
    """
    expected_vocabulary = vocab.hash_vocab(vocab.read_vocab_of(dataset))
    if checkpoint.card.settings.tokens == "all":
        # Its vocabulary is its own; what it was counted from is the dataset's.
        vocab.check_belongs(checkpoint.vocabulary, dataset)
        expected_vocabulary = checkpoint.card.vocabulary_sha256
    for name, expected, got in (
        ("vocabulary", expected_vocabulary, checkpoint.card.vocabulary_sha256),
        ("labels", ", ".join(dataset.labels), ", ".join(checkpoint.card.labels)),
    ):
        if expected != got:
            raise InputError(
                f"the model was not trained on {dataset.path}: its {name} differs",
                details=[f"expected {expected}, got {got}"],
                cause="The dataset or its vocabulary was made again after the model was trained.",
                next_step=f"train again with `etl train-baseline {dataset.path} --out MODEL`",
            )


def manifest_sha256(dataset: Dataset) -> str:
    """The hash by which a model knows its dataset."""
    return sha256_file(dataset.path / MANIFEST)


def read_card(folder: Path, kind: type[AnyCard], version: int, again: str) -> AnyCard:
    """Reads the `model.json` of a model's folder.

    Args:
        folder: the model.
        kind: what it is to be.
        version: the format that is known.
        again: what an error advises.

    Raises:
        InputError: it is not there, not readable, or of another version of this tool.
    """
    try:
        card = msgspec.json.decode((folder / CARD).read_bytes(), type=kind)
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} is not a model", details=[f"expected a folder with {CARD}"], next_step=again
        ) from error
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise InputError(
            f"{folder / CARD} cannot be read",
            details=[str(error)],
            cause="The file was edited or damaged.",
            next_step=again,
        ) from error
    if card.format != version:
        raise InputError(
            f"{folder} was written by another version of this tool",
            details=[f"expected format {version}, got {card.format}"],
            next_step=again,
        )
    return card


def _check_same(path: Path, expected: str, got: str) -> None:
    if expected != got:
        raise InputError(
            f"{path} is not the file that belongs to its model",
            details=[f"expected sha256 {expected}, got {got}"],
            cause="The file was cut off, edited, or copied from another model.",
            next_step=_again(path.parent),
        )


def _again(folder: Path) -> str:
    return f"train again with `etl train-baseline DATASET --out {folder}`"
