"""Classifies sentences with a trained model: labels with probabilities.

A sentence is cleaned, and for a model of tokens tagged, exactly as those of the model's dataset were
(`etl.dataset.preparation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset import preparation as preparations
from etl.dataset.preparation import Preparation
from etl.documents.sentences import Sentence
from etl.ingestion.prepare import prepare, prepare_text
from etl.models.baseline.numpy_network import NumpyNetwork
from etl.models.checkpoint import Checkpoint, load_model
from etl.models.linear.model import LinearModel
from etl.models.training.batches import Rows
from etl.runtime.paths import local_path
from etl.settings import PathLike

# Between the labels of a set.
JOINT = ", "
# The columns that locate a sentence in its document.
LOCATION = ("file", "kind", "document", "unit", "position", "sentence", "part", "speaker", "time")


@dataclass(frozen=True)
class Classifier:
    """A trained model that takes sentences; made by `open_classifier`.

    `prepare` gives a row for each text, in their order: `text` (cleaned), `reason` and what the encoder of
    the model reads. Threads may share a classifier.
    """

    checkpoint: Checkpoint
    prepare: Callable[[pl.Series], pl.DataFrame]

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the model's outputs."""
        return self.checkpoint.card.labels

    @property
    def thresholds(self) -> list[float] | None:
        """The probabilities from which on a label is given, in the order of the labels; None: one a row."""
        own = self.checkpoint.thresholds
        return None if own is None else own.tolist()

    def __call__(self, file: str | None, sentences: Sequence[Sentence]) -> pl.DataFrame:
        """Classifies sentences of one file.

        Args:
            file: its name, if there is one.
            sentences: at least one.

        Returns:
            A row for each, in their order: `LOCATION`, `text` (as it stands in the document), `clean_text`,
            `label`, `labels` and `probability` (null where there is a `reason`), `reason`, `weight` and
            `known` (how many tokens or word pieces the model saw, and how many of them it knows), and for
            each label its probability, in a column `probability_column`.
        """
        rows = _make_frame(file, sentences)
        prepared = self.prepare(rows["text"]).with_columns(pl.coalesce(rows["reason"], "reason"))
        rows = rows.with_columns(prepared["text"].alias("clean_text"), prepared["reason"])
        is_accepted = pl.col("reason").is_null()
        # In chats the same few words come again and again; the model sees each once.
        scored = self._score(prepared.filter(is_accepted).unique("text"))
        rows = rows.join(scored, on="clean_text", how="left", maintain_order="left")
        numbers = ["weight", "known", *map(probability_column, self.labels)]
        scored = rows.with_columns(pl.when(is_accepted).then(pl.col(numbers)))
        return add_labels(scored, self.labels, self.thresholds)

    def _score(self, distinct: pl.DataFrame) -> pl.DataFrame:
        """Returns `clean_text`, `weight`, `known` and the probabilities of distinct prepared texts."""
        encoder, max_len = self.checkpoint.encoder, self.checkpoint.max_len
        # The encoder expects labels and sources, as in training; here they have no effect.
        labelled = distinct.with_columns(label=pl.lit(self.labels[0]), source=pl.lit(""))
        rows = encoder.cut(encoder.encode(labelled, self.labels), max_len)
        probabilities = np.exp(self.checkpoint.predict_rows(rows))
        is_token = ~np.isin(rows.ids, encoder.special_ids)
        is_known = is_token & (rows.ids != encoder.unknown_id)
        columns = pl.DataFrame(probabilities, schema=[probability_column(label) for label in self.labels])
        return distinct.select(
            pl.col("text").alias("clean_text"),
            # A sentence of which a tokenizer makes nothing has a label, too, and so a weight.
            pl.Series("weight", np.maximum(_count(is_token, rows, max_len), 1), pl.Float64),
            pl.Series("known", _count(is_known, rows, max_len), pl.Float64),
            *columns,
        )


@contextmanager
def open_classifier(model: PathLike, *, workers: int = 1) -> Iterator[Classifier]:
    """Loads a model and starts its tagger, if it has one, which is stopped at the end of the block.

    Args:
        model: a folder that `etl train-baseline` or `etl train-transformer` wrote.
        workers: tagging processes.

    Yields:
        The classifier; threads may share it.

    Raises:
        InputError: the model is damaged, or the installed tagger would give other tokens than in training.
        SettingsError: the tagger, or what a fine-tuned model needs, is not installed.
    """
    checkpoint = load_model(local_path(model))
    start = start_preparing(checkpoint.preparation, checkpoint.encoder.column, workers)
    with start as prepare_texts, _one_thread(checkpoint):
        yield Classifier(checkpoint, prepare_texts)


