"""Rows of a split as arrays of ids, and the batches a model sees: alike in length, shuffled by a seed.

Which ids there are is the vocabulary's business; the model only ever sees what is made here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset import vocab
from etl.errors import InputError

if TYPE_CHECKING:
    Ints = npt.NDArray[np.int64]

# Batches are cut from pools of so many batches, sorted by length: little padding, and still shuffled.
POOL_BATCHES = 50


@dataclass(frozen=True)
class Rows:
    """The rows of one split, their tokens one after another.

    Row `i` has the ids `ids[starts[i] : starts[i] + lengths[i]]`; a row without tokens is one `<pad>`.
    """

    ids: Ints  # (tokens + 1,): a `<pad>` stands at the end
    starts: Ints  # (rows,)
    lengths: Ints  # (rows,), each at least 1
    labels: Ints  # (rows,), an index into the dataset's labels
    sources: npt.NDArray[np.str_]  # (rows,), slugs
    unknown_share: float  # of the tokens
    empty_share: float  # of the rows: those without one known token

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.labels)


@dataclass(frozen=True)
class Batch:
    """Some rows as one rectangle, padded at the right with `<pad>`."""

    rows: Ints  # (batch,), which rows these are
    ids: Ints  # (batch, time)
    lengths: Ints  # (batch,)
    labels: Ints  # (batch,)


def encode_rows(frame: pl.DataFrame, labels: list[str], vocabulary: vocab.Vocabulary) -> Rows:
    """A frame with `source`, `label` and `tokens` as `Rows`.

    Raises:
        InputError: a row has a label that is not among `labels`.
    """

    classes = frame["label"].cast(pl.Enum(labels), strict=False).to_physical().cast(pl.Int64)
    if classes.null_count():
        strange = frame.filter(classes.is_null())["label"].unique(maintain_order=True).to_list()
        raise InputError(
            "a row has a label that is not in the taxonomy of its dataset",
            details=[f"expected one of {', '.join(labels)}, got {', '.join(map(str, strange[:5]))}"],
            cause="A shard was edited, or belongs to another dataset.",
            next_step="find the rows with `etl validate DATASET`",
        )
    tokens = frame["tokens"].list.drop_nulls()
    sizes = tokens.list.len().cast(pl.Int64).to_numpy()
    # An empty list explodes to one null.
    ids = vocab.encode(vocabulary, tokens.explode().drop_nulls()).to_numpy()
    owners = np.repeat(np.arange(len(sizes)), sizes)
    known = np.bincount(owners, weights=ids != vocab.UNKNOWN, minlength=len(sizes))
    return Rows(
        ids=np.append(ids, vocab.PAD),
        # A row without tokens borrows the `<pad>` that stands at the end.
        starts=np.where(sizes > 0, np.cumsum(sizes) - sizes, len(ids)),
        lengths=np.maximum(sizes, 1),
        labels=classes.to_numpy(),
        sources=frame["source"].to_numpy().astype(np.str_),
        unknown_share=float(np.mean(ids == vocab.UNKNOWN)) if len(ids) else 0.0,
        empty_share=float(np.mean(known == 0)) if len(sizes) else 0.0,
    )


def percentile_length(rows: Rows) -> int:
    """The length, in tokens, that 99 of 100 rows do not exceed."""

    return int(np.ceil(np.percentile(rows.lengths, 99)))


def shuffled(rows: Rows, batch_size: int, max_len: int, seed: tuple[int, int]) -> Iterator[Batch]:
    """Every row once, in batches of like length; the same seed gives the same batches in the same order."""

    generator = np.random.default_rng(seed)
    order = generator.permutation(len(rows))
    pool = batch_size * POOL_BATCHES
    batches = []
    for first in range(0, len(order), pool):
        members = order[first : first + pool]
        by_length = members[np.argsort(rows.lengths[members], kind="stable")]
        batches += [by_length[start : start + batch_size] for start in range(0, len(by_length), batch_size)]
    for index in generator.permutation(len(batches)):
        yield _pad(rows, batches[index], max_len)


def in_order_of_length(rows: Rows, batch_size: int, max_len: int) -> Iterator[Batch]:
    """Every row once, the shortest first, for scoring."""

    order = np.argsort(rows.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        yield _pad(rows, order[start : start + batch_size], max_len)


def _pad(rows: Rows, members: Ints, max_len: int) -> Batch:

    lengths = np.minimum(rows.lengths[members], max_len)
    time = np.arange(lengths.max())
    is_token = time < lengths[:, None]  # (batch, time)
    places = np.where(is_token, rows.starts[members][:, None] + time, len(rows.ids) - 1)
    return Batch(members, rows.ids[places], lengths, rows.labels[members])
