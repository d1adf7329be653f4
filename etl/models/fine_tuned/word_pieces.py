"""The input of fine-tuning: sentences as ids of word pieces, by the tokenizer of the pre-trained model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl

from etl.dataset import preparation
from etl.dataset.read import SPLITS, Dataset
from etl.models.fine_tuned import pretrained
from etl.models.training.batches import Rows, make_rows
from etl.models.training.inputs import Inputs, encode_splits, read_frames

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class PieceEncoder:
    """An `Encoder`: the tokenizer cuts the text into word pieces, and marks its beginning and end."""

    tokenizer: PreTrainedTokenizerBase
    # A tokenizer of transformers changes its own settings when it is called.
    _lock: Lock = field(default_factory=Lock)
    column = "text"
    file = "tokenizer.json"

    @property
    def padding_id(self) -> int:
        """The id that fills rows up."""
        padding: int = self.tokenizer.pad_token_id
        return padding

    @property
    def unknown_id(self) -> int:
        """The id of a piece that the tokenizer does not know."""
        unknown: int = self.tokenizer.unk_token_id
        return unknown

    @property
    def special_ids(self) -> Sequence[int]:
        """The ids that stand for no text."""
        return [special for special in self.tokenizer.all_special_ids if special != self.unknown_id]

    def __len__(self) -> int:
        """Returns the number of word pieces, special ones included."""
        return len(self.tokenizer.get_vocab())

    def sha256(self) -> str:
        """Returns the hash of the word pieces and their ids."""
        pieces = sorted(self.tokenizer.get_vocab().items())
        return hashlib.sha256(msgspec.json.encode(pieces)).hexdigest()

    def encode(self, frame: pl.DataFrame, labels: list[str]) -> Rows:
        """See `Encoder.encode`; `text` is a string."""
        encoded = self._tokenize(frame["text"].to_list())
        sizes = np.array([len(ids) for ids in encoded], dtype=np.int64)
        ids = np.fromiter(chain.from_iterable(encoded), dtype=np.int64)
        return make_rows(frame, labels, ids, sizes, self)

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        if not texts:  # which a tokenizer does not take
            return []
        with self._lock:
            encoded: list[list[int]] = self.tokenizer(
                texts,
                truncation=False,
                padding=False,
                return_attention_mask=False,
                return_token_type_ids=False,
                verbose=False,
            )["input_ids"]
        return encoded

    def cut(self, rows: Rows, max_len: int) -> Rows:
        """Returns rows of at most `max_len` ids: of a longer one the first, and the last, which ends each."""
        is_long = rows.lengths > max_len
        starts, lengths = rows.starts[is_long], rows.lengths[is_long]
        ids = rows.ids.copy()
        ids[starts + max_len - 1] = ids[starts + lengths - 1]
        return replace(rows, ids=ids, lengths=np.minimum(rows.lengths, max_len))

    def save(self, folder: Path) -> None:
        """Writes the files of the tokenizer."""
        with pretrained.quieten():
            self.tokenizer.save_pretrained(folder)


def read_piece_inputs(dataset: Dataset, tokenizer: PreTrainedTokenizerBase) -> Inputs:
    """Reads all rows of a dataset as ids of word pieces, in their whole length.

    Raises:
        InputError: a shard or the preparation is missing or damaged, or there are no training rows.
        SettingsError: there are no held-out rows.
    """
    prepared = preparation.load(dataset.file(preparation.FILE))
    frames = read_frames(dataset, SPLITS, prepared, PieceEncoder.column)
    return encode_splits(dataset, prepared, PieceEncoder(tokenizer), frames)