@contextmanager
def _one_thread(checkpoint: Checkpoint) -> Iterator[None]:
    """Keeps each batch to one thread: several are classified at a time, and more threads would wait."""
    match checkpoint.model:
        case LinearModel():
            yield
        case NumpyNetwork():
            from threadpoolctl import threadpool_limits

            with threadpool_limits(1, user_api="blas"):
                yield
        case _:
            import torch

            threads = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                yield
            finally:
                torch.set_num_threads(threads)


@contextmanager
def start_preparing(
    preparation: Preparation, column: str, workers: int
) -> Iterator[Callable[[pl.Series], pl.DataFrame]]:
    """Starts what prepares sentences for an encoder; its tagger, if it has one, is stopped after the block.

    Args:
        preparation: of the model's dataset.
        column: what the encoder reads: `tokens` or `text`.
        workers: tagging processes.

    Yields:
        `etl.ingestion.prepare.prepare`, or `prepare_text` where nothing is tagged, for this preparation.

    Raises:
        InputError: the installed tagger would give other tokens than in training.
        SettingsError: the tagger is not installed.
    """
    if column == "text":
        yield lambda texts: prepare_text(preparation, texts)
        return
    # Texts of users are not written to the disk, not even as tokens.
    with preparations.open_tagger(preparation, workers, is_cached=False) as tagger:
        yield lambda texts: prepare(preparation, texts, tagger)


def _count(flags: npt.NDArray[np.bool_], rows: Rows, max_len: int) -> npt.NDArray[np.int64]:
    """Returns how many of the first `max_len` ids of each row have their flag set, (rows,)."""
    before = np.concatenate([[0], np.cumsum(flags)])
    ends = rows.starts + np.minimum(rows.lengths, max_len)
    counts: npt.NDArray[np.int64] = before[ends] - before[rows.starts]
    return counts


def probability_column(label: str) -> str:
    """Returns the name of the column with the probability of a label."""
    return f"probability of {label}"


def add_labels(rows: pl.DataFrame, labels: list[str], thresholds: list[float] | None = None) -> pl.DataFrame:
    """Sets `label` and `probability` to the most probable label; null where there are no probabilities.

    With thresholds `label` is all labels that reach theirs, joined, or else the one that is nearest to it;
    `probability` is still the highest. The list `labels` has the same labels.

    Args:
        rows: with the probabilities.
        labels: of the model, in order.
        thresholds: of the labels, in their order; None for a model of one label a row.
    """
    columns = [probability_column(label) for label in labels]
    above = [
        pl.col(column) - own for column, own in zip(columns, thresholds or [0.0] * len(labels), strict=True)
    ]
    best = pl.concat_list(above).list.arg_max()
    names = pl.lit(pl.Series(labels))
    given = pl.concat_list(names.gather(best))
    if thresholds is not None:
        reached = [pl.when(own >= 0).then(pl.lit(name)) for own, name in zip(above, labels, strict=True)]
        found = pl.concat_list(reached).list.drop_nulls()
        given = pl.when(found.list.len() > 0).then(found).otherwise(given)
    has_probabilities = pl.col(columns[0]).is_not_null()
    scored = rows.with_columns(
        pl.when(has_probabilities).then(given).alias("labels"),
        pl.max_horizontal(columns).alias("probability"),
    ).with_columns(pl.col("labels").list.join(JOINT).alias("label"))
    numbers = ("probability", "reason", "weight", "known")
    return scored.select(*LOCATION, "text", "clean_text", "label", "labels", *numbers, *columns)


def _make_frame(file: str | None, sentences: Sequence[Sentence]) -> pl.DataFrame:
    """Returns a row for each sentence: `LOCATION`, `text` and `reason`."""
    passages = [sentence.passage for sentence in sentences]
    names = ("kind", "document", "unit", "position", "part", "speaker", "time", "reason")
    columns = {name: [getattr(passage, name) for passage in passages] for name in names}
    types = {"document": pl.Int64, "position": pl.Int64}
    frame = pl.DataFrame(columns, schema={name: types.get(name, pl.String) for name in names})
    # Half a surrogate pair, which JSON can spell, is no text.
    texts = [sentence.text.encode("utf-8", "replace").decode() for sentence in sentences]
    return frame.with_columns(
        pl.lit(file, pl.String).alias("file"),
        pl.Series("sentence", [sentence.number for sentence in sentences], pl.Int64),
        pl.Series("text", texts, pl.String),
    ).select(*LOCATION, "text", "reason")
