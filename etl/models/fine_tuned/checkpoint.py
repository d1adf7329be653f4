"""A fine-tuned model as a folder: complete or absent, no pickle, as in `etl.models.baseline.checkpoint`.

`model.safetensors`, `config.json` and the tokenizer's files are as transformers writes them, so that it can
load the folder too; `model.json` (`Card`) has the hash of each, and beside it lie `preparation.json`,
`metrics.json`, `report.html` and `tensorboard/`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from etl.dataset import preparation, staging
from etl.dataset.preparation import Preparation
from etl.dataset.vocab import Vocabulary
from etl.errors import InputError
from etl.models.baseline import checkpoint
from etl.models.baseline.checkpoint import CARD
from etl.models.fine_tuned import pretrained as base
from etl.models.fine_tuned import word_pieces
from etl.models.fine_tuned.settings import FineTuneSettings
from etl.models.training.inputs import Inputs
from etl.runtime.files import sha256_file

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from etl.models.fine_tuned.network import SequenceClassifier

FORMAT = 1
WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
# What transformers notes of where it found a model.
PLACES = {"_name_or_path", "name_or_path", "is_local", "local_files_only"}


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a fine-tuned model is, and what it belongs to; the hashes are sha256."""

    format: int
    kind: Literal["fine-tuned"]
    base: str  # what fine-tuning started from: a name on the hub, or of a folder
    architecture: str
    settings: FineTuneSettings
    labels: list[str]
    vocabulary_size: int
    files: dict[str, str]  # weights, configuration, tokenizer and preparation, with their hashes
    taxonomy: str
    manifest_sha256: str


@dataclass(frozen=True)
class Checkpoint:
    """A fine-tuned model that was loaded, on the CPU."""

    card: Card
    tokenizer: PreTrainedTokenizerBase
    vocabulary: Vocabulary  # the word pieces in the order of their ids
    preparation: Preparation  # of the dataset: a sentence is cleaned as it says, and not tagged
    model: SequenceClassifier


def save(
    folder: Path,
    model: SequenceClassifier,
    start: base.Base,
    settings: FineTuneSettings,
    inputs: Inputs,
    contents: dict[str, bytes],
) -> None:
    """Writes a model folder; an older model at the same place is replaced once the new one is whole.

    Args:
        folder: where; its parents are made.
        model: its weights are saved from whatever device they are on.
        start: what fine-tuning started from.
        settings: with `max_len` set.
        inputs: what it was trained on.
        contents: what else the folder holds, by name.

    Raises:
        SettingsError: `folder` is there already and is not a model.
        WriteError: it cannot be written.
    """
    with staging.staging(folder, CARD) as partial:
        with base.quiet():
            model.network.save_pretrained(partial, max_shard_size="100GB")  # one file
            start.tokenizer.save_pretrained(partial)
        _forget_places(partial)
        (partial / preparation.FILE).write_bytes(preparation.to_bytes(inputs.preparation))
        card = Card(
            format=FORMAT,
            kind="fine-tuned",
            base=start.name,
            architecture=model.network.config.model_type,
            settings=settings,
            labels=inputs.dataset.labels,
            vocabulary_size=len(inputs.vocabulary),
            files={path.name: sha256_file(path) for path in sorted(partial.iterdir())},
            taxonomy=inputs.dataset.manifest.taxonomy.name,
            manifest_sha256=checkpoint.manifest_sha256(inputs.dataset),
        )
        contents = contents | {CARD: msgspec.json.format(msgspec.json.encode(card)) + b"\n"}
        for name, content in contents.items():
            (partial / name).parent.mkdir(exist_ok=True)
            (partial / name).write_bytes(content)


def load(folder: Path) -> Checkpoint:
    """Loads a fine-tuned model and checks that its files are whole and belong together.

    Raises:
        InputError: a file is missing, damaged, or of another model, and both hashes are named; or the model
            was not fine-tuned.
        SettingsError: the extra [transformer] is not installed.
    """
    base.require()
    from etl.models.fine_tuned.network import SequenceClassifier

    if (folder / checkpoint.WEIGHTS).exists() and not checkpoint.is_fine_tuned(folder):
        raise InputError(
            f"{folder} is no fine-tuned transformer",
            details=["expected a model of `etl train-transformer`, got one of `etl train-baseline`"],
            next_step="use `etl predict` or `etl export`: they take both",
        )
    card = checkpoint.read_card(folder, Card, FORMAT, _again(folder))
    for name, expected in card.files.items():
        _check_same(folder / name, expected)
    with base.quiet():
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, attn_implementation="eager"
        )
    how = preparation.load(folder / preparation.FILE)
    return Checkpoint(
        card, tokenizer, word_pieces.vocabulary_of(tokenizer), how, SequenceClassifier(network).eval()
    )


def _forget_places(folder: Path) -> None:
    """Takes out of the configurations where the pre-trained model lay on this machine."""
    for path in folder.glob("*.json"):
        content = json.loads(path.read_bytes())
        if PLACES & content.keys():
            content = {name: value for name, value in content.items() if name not in PLACES}
            path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _check_same(path: Path, expected: str) -> None:
    found = sha256_file(path) if path.is_file() else "no file"
    if found != expected:
        raise InputError(
            f"{path} is not the file that belongs to its model",
            details=[f"expected sha256 {expected}, got {found}"],
            cause="The file was cut off, edited, removed, or copied from another model.",
            next_step=_again(path.parent),
        )


def _again(folder: Path) -> str:
    return f"train again with `etl train-transformer DATASET --model NAME --out {folder}`"
