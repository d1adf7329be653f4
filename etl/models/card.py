"""The card of a model, `model.json`: its kind, its dataset, and the hashes of the files it consists of.

The kinds of models have a struct each, since their files differ; this module alone reads and writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from etl.dataset import preparation, staging, vocab
from etl.dataset.manifest import MANIFEST, to_bytes, without_model
from etl.dataset.read import Dataset
from etl.errors import InputError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.models.baseline.settings import TrainSettings
from etl.models.fine_tuned.settings import FineTuneSettings
from etl.models.linear.settings import LinearSettings
from etl.runtime.files import sha256_file
from etl.runtime.json_text import decode_json
from etl.user_files.plain import plain_file

FILE = "model.json"
FORMAT = 2
# Not one name: transformers loads the folder of a fine-tuned model too.
BASELINE_WEIGHTS, FINE_TUNED_WEIGHTS = "weights.safetensors", "model.safetensors"


class BaselineCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card of a model of `etl train-baseline`; the hashes are sha256."""

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
    card_sha256: str = ""  # of this card, with nothing here
    # Of the labels of sets, in their order; absent in a model of one label a row.
    thresholds: list[float] | msgspec.UnsetType = msgspec.UNSET

    @property
    def architecture(self) -> str:
        """The kind of network."""
        return self.settings.model

    @property
    def files(self) -> dict[str, str]:
        """The hashes of the files that determine the predictions, by name."""
        return {
            vocab.FILE: self.vocabulary_sha256,
            preparation.FILE: self.preparation_sha256,
            BASELINE_WEIGHTS: self.weights_sha256,
        }


class FineTunedCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card of a model of `etl train-transformer`; the hashes are sha256."""

    format: int
    kind: Literal["fine-tuned"]
    base: str  # the pre-trained model: a name on the hub, or of a folder
    architecture: str
    settings: FineTuneSettings
    labels: list[str]
    vocabulary_size: int
    files: dict[str, str]  # weights, configuration, tokenizer and preparation, with their hashes
    taxonomy: str
    manifest_sha256: str
    card_sha256: str = ""  # of this card, with nothing here
    # Of the labels of sets, in their order; absent in a model of one label a row.
    thresholds: list[float] | msgspec.UnsetType = msgspec.UNSET

    @property
    def weights_sha256(self) -> str:
        """The hash of the weights."""
        return self.files[FINE_TUNED_WEIGHTS]


class LinearCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card of a linear model of `etl train-baseline`; the hashes are sha256."""

    format: int
    kind: Literal["linear"]
    settings: LinearSettings
    labels: list[str]
    vocabulary_size: int
    files: dict[str, str]  # weights, features and preparation, with their hashes
    taxonomy: str
    manifest_sha256: str
    card_sha256: str = ""  # of this card, with nothing here
    # Of the labels of sets, in their order; absent in a model of one label a row.
    thresholds: list[float] | msgspec.UnsetType = msgspec.UNSET
    architecture = "linear"

    @property
    def weights_sha256(self) -> str:
        """The hash of the weights."""
        return self.files[BASELINE_WEIGHTS]


ModelCard = BaselineCard | FineTunedCard | LinearCard
_KINDS: dict[str, type[ModelCard]] = {"": BaselineCard, "fine-tuned": FineTunedCard, "linear": LinearCard}


class _Kind(msgspec.Struct):
    """The field that tells the cards apart; that of a network on tokens does not have it."""

    kind: str = ""


