"""The interface between sentences and a model: what turns prepared sentences into ids.

`etl.models.baseline.tokens` does it with the vocabulary of a dataset, `etl.models.fine_tuned.word_pieces`
with the tokenizer of a pre-trained model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl

if TYPE_CHECKING:
    from etl.models.training.batches import Rows


class Encoder(Protocol):
    """Turns prepared sentences into ids."""

    @property
    def column(self) -> str:
        """The column it reads: `tokens`, or `text`, which is the cleaned one."""
        ...

    @property
    def file(self) -> str:
        """The name of its main file in a model's folder."""
        ...

    @property
    def padding_id(self) -> int:
        """The id that fills rows up at the right."""
        ...

    @property
    def unknown_id(self) -> int:
        """The id of tokens that have none of their own."""
        ...

    @property
    def special_ids(self) -> Sequence[int]:
        """The ids that are no token of a sentence: padding, and the marks of its beginning and end."""
        ...

    def __len__(self) -> int:
        """Returns the number of ids: the rows an embedding must have."""
        ...

    def sha256(self) -> str:
        """Returns the hash of everything that determines the ids."""
        ...

    def encode(self, frame: pl.DataFrame, labels: list[str]) -> Rows:
        """Encodes sentences, in their whole length.

        Args:
            frame: (rows,), with `source`, `label` and `column`.
            labels: of the dataset, in order.

        Raises:
            InputError: a row has a label that is not among `labels`.
        """
        ...

    def cut(self, rows: Rows, max_len: int) -> Rows:
        """Returns rows of which a batch can take the first `max_len` ids."""
        ...

    def save(self, folder: Path) -> None:
        """Writes its files into the folder of a model."""
        ...
