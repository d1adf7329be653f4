"""Rows of a split as arrays of ids, and the batches of similar length that a model gets.

An `Encoder` makes the ids; a model gets nothing but what is made here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.errors import InputError
from etl.language.message import tr
from etl.models.training import targets

if TYPE_CHECKING:
    from etl.models.training.encoder import Encoder

    Ints = npt.NDArray[np.int64]
    Shares = npt.NDArray[np.float32]

# Batches are cut from pools of so many batches, sorted by length: little padding, and still shuffled.
POOL_BATCHES = 50


@dataclass(frozen=True)
class Rows:
    """The rows of one split, their ids one row after another.

    Row `i` has the ids `ids[starts[i] : starts[i] + lengths[i]]`; a row without tokens is one id of padding.
    """

    ids: Ints  # (ids + 1,): padding stands at the end
    starts: Ints  # (rows,)
    lengths: Ints  # (rows,), each at least 1
    labels: Ints  # (rows,), an index into the dataset's labels; -1 without a majority of the votes
    sources: npt.NDArray[np.str_]  # (rows,), slugs
    unknown_share: float  # of the tokens
    empty_share: float  # of the rows: those without one known token
    shares: Shares | None = None  # (rows, labels), of the votes; None where each row has one label
    is_multi: bool = False  # rows have sets of labels: `shares` is 1 for each label of a row

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.labels)


@dataclass(frozen=True)
class Batch:
    """Some rows as one array, padded at the right."""

    rows: Ints  # (batch,), which rows these are
    ids: Ints  # (batch, time)
    lengths: Ints  # (batch,)
    labels: Ints  # (batch,)
    shares: Shares | None = None  # (batch, labels)


def make_rows(frame: pl.DataFrame, labels: list[str], ids: Ints, sizes: Ints, encoder: Encoder) -> Rows:
    """Joins the ids of sentences with their labels and sources.

    Args:
        frame: (rows,), with `source` and `label`; with `label_votes` or `labels`, where these are learnt.
        labels: of the dataset, in order.
        ids: of all rows, one row after another.
        sizes: (rows,), how many ids each row has, which may be 0.
        encoder: made the ids; its padding, unknown and special ids are taken from it.

    Raises:
        InputError: a row has a label that is not among `labels`.
    """
    classes = frame["label"].cast(pl.Enum(labels), strict=False).to_physical().cast(pl.Int64)
    shares = targets.read_shares(frame, labels)
    is_strange = classes.is_null()
    if shares is not None:
        is_strange &= frame["label"].is_not_null() | pl.Series(shares.sum(axis=1) == 0)
    if is_strange.any():
        strange = frame.filter(is_strange)["label"].unique(maintain_order=True).to_list()
        raise InputError(
            tr("a row has a label that is not in the taxonomy of its dataset"),
            details=[
                tr(
                    "expected one of {labels}, got {got}",
                    labels=", ".join(labels),
                    got=", ".join(map(str, strange[:5])),
                )
            ],
            cause=tr("A shard was edited, or belongs to another dataset."),
            next_step=tr("find the rows with `etl validate DATASET`"),
        )
    is_token = ~np.isin(ids, encoder.special_ids)
    is_known = is_token & (ids != encoder.unknown_id)
    known = np.bincount(np.repeat(np.arange(len(sizes)), sizes), weights=is_known, minlength=len(sizes))
    return Rows(
        ids=np.append(ids, encoder.padding_id),
        # A row without ids borrows the padding that stands at the end.
        starts=np.where(sizes > 0, np.cumsum(sizes) - sizes, len(ids)),
        lengths=np.maximum(sizes, 1),
        labels=classes.fill_null(-1).to_numpy(),
        sources=frame["source"].to_numpy().astype(np.str_),
        unknown_share=float(np.mean(~is_known[is_token])) if is_token.any() else 0.0,
        empty_share=float(np.mean(known == 0)) if len(sizes) else 0.0,
        shares=shares,
        is_multi=targets.SETS in frame.columns,
    )


def check_range(rows: Rows, n_ids: int, n_labels: int) -> None:
    """Refuses ids and labels that are out of a model's range, which would be reported as a bad index.

    Args:
        rows: what the model is to read.
        n_ids: of the model.
        n_labels: of the model.

    Raises:
        InputError: with both sizes.
    """
    for name, highest, size in (
        (tr("token id"), int(rows.ids.max()), n_ids),
        (tr("label"), int(rows.labels.max(initial=0)), n_labels),
    ):
        if highest >= size:
            raise InputError(
                tr("the rows do not fit the model: a {name} is out of its range", name=name),
                details=[
                    tr(
                        "expected each {name} to be below {size:,}, the model's size, got up to {highest:,}",
                        name=name,
                        size=size,
                        highest=highest,
                    )
                ],
                cause=tr("The model and the rows were made with two different vocabularies or taxonomies."),
                next_step=tr("build the vocabulary with `etl build-vocab DATASET`, then train again"),
            )


def share_cut(rows: Rows, max_len: int) -> float:
    """Returns the share of the rows that have more ids than a model reads."""
    return float((rows.lengths > max_len).mean()) if len(rows) else 0.0


def percentile_length(rows: Rows) -> int:
    """Returns the 99th percentile of the lengths, in ids per row, rounded up."""
    return int(np.ceil(np.percentile(rows.lengths, 99)))


def shuffled(rows: Rows, batch_size: int, max_len: int, seed: tuple[int, int]) -> Iterator[Batch]:
    """Yields every row once, in batches of similar length; the seed determines rows and order."""
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
    """Yields every row once, the shortest first: for scoring, which needs no chance."""
    order = np.argsort(rows.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        yield _pad(rows, order[start : start + batch_size], max_len)


def _pad(rows: Rows, members: Ints, max_len: int) -> Batch:
    lengths = np.minimum(rows.lengths[members], max_len)
    time = np.arange(lengths.max())
    is_token = time < lengths[:, None]  # (batch, time)
    positions = np.where(is_token, rows.starts[members][:, None] + time, len(rows.ids) - 1)
    shares = None if rows.shares is None else rows.shares[members]
    return Batch(members, rows.ids[positions], lengths, rows.labels[members], shares)
