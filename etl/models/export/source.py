"""The model that is exported, with everything about it that the export needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from etl.dataset import preparation as preparations
from etl.dataset.manifest import MANIFEST
from etl.dataset.read import Dataset, open_dataset
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.models.card import LinearCard, manifest_sha256
from etl.models.checkpoint import Checkpoint, check_same_dataset, load_model, read_rows
from etl.models.export import linear
from etl.models.export.metadata import Origin, Preprocessing
from etl.models.training.batches import Rows
from etl.runtime.files import sha256_file

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
    """A model on the CPU, the rows its export is compared on, and the files that are copied beside it."""

    folder: Path
    dataset: Dataset
    checkpoint: Checkpoint
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
            out of the model's limits.
    """
    checkpoint = load_model(folder)
    card, encoder = checkpoint.card, checkpoint.encoder
    chosen = _choose_max_len(max_len, checkpoint)
    source = _find_dataset(folder, dataset, card.manifest_sha256)
    check_same_dataset(checkpoint, source)
    split, rows = _read_held_out(checkpoint, source, chosen)
    steps: tuple[str, ...] = BASELINE_STEPS if encoder.column == "tokens" else TRANSFORMER_STEPS
    if isinstance(card, LinearCard):
        steps, chosen = linear.STEPS, int(rows.lengths.max())  # no row is cut
    return Source(
        folder=folder,
        dataset=source,
        checkpoint=checkpoint,
        max_len=chosen,
        split=split,
        rows=rows,
        preprocessing=Preprocessing(
            steps=steps,
            vocabulary_file=encoder.file,
            vocabulary_size=len(encoder),
            vocabulary_sha256=card.files[encoder.file],
            preparation_file=preparations.FILE,
            preparation_sha256=card.files[preparations.FILE],
            padding_id=encoder.padding_id,
            unknown_id=encoder.unknown_id,
        ),
        origin=Origin(card.architecture, card.weights_sha256, card.manifest_sha256),
        files=(folder / encoder.file, folder / preparations.FILE),
    )


def _choose_max_len(max_len: int | None, checkpoint: Checkpoint) -> int:
    trained = checkpoint.max_len
    if max_len is not None and isinstance(checkpoint.card, LinearCard):
        raise SettingsError(
            tr("a linear model takes all ids of a sentence"), next_step=tr("leave --max-len out")
        )
    if max_len is not None and not 1 <= max_len <= trained:
        raise SettingsError(
            tr("--max-len is out of the range that the model was trained with"),
            details=[tr("expected 1 to {most}, got {max_len}", most=trained, max_len=max_len)],
            next_step=tr("leave it out, or train again with a higher --max-len"),
        )
    return trained if max_len is None else max_len


def _read_held_out(checkpoint: Checkpoint, dataset: Dataset, max_len: int) -> tuple[str, Rows]:
    """Reads the rows of validation, or of test where there are none."""
    for split in ("validation", "test"):
        rows = read_rows(checkpoint, dataset, split, max_len)
        if len(rows):
            return split, rows
    raise InputError(
        tr("{dataset} has neither validation nor test rows", dataset=dataset.path),
        details=[tr("expected real sentences: nothing else tells whether the exported file is right")],
        next_step=tr("name the dataset that the model was trained on with --dataset"),
    )


def _find_dataset(folder: Path, named: Path | None, expected: str) -> Dataset:
    """Opens the dataset of a model, by the hash of its manifest: the one that was named, or one beside it."""
    if named is None:
        return _find_beside(folder, expected)
    dataset = open_dataset(named)
    found = manifest_sha256(dataset)
    if found != expected:
        raise InputError(
            tr("{dataset} is not the dataset that the model was trained on", dataset=named),
            details=[
                tr("expected a manifest with sha256 {expected}, got {got}", expected=expected, got=found)
            ],
            cause=tr("The dataset was made again after the model was trained, or it is another one."),
            next_step=tr(
                "train again on {dataset}, or name the model's own dataset with --dataset", dataset=named
            ),
        )
    return dataset


def _find_beside(folder: Path, expected: str) -> Dataset:
    parent = folder.resolve().parent
    # A published version holds its model.
    if (parent / MANIFEST).is_file() and manifest_sha256(dataset := open_dataset(parent)) == expected:
        return dataset
    for manifest in sorted(parent.glob(f"*/{MANIFEST}")):
        if sha256_file(manifest) == expected:
            return open_dataset(manifest.parent)
    raise SettingsError(
        tr("the dataset of {model} is not beside it", model=folder),
        details=[
            tr(
                "expected a folder whose {file} has sha256 {expected}",
                file=MANIFEST,
                expected=expected,
            )
        ],
        cause=tr(
            "An exported file is compared with its model on real sentences, which the model does not hold."
        ),
        next_step=tr("name it: `etl export {model} --dataset DATASET`", model=folder),
    )
