"""Sentences as ids of word pieces, by the tokenizer of the pre-trained model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from etl.dataset import preparation, vocab
from etl.dataset.read import SPLITS, Dataset
from etl.dataset.vocab import Vocabulary
from etl.models.training import batches, inputs
from etl.models.training.batches import Rows
from etl.models.training.inputs import Inputs

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def vocabulary_of(tokenizer: PreTrainedTokenizerBase) -> Vocabulary:
    """The word pieces in the order of their ids; nothing was counted."""
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    return Vocabulary(
        format=vocab.FORMAT,
        tokens=tuple(pieces),
        counts=(0,) * len(pieces),
        min_count=1,
        max_size=None,
        tagger="",
        key_tokens="",
        shards={},
    )


def marks(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The ids that stand for no text: what begins and ends a sentence, and padding."""
    return [number for number in tokenizer.all_special_ids if number != tokenizer.unk_token_id]


def read(dataset: Dataset, tokenizer: PreTrainedTokenizerBase) -> Inputs:
    """All rows of a dataset, uncut.

    Raises:
        InputError: a shard or the preparation is missing or damaged, or there are no training rows.
        SettingsError: there are no held-out rows.
    """
    how = preparation.load(dataset.path / preparation.FILE)
    vocabulary = vocabulary_of(tokenizer)
    rows = {
        split: encode(inputs.collect(dataset, split, "text"), dataset.labels, tokenizer, vocabulary)
        for split in SPLITS
    }
    return inputs.of_rows(dataset, how, vocabulary, rows)


def read_split(
    dataset: Dataset, split: str, tokenizer: PreTrainedTokenizerBase, vocabulary: Vocabulary, max_len: int
) -> Rows:
    """The rows of one split, cut, for a model that is there already.

    Raises:
        InputError: a shard is damaged, or a row has a label that is not a target of the dataset's taxonomy.
    """
    frame = inputs.collect(dataset, split, "text")
    return cut(encode(frame, dataset.labels, tokenizer, vocabulary), max_len)


def cut(rows: Rows, max_len: int) -> Rows:
    """Rows of at most `max_len` word pieces: of a longer one the first, and the last, which ends each row."""

    is_long = rows.lengths > max_len
    starts, lengths = rows.starts[is_long], rows.lengths[is_long]
    ids = rows.ids.copy()
    ids[starts + max_len - 1] = ids[starts + lengths - 1]
    return replace(rows, ids=ids, lengths=np.minimum(rows.lengths, max_len))


def encode(
    frame: pl.DataFrame, labels: list[str], tokenizer: PreTrainedTokenizerBase, vocabulary: Vocabulary
) -> Rows:
    """A frame with `source`, `label` and `text` as `Rows`, uncut.

    Raises:
        InputError: a row has a label that is not among `labels`.
    """

    no_tokens = pl.lit([], dtype=pl.List(pl.String)).alias("tokens")
    rows = batches.encode_rows(frame.with_columns(no_tokens), labels, vocabulary)
    if not len(rows):
        return rows
    found = tokenizer(
        frame["text"].to_list(),
        truncation=False,
        padding=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )["input_ids"]
    sizes = np.array([len(each) for each in found], dtype=np.int64)
    ids = np.concatenate([np.array(each, dtype=np.int64) for each in found])
    owners = np.repeat(np.arange(len(found)), sizes)
    is_special = np.isin(ids, marks(tokenizer))
    is_known = ~is_special & (ids != tokenizer.unk_token_id)
    known = np.bincount(owners, weights=is_known, minlength=len(found))
    return replace(
        rows,
        ids=np.append(ids, tokenizer.pad_token_id),
        # Without special tokens a row may have no piece: it borrows the padding that stands at the end.
        starts=np.where(sizes > 0, np.cumsum(sizes) - sizes, len(ids)),
        lengths=np.maximum(sizes, 1),
        unknown_share=float(np.mean(~is_known[~is_special])) if (~is_special).any() else 0.0,
        empty_share=float(np.mean(known == 0)),
    )