def read_card(folder: Path) -> ModelCard:
    """Reads the card of a model, and checks that it and the files it lists are there and unchanged.

    Raises:
        InputError: `folder` is no model, or one of another version of this tool; or a file is missing,
            damaged, or of another model: both hashes are named.
    """
    card = _decode_card(folder)
    if card.format != FORMAT:
        raise InputError(
            tr("{path} was written by another version of this tool", path=folder / FILE),
            details=[tr("expected format {expected}, got {got}", expected=FORMAT, got=card.format)],
            next_step=advise_training(folder, card),
        )
    if twice := sorted({label for label in card.labels if card.labels.count(label) > 1}):
        raise InputError(
            tr("{path} has a label twice", path=folder / FILE),
            details=[tr("got {labels} twice", labels=", ".join(twice))],
            cause=tr("The file was edited."),
            next_step=advise_training(folder, card),
        )
    listed = {FILE: card.card_sha256, **card.files}
    for name, expected in listed.items():
        found = _own_sha256(card) if name == FILE else _file_sha256(folder / name)
        if found != expected:
            raise InputError(
                tr("{path} is not the file that belongs to its model", path=folder / name),
                details=[tr("expected sha256 {expected}, got {got}", expected=expected, got=found)],
                cause=tr("The file was cut off, edited, removed, or copied from another model."),
                next_step=advise_training(folder, card),
            )
    return card


def _file_sha256(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError as error:
        return tr("no file that can be read ({why})", why=system_words(error))


def _own_sha256(card: ModelCard) -> str:
    content = msgspec.json.encode(msgspec.structs.replace(card, card_sha256=""))
    return hashlib.sha256(content).hexdigest()


def _decode_card(folder: Path) -> ModelCard:
    kind: type[ModelCard] = BaselineCard
    try:
        content = plain_file(folder / FILE).read_bytes()
        kind = _KINDS.get(decode_json(content, _Kind).kind, kind)
        return decode_json(content, kind)
    except FileNotFoundError as error:
        raise InputError(
            tr("{folder} is not a model", folder=folder)
            if folder.exists()
            else tr("there is no {folder}", folder=folder),
            details=[tr("expected a folder with {file}", file=FILE)],
            next_step=tr("name the folder of one, or make one: `etl train-baseline DATASET --out MODEL`"),
        ) from error
    except NotADirectoryError as error:
        raise InputError(
            tr("{file} is a file, and not a model", file=folder),
            details=[tr("expected a folder with {file}", file=FILE)],
            next_step=tr("name the folder of one, or make one: `etl train-baseline DATASET --out MODEL`"),
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            tr("{path} cannot be read", path=folder / FILE),
            details=[error],
            cause=tr("The file was edited or damaged."),
            next_step=advise_training(folder, kind),
        ) from error


def write_files(folder: Path, card: ModelCard, contents: Mapping[str, bytes]) -> None:
    """Writes the card, and files that it does not list, into the unfinished folder of a model.

    Args:
        folder: as `staging` gives it.
        card: of the model.
        contents: by their path in the folder.
    """
    signed = msgspec.structs.replace(card, card_sha256=_own_sha256(card))
    for name, content in {**contents, FILE: msgspec.json.format(msgspec.json.encode(signed)) + b"\n"}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


def check_target(folder: Path) -> None:
    """Refuses to write a model over something else.

    Raises:
        SettingsError: `folder` is a file, or a folder that is neither empty nor a model.
    """
    staging.check_replaceable(folder, FILE)


def advise_training(
    folder: Path | str, card: ModelCard | type[ModelCard], dataset: Path | str = "DATASET"
) -> str:
    """Returns the next step of an error: the command that trains the model again.

    Args:
        folder: of the model.
        card: what is known of it.
        dataset: what to train on.
    """
    if isinstance(card, FineTunedCard) or card is FineTunedCard:
        command = f"train-transformer {dataset} --model NAME"
    else:
        # A damaged card of a network does not say of which kind.
        kind = "" if card is BaselineCard else f" --model {card.architecture}"
        command = f"train-baseline {dataset}{kind}"
    return tr("train again with `etl {command} --out {folder}`", command=command, folder=folder)


def manifest_sha256(dataset: Dataset) -> str:
    """Returns the hash by which a model knows its dataset: that of a manifest that lists no model."""
    own = without_model(dataset.manifest)
    if own is dataset.manifest:
        return sha256_file(dataset.path / MANIFEST)
    return hashlib.sha256(to_bytes(own)).hexdigest()
