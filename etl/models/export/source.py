"""The model that is exported, of either kind, with all that the export needs to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from etl.dataset import preparation, vocab
from etl.dataset.manifest import MANIFEST
from etl.dataset.read import Dataset, open_dataset
from etl.errors import InputError, SettingsError
from etl.models.baseline import checkpoint
from etl.models.export.metadata import Origin, Preprocessing
from etl.models.fine_tuned import checkpoint as fine_tuned
from etl.models.fine_tuned import word_pieces
from etl.models.training import inputs
from etl.models.training.batches import Rows
from etl.runtime.files import sha256_file

if TYPE_CHECKING:
    from etl.models.baseline.network import Model

BASELINE_STEPS = (
    "clean the sentence and cut it into tokens as preparation.json says",
    "replace each token by its place in `tokens` of vocab.json, or by unknown_id where it has none",
    "keep the first max_len ids, and fill up at the right with padding_id",
)
TRANSFORMER_STEPS = (
    "clean the sentence as preparation.json says; nothing is tagged",
    "cut it into word pieces with tokenizer.json, special tokens included",
    "of more than max_len ids keep the first max_len - 1 and the last, and fill up at the right with "
    "padding_id",
)


@dataclass(frozen=True)
class Source:
    """A model on the CPU, the rows it is compared on, and what is copied beside its export."""

    model: Model
    labels: list[str]
    max_len: int
    split: str
    rows: Rows  # all of that split
    preprocessing: Preprocessing
    origin: Origin
    files: tuple[Path, ...]


def open_source(folder: Path, dataset: Path | None, max_len: int | None) -> Source:
    """Loads a model and the held-out rows of its dataset.

    Args:
        folder: a model.
        dataset: what it was trained on; if None, it is looked for beside `folder`.
        max_len: ids per row, at most the model's, which is the default.

    Raises:
        InputError: either is damaged, or they do not belong together; both hashes are named.
        SettingsError: no dataset was named, and none beside the model is that of the model; or `max_len` is
            more than the model was trained with.
    """
    opened = _open_fine_tuned if checkpoint.is_fine_tuned(folder) else _open_baseline
    return opened(folder, dataset, max_len)


def _open_baseline(folder: Path, dataset: Path | None, max_len: int | None) -> Source:
    loaded = checkpoint.load(folder)
    card = loaded.card
    trained = _check_max_len(max_len, card.settings.max_len or 1)
    source = _dataset(folder, dataset, card.manifest_sha256)
    checkpoint.check_belongs(loaded, source)
    split, rows = _held_out(
        source, lambda name: inputs.read_split(source, name, loaded.preparation, loaded.vocabulary)
    )
    return Source(
        model=loaded.model,
        labels=card.labels,
        max_len=trained,
        split=split,
        rows=rows,
        preprocessing=Preprocessing(
            steps=BASELINE_STEPS,
            vocabulary_file=vocab.FILE,
            vocabulary_size=len(loaded.vocabulary),
            vocabulary_sha256=card.vocabulary_sha256,
            preparation_file=preparation.FILE,
            preparation_sha256=card.preparation_sha256,
            padding_id=vocab.PAD,
            unknown_id=vocab.UNKNOWN,
        ),
        origin=Origin(card.settings.model, card.weights_sha256, card.manifest_sha256),
        files=(folder / vocab.FILE, folder / preparation.FILE),
    )


def _open_fine_tuned(folder: Path, dataset: Path | None, max_len: int | None) -> Source:
    loaded = fine_tuned.load(folder)
    card = loaded.card
    most = _check_max_len(max_len, card.settings.max_len or 1)
    source = _dataset(folder, dataset, card.manifest_sha256)
    split, rows = _held_out(
        source, lambda name: word_pieces.read_split(source, name, loaded.tokenizer, loaded.vocabulary, most)
    )
    return Source(
        model=cast("Model", loaded.model),
        labels=card.labels,
        max_len=most,
        split=split,
        rows=rows,
        preprocessing=Preprocessing(
            steps=TRANSFORMER_STEPS,
            vocabulary_file=fine_tuned.TOKENIZER,
            vocabulary_size=len(loaded.vocabulary),
            vocabulary_sha256=card.files[fine_tuned.TOKENIZER],
            preparation_file=preparation.FILE,
            preparation_sha256=card.files[preparation.FILE],
            padding_id=loaded.tokenizer.pad_token_id,
            unknown_id=loaded.tokenizer.unk_token_id,
        ),
        origin=Origin(card.architecture, card.files[fine_tuned.WEIGHTS], card.manifest_sha256),
        files=(folder / fine_tuned.TOKENIZER, folder / preparation.FILE),
    )


def _check_max_len(asked: int | None, trained: int) -> int:
    if asked is not None and asked > trained:
        raise SettingsError(
            "--max-len is more than the model was trained with",
            details=[f"expected at most {trained}, got {asked}"],
            next_step="leave it out, or train again with a higher --max-len",
        )
    return asked or trained


def _held_out(dataset: Dataset, read: Callable[[str], Rows]) -> tuple[str, Rows]:
    """The rows of validation, or of test where there are none."""
    for split in ("validation", "test"):
        rows = read(split)
        if len(rows):
            return split, rows
    raise InputError(
        f"{dataset.path} has neither validation nor test rows",
        details=["expected real sentences: nothing else tells whether the exported file is right"],
        next_step="name the dataset that the model was trained on with --dataset",
    )


def _dataset(folder: Path, named: Path | None, manifest_sha256: str) -> Dataset:
    """The dataset of a model: the one that was named, or one beside it."""
    if named is None:
        return _beside(folder, manifest_sha256)
    dataset = open_dataset(named)
    found = checkpoint.manifest_sha256(dataset)
    if found != manifest_sha256:
        raise InputError(
            f"{named} is not the dataset that the model was trained on",
            details=[f"expected a manifest with sha256 {manifest_sha256}, got {found}"],
            cause="The dataset was made again after the model was trained, or it is another one.",
            next_step=f"train again on {named}, or name the model's own dataset with --dataset",
        )
    return dataset


def _beside(folder: Path, manifest_sha256: str) -> Dataset:
    for manifest in sorted(folder.resolve().parent.glob(f"*/{MANIFEST}")):
        if sha256_file(manifest) == manifest_sha256:
            return open_dataset(manifest.parent)
    raise SettingsError(
        f"the dataset of {folder} is not beside it",
        details=[f"expected a folder whose {MANIFEST} has sha256 {manifest_sha256}"],
        cause="An exported file is compared with its model on real sentences, which the model does not hold.",
        next_step=f"name it: `etl export {folder} --dataset DATASET`",
    )
