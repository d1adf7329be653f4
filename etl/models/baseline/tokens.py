"""The input of a baseline: sentences as ids of tokens, by the vocabulary of their dataset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset import preparation, vocab
from etl.dataset.read import SPLITS, Dataset
from etl.dataset.vocab import Vocabulary
from etl.models.training.batches import Rows, make_rows
from etl.models.training.inputs import Inputs, encode_splits, read_frames
from etl.settings import Tokens


@dataclass(frozen=True)
class TokenEncoder:
    """An `Encoder`: each token is replaced by its index in the vocabulary."""

    vocabulary: Vocabulary
    column = "tokens"
    file = vocab.FILE
    padding_id, unknown_id = vocab.PAD, vocab.UNKNOWN
    special_ids = (vocab.PAD,)

    def __len__(self) -> int:
        """Returns the number of ids."""
        return len(self.vocabulary)

    def sha256(self) -> str:
        """Returns the hash of the vocabulary."""
        return vocab.hash_vocab(self.vocabulary)

    def encode(self, frame: pl.DataFrame, labels: list[str]) -> Rows:
        """See `Encoder.encode`; `tokens` is a list of strings."""
        tokens = frame["tokens"].list.drop_nulls()
        # An empty list explodes to one null.
        ids = self._encode_tokens(tokens.explode().drop_nulls())
        sizes = tokens.list.len().cast(pl.Int64).to_numpy()
        return make_rows(frame, labels, ids, sizes, self)

    def _encode_tokens(self, tokens: pl.Series) -> npt.NDArray[np.int64]:
        if len(tokens) >= len(self.vocabulary):
            return vocab.encode(self.vocabulary, tokens).to_numpy()
        # polars would number the whole vocabulary again for the tokens of a sentence.
        return np.fromiter((self._ids.get(token, vocab.UNKNOWN) for token in tokens), np.int64, len(tokens))

    @cached_property
    def _ids(self) -> dict[str, int]:
        ids = {token: number for number, token in enumerate(self.vocabulary.tokens)}
        return {token: number for token, number in ids.items() if number > vocab.UNKNOWN}

    def cut(self, rows: Rows, max_len: int) -> Rows:  # noqa: ARG002
        """Returns the rows as they are: the first tokens of a long sentence are taken."""
        return rows

    def save(self, folder: Path) -> None:
        """Writes `vocab.json`."""
        (folder / self.file).write_bytes(vocab.to_bytes(self.vocabulary))


def read_token_inputs(dataset: Dataset, tokens: Tokens, workers: int = 1) -> Inputs:
    """Reads all rows of a dataset as ids of their tokens.

    Args:
        dataset: with a vocabulary.
        tokens: the key tokens, or all that the tagger finds: they get a vocabulary of their own.
        workers: tagging processes, for `all`.

    Raises:
        InputError: the dataset, its vocabulary or its preparation is missing, damaged, or of another dataset;
            or there are no training rows.
        SettingsError: there are no held-out rows, or the tagger is not installed.
    """
    prepared = msgspec.structs.replace(preparation.load(dataset.file(preparation.FILE)), tokens=tokens)
    vocabulary = vocab.read_vocab_of(dataset)
    frames = read_frames(dataset, SPLITS, prepared, TokenEncoder.column, workers)
    if tokens == "all" and frames["train"].height:
        vocabulary = vocab.count_all_tokens(dataset, frames["train"], vocabulary)
    return encode_splits(dataset, prepared, TokenEncoder(vocabulary), frames)
