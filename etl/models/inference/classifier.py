"""A model with what makes its ids of a sentence: sentences in, labels with probabilities out.

A sentence is cleaned, and for a model of tokens tagged, exactly as those of the model's dataset were
(`etl.dataset.preparation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset import preparation, vocab
from etl.documents.sentences import Sentence
from etl.ingestion.prepare import prepare, prepare_text
from etl.models.baseline import checkpoint
from etl.models.fine_tuned import checkpoint as fine_tuned
from etl.models.fine_tuned import word_pieces
from etl.models.training import batches, loop
from etl.models.training.batches import Rows

if TYPE_CHECKING:
    from etl.models.baseline.network import Model

# What says where a sentence stands.
PLACE = ("file", "kind", "document", "unit", "position", "sentence", "part", "speaker", "time")


@dataclass(frozen=True)
class Classifier:
    """A model with what makes its ids of a sentence; made by `open_classifier`.

    `prepare` gives a row for each text, in their order: `text` (cleaned), `reason` and what else `encode`
    reads. `encode` takes such rows, with `source` and `label`.
    """

    model: Model
    labels: list[str]  # what it tells apart
    max_len: int
    prepare: Callable[[pl.Series], pl.DataFrame]
    encode: Callable[[pl.DataFrame], Rows]
    marks: Sequence[int]  # ids that stand for no token of a sentence
    unknown: int  # the id of what the model does not know

    def __call__(self, file: str | None, sentences: Sequence[Sentence]) -> pl.DataFrame:
        """Classifies sentences of one file.

        Args:
            file: its name, if it is one.
            sentences: at least one.

        Returns:
            A row for each, in their order: `PLACE`, `text` (as it stands in the document), `clean_text`,
            `label` and `probability` (null where there is a `reason`), `reason`, `weight` and `known` (how
            many tokens or word pieces the model saw, and how many of them it knows), and for each label its
            probability, in a column `probability_column`.
        """

        rows = _placed(file, sentences)
        prepared = self.prepare(rows["text"]).with_columns(pl.coalesce(rows["reason"], "reason"))
        rows = rows.with_columns(prepared["text"].alias("clean_text"), prepared["reason"])
        is_alive = pl.col("reason").is_null()
        # In chats the same few words come again and again; each is looked at once.
        judged = self._judged(prepared.filter(is_alive).unique("text"))
        rows = rows.join(judged, on="clean_text", how="left", maintain_order="left")
        numbers = ["weight", "known", *map(probability_column, self.labels)]
        return labelled(rows.with_columns(pl.when(is_alive).then(pl.col(numbers))), self.labels)

    def _judged(self, distinct: pl.DataFrame) -> pl.DataFrame:
        """`clean_text`, `weight`, `known` and the probabilities of texts that were prepared."""

        # The rows of training have labels and sources; what these are does not matter here.
        rows = self.encode(distinct.with_columns(label=pl.lit(self.labels[0]), source=pl.lit("")))
        scored = np.exp(loop.predict(self.model, rows, self.max_len))
        is_own = ~np.isin(rows.ids, self.marks)
        own, known = (
            _counted(each, rows, self.max_len) for each in (is_own, is_own & (rows.ids != self.unknown))
        )
        columns = pl.DataFrame(scored, schema=[probability_column(label) for label in self.labels])
        return distinct.select(
            pl.col("text").alias("clean_text"),
            # A sentence of which a tokenizer makes nothing has a label, too, and so a weight.
            pl.Series("weight", np.maximum(own, 1), pl.Float64),
            pl.Series("known", known, pl.Float64),
            *columns,
        )


@contextmanager
def open_classifier(model: Path, workers: int) -> Iterator[Classifier]:
    """Loads a model, and starts its tagger if it has one, which is gone when the block is left.

    Threads may share what is given.

    Args:
        model: a folder that `etl train-baseline` or `etl train-transformer` wrote.
        workers: tagging processes.

    Raises:
        InputError: the model is damaged, or the installed tagger would give other tokens than it has learnt.
        SettingsError: the tagger, or the extra [transformer], is not installed.
    """
    import torch

    is_fine_tuned = checkpoint.is_fine_tuned(model)
    opened = nullcontext(_of_pieces(model)) if is_fine_tuned else _of_tokens(model, workers)
    threads = torch.get_num_threads()
    with opened as classifier:
        # Batches run beside each other; threads that share one as small as these wait for each other.
        torch.set_num_threads(1)
        try:
            yield classifier
        finally:
            torch.set_num_threads(threads)


@contextmanager
def _of_tokens(model: Path, workers: int) -> Iterator[Classifier]:
    loaded = checkpoint.load(model)
    card, how = loaded.card, loaded.preparation
    # What people write is not kept on the disk, not even as tokens.
    with preparation.open_tagger(how, workers, is_cached=False) as tagger:
        yield Classifier(
            model=loaded.model,
            labels=card.labels,
            max_len=card.settings.max_len or 1,
            prepare=lambda texts: prepare(how, texts, tagger),
            encode=lambda frame: batches.encode_rows(frame, card.labels, loaded.vocabulary),
            marks=[vocab.PAD],
            unknown=vocab.UNKNOWN,
        )


def _of_pieces(model: Path) -> Classifier:
    loaded = fine_tuned.load(model)
    card, tokenizer = loaded.card, loaded.tokenizer
    max_len, is_free = card.settings.max_len or 1, Lock()

    def encode(frame: pl.DataFrame) -> Rows:
        with is_free:  # a tokenizer of transformers changes its own settings when it is called
            return word_pieces.cut(
                word_pieces.encode(frame, card.labels, tokenizer, loaded.vocabulary), max_len
            )

    return Classifier(
        model=cast("Model", loaded.model),
        labels=card.labels,
        max_len=max_len,
        prepare=lambda texts: prepare_text(loaded.preparation, texts),
        encode=encode,
        marks=word_pieces.marks(tokenizer),
        unknown=tokenizer.unk_token_id,
    )


def _counted(flags: npt.NDArray[np.bool_], rows: Rows, max_len: int) -> npt.NDArray[np.int64]:
    """How many of the ids that the model sees of each row have their flag set, (rows,)."""

    before = np.concatenate([[0], np.cumsum(flags)])
    counts: npt.NDArray[np.int64] = (
        before[rows.starts + np.minimum(rows.lengths, max_len)] - before[rows.starts]
    )
    return counts


def probability_column(label: str) -> str:
    """The name of the column with the probability of a label."""
    return f"probability of {label}"


def labelled(rows: pl.DataFrame, labels: list[str]) -> pl.DataFrame:
    """Sets `label` and `probability` to the most probable one; null where there are no probabilities."""

    columns = [probability_column(label) for label in labels]
    best = pl.concat_list(columns).list.arg_max()
    names = pl.lit(pl.Series(labels))
    is_known = pl.col(columns[0]).is_not_null()
    return rows.with_columns(
        pl.when(is_known).then(names.gather(best)).alias("label"),
        pl.max_horizontal(columns).alias("probability"),
    ).select(*PLACE, "text", "clean_text", "label", "probability", "reason", "weight", "known", *columns)


def _placed(file: str | None, sentences: Sequence[Sentence]) -> pl.DataFrame:
    """A row a sentence: `PLACE`, `text` and `reason`."""

    passages = [sentence.passage for sentence in sentences]
    names = ("kind", "document", "unit", "position", "part", "speaker", "time", "reason")
    columns = {name: [getattr(each, name) for each in passages] for name in names}
    types = {"document": pl.Int64, "position": pl.Int64}
    frame = pl.DataFrame(columns, schema={name: types.get(name, pl.String) for name in names})
    # Half a surrogate pair, which JSON can spell, is no text.
    texts = [each.text.encode("utf-8", "replace").decode() for each in sentences]
    return frame.with_columns(
        pl.lit(file, pl.String).alias("file"),
        pl.Series("sentence", [each.number for each in sentences], pl.Int64),
        pl.Series("text", texts, pl.String),
    ).select(*PLACE, "text", "reason")
