"""What a model learns from and is judged by: the rows of each split, as ids of one vocabulary.

The tokens are the key tokens that the dataset holds, or all that its tagger finds: then the text is tagged
again, as it was at ingest, which the cache of tagged sentences makes quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
import polars as pl

from etl.dataset import preparation, vocab
from etl.dataset.preparation import Preparation
from etl.dataset.read import SPLITS, Dataset
from etl.dataset.vocab import Vocabulary
from etl.errors import InputError, SettingsError
from etl.ingestion.prepare import prepare
from etl.models.baseline.settings import Tokens
from etl.models.training import batches
from etl.models.training.batches import Rows


@dataclass(frozen=True)
class Inputs:
    """The rows of a dataset, and what their tokens and ids are."""

    dataset: Dataset
    preparation: Preparation
    vocabulary: Vocabulary
    train: Rows
    held_out: dict[str, Rows]  # validation, test: those that have rows

    @property
    def chooses(self) -> str:
        """The split that chooses the epoch: validation, or test where there is none."""
        return next(iter(self.held_out))


def read(dataset: Dataset, tokens: Tokens, workers: int = 1) -> Inputs:
    """Reads all rows of a dataset.

    Args:
        dataset: with a vocabulary.
        tokens: key or all.
        workers: tagging processes, for `all`.

    Raises:
        InputError: the dataset, its vocabulary or its preparation is missing, damaged, or of another dataset.
        SettingsError: there are no held-out rows, or the tagger is not installed.
    """
    how = msgspec.structs.replace(preparation.load(dataset.path / preparation.FILE), tokens=tokens)
    vocabulary = vocab.read_vocab_of(dataset)
    frames = read_frames(dataset, how, SPLITS, workers)
    if tokens == "all" and frames["train"].height:
        vocabulary = vocab.count_all_tokens(dataset, frames["train"], vocabulary)
    rows = {split: batches.encode_rows(frame, dataset.labels, vocabulary) for split, frame in frames.items()}
    return of_rows(dataset, how, vocabulary, rows)


def of_rows(dataset: Dataset, how: Preparation, vocabulary: Vocabulary, rows: dict[str, Rows]) -> Inputs:
    """The rows of all splits as what a model learns from and is judged by.

    Raises:
        InputError: there are no training rows.
        SettingsError: there are no held-out rows.
    """
    if not len(rows["train"]):
        raise InputError(
            f"{dataset.path} has no training rows", next_step=f"see why with `etl rejects {dataset.path}`"
        )
    held_out = {split: own for split, own in rows.items() if split != "train" and len(own)}
    if not held_out:
        raise SettingsError(
            f"{dataset.path} has neither validation nor test rows",
            details=["expected rows that are not learnt from: nothing else tells whether a model learns"],
            cause="The corpora have no official split, or split.validation and split.test are 0.",
            next_step="ingest again with `--split grouped`, and split.validation above 0 in etl.yaml",
        )
    return Inputs(dataset, how, vocabulary, rows["train"], held_out)


def read_split(dataset: Dataset, split: str, how: Preparation, vocabulary: Vocabulary) -> Rows:
    """The rows of one split, for a model that is there already.

    Raises:
        InputError: a shard is damaged, or a row has a label that is not a target of the dataset's taxonomy.
    """
    frame = read_frames(dataset, how, (split,), 1)[split]
    return batches.encode_rows(frame, dataset.labels, vocabulary)


def read_frames(
    dataset: Dataset, how: Preparation, splits: tuple[str, ...], workers: int
) -> dict[str, pl.DataFrame]:
    """For each split a frame with source, label and tokens, in the order of the rows.

    Raises:
        InputError: a shard is damaged, or the installed tagger is another than the dataset's.
        SettingsError: the tagger is not installed.
    """
    if how.tokens == "key":
        return {split: collect(dataset, split, "tokens") for split in splits}
    with preparation.open_tagger(how, workers) as tagger:
        return {
            split: _tagged(collect(dataset, split, "text"), lambda texts: prepare(how, texts, tagger))
            for split in splits
        }


def _tagged(frame: pl.DataFrame, prepare: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:

    tokens = prepare(frame["text"])["tokens"].cast(pl.List(pl.String))
    # A sentence of which this tagger made nothing has no tokens here either.
    return frame.with_columns(tokens.fill_null(pl.lit([], pl.List(pl.String))))


def collect(dataset: Dataset, split: str, column: Literal["tokens", "text"]) -> pl.DataFrame:
    """`source`, `label` and `column` of a split, in the order of its rows; nothing is null there.

    Raises:
        InputError: a shard is damaged.
    """

    nothing = pl.lit([], pl.List(pl.String)) if column == "tokens" else pl.lit("")
    with vocab.wrap_read_errors(dataset, split):
        return dataset.scan(split).select("source", "label", pl.col(column).fill_null(nothing)).collect()
