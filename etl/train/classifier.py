"""A model with the tagger that made its tokens: sentences in, labels with probabilities out.

A sentence is cleaned and tagged exactly as those of the model's dataset were (`etl.preparation`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl import preparation, vocab
from etl.documents.sentences import Sentence
from etl.tagging.tagger import Tagger
from etl.train import batches, checkpoint, loop
from etl.train.checkpoint import Checkpoint

if TYPE_CHECKING:
    import polars as pl

# What says where a sentence stands.
PLACE = ("file", "kind", "document", "unit", "position", "sentence", "part", "speaker", "time")


@dataclass(frozen=True)
class Classifier:
    """A model with the tagger that made its tokens; made by `open_classifier`."""

    checkpoint: Checkpoint
    tagger: Tagger

    @property
    def labels(self) -> list[str]:
        """What it tells apart."""
        return self.checkpoint.card.labels

    def __call__(self, file: str | None, sentences: Sequence[Sentence]) -> pl.DataFrame:
        """Classifies sentences of one file.

        Args:
            file: its name, if it is one.
            sentences: at least one.

        Returns:
            A row for each, in their order: `PLACE`, `text` (as it stands in the document), `clean_text`,
            `label` and `probability` (null where there is a `reason`), `reason`, `weight` and `known` (how
            many tokens the model saw, and how many of them it knows), and for each label its probability, in
            a column `probability_column`.
        """
        import polars as pl

        rows = _placed(file, sentences)
        prepared = preparation.prepare(self.checkpoint.preparation, rows["text"], self.tagger)
        rows = rows.with_columns(prepared["text"].alias("clean_text")).with_columns(
            pl.coalesce(rows["reason"], prepared["reason"]).alias("reason")
        )
        is_alive = pl.col("reason").is_null()
        # In chats the same few words come again and again; each is looked at once.
        distinct = rows.with_columns(prepared["tokens"]).filter(is_alive).unique("clean_text")
        judged = self._judged(distinct.select("clean_text", "tokens"))
        rows = rows.join(judged, on="clean_text", how="left", maintain_order="left")
        numbers = ["weight", "known", *map(probability_column, self.labels)]
        return labelled(rows.with_columns(pl.when(is_alive).then(pl.col(numbers))), self.labels)

    def _judged(self, distinct: pl.DataFrame) -> pl.DataFrame:
        """`clean_text`, `weight` and the probabilities of texts with their tokens."""
        import numpy as np
        import polars as pl

        card = self.checkpoint.card
        # The rows of training have labels and sources; what these are does not matter here.
        frame = distinct.with_columns(label=pl.lit(card.labels[0]), source=pl.lit(""))
        rows = batches.encode_rows(frame, card.labels, self.checkpoint.vocabulary)
        max_len = card.settings.max_len or int(rows.lengths.max(initial=1))
        scored = np.exp(loop.predict(self.checkpoint.model, rows, max_len))
        seen = np.minimum(rows.lengths, max_len)
        known = np.concatenate([[0], np.cumsum(rows.ids > vocab.UNKNOWN)])
        counts = {"weight": seen, "known": known[rows.starts + seen] - known[rows.starts]}
        columns = pl.DataFrame(scored, schema=[probability_column(label) for label in card.labels])
        return distinct.select("clean_text").with_columns(
            *(pl.Series(name, values, pl.Float64) for name, values in counts.items()), *columns
        )


@contextmanager
def open_classifier(model: Path, workers: int) -> Iterator[Classifier]:
    """Loads a model and starts its tagger, which is gone when the block is left. Threads may share it.

    Args:
        model: a folder that `etl train-baseline` wrote.
        workers: tagging processes.

    Raises:
        InputError: the model is damaged, or the installed tagger would give other tokens than it has learnt.
        SettingsError: the tagger is not installed.
    """
    import torch

    loaded = checkpoint.load(model)
    threads = torch.get_num_threads()
    # What people write is not kept on the disk, not even as tokens.
    with preparation.open_tagger(loaded.preparation, workers, is_cached=False) as tagger:
        # Batches run beside each other; threads that share one as small as these wait for each other.
        torch.set_num_threads(1)
        try:
            yield Classifier(loaded, tagger)
        finally:
            torch.set_num_threads(threads)


def probability_column(label: str) -> str:
    """The name of the column with the probability of a label."""
    return f"probability of {label}"


def labelled(rows: pl.DataFrame, labels: list[str]) -> pl.DataFrame:
    """Sets `label` and `probability` to the most probable one; null where there are no probabilities."""
    import polars as pl

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
    import polars as pl

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
