"""The rows that a model is trained on and scored on, as ids.

A baseline gets the key tokens that the dataset holds, or all that its tagger finds: then the text is tagged
again, as it was at ingest, which the cache of tagged sentences makes quick. A fine-tuned model gets the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from etl.dataset import preparation as preparations
from etl.dataset import vocab
from etl.dataset.preparation import Preparation
from etl.dataset.read import Dataset
from etl.errors import InputError, SettingsError
from etl.ingestion.prepare import prepare
from etl.language.message import tr
from etl.models.training import targets
from etl.models.training.batches import Rows, share_cut
from etl.models.training.encoder import Encoder
from etl.schema import votes
from etl.tagging.tagger import Tagger

# As in `max_len_cuts` of schemas/checks/tokens.yaml.
MOST_CUT = 0.05


@dataclass(frozen=True)
class Inputs:
    """The rows of a dataset as ids, and what made these."""

    dataset: Dataset
    preparation: Preparation
    encoder: Encoder
    train: Rows
    held_out: dict[str, Rows]  # validation, test: those that have rows
    frames: Mapping[str, pl.DataFrame]  # by split: the same rows, as `read_frames` gives them

    @property
    def unscored(self) -> dict[str, int]:
        """The held-out splits of which no row has a majority of the votes, and how many rows each has."""
        left = {split: own.height for split, own in self.frames.items() if split not in self.held_out}
        return {split: n_rows for split, n_rows in left.items() if n_rows and split != "train"}

    @property
    def selection_split(self) -> str:
        """The split that selects the best epoch: validation, or test where there is none."""
        return next(iter(self.held_out))


def describe_cuts(inputs: Inputs, max_len: int) -> list[str]:
    """Returns a warning for each split of which more than `MOST_CUT` of the rows lose their end."""
    shares = {
        split: share_cut(rows, max_len) for split, rows in {"train": inputs.train, **inputs.held_out}.items()
    }
    return [
        tr(
            "a max_len of {max_len} cuts {share:.1%} of the rows of {split}: raise --max-len",
            max_len=max_len,
            share=share,
            split=split,
        )
        for split, share in shares.items()
        if share > MOST_CUT
    ]


def encode_splits(
    dataset: Dataset, preparation: Preparation, encoder: Encoder, frames: Mapping[str, pl.DataFrame]
) -> Inputs:
    """Encodes the rows of all splits.

    Args:
        dataset: what they belong to.
        preparation: how they were cleaned and tagged.
        encoder: makes the ids.
        frames: by split, as `read_frames` gives them.

    Raises:
        InputError: there are no training rows, or a label is not in the taxonomy.
        SettingsError: there are no held-out rows with a label.
    """
    rows = {split: encoder.encode(frame, dataset.labels) for split, frame in frames.items()}
    if not len(rows["train"]):
        raise InputError(
            tr("{dataset} has no training rows", dataset=dataset.path),
            next_step=tr("see why with `etl rejects {dataset}`", dataset=dataset.path),
        )
    held_out = {split: own for split, own in rows.items() if split != "train" and _is_scored(own)}
    if not held_out:
        raise SettingsError(
            tr("{dataset} has neither validation nor test rows with a label", dataset=dataset.path),
            details=[tr("expected rows that are not learnt from: nothing else tells whether a model learns")],
            cause=tr("The corpora have no official split, or split.validation and split.test are 0."),
            next_step=tr("ingest again with `--split grouped`, and split.validation above 0 in etl.yaml"),
        )
    return Inputs(dataset, preparation, encoder, rows["train"], held_out, frames)


def _is_scored(rows: Rows) -> bool:
    return bool(len(rows)) if rows.is_multi else bool((rows.labels >= 0).any())


def read_frames(
    dataset: Dataset, splits: Sequence[str], preparation: Preparation, column: str, workers: int = 1
) -> dict[str, pl.DataFrame]:
    """Reads `source`, `group`, `label`, `text` and `tokens` of the rows by split, in order and without nulls.

    Under `labels: soft` also `label_votes` and `raw_label`, under `multi` the list `labels`; of rows without
    a majority `label` is null.

    Args:
        dataset: what to read.
        splits: their names.
        preparation: which tokens are read: the stored ones, or all, for which the text is tagged again.
        column: what a model reads: `tokens`, or `text`, and then the stored tokens are enough.
        workers: tagging processes, for all tokens.

    Raises:
        InputError: a shard is damaged, or the installed tagger is another than the dataset's.
        SettingsError: the tagger is not installed.
    """
    if column == "text" or preparation.tokens == "key":
        return {split: _read_frame(dataset, split) for split in splits}
    with preparations.open_tagger(preparation, workers) as tagger:
        return {
            split: frame.with_columns(_tag_all(preparation, frame["text"], tagger))
            for split in splits
            for frame in [_read_frame(dataset, split)]
        }


def _read_frame(dataset: Dataset, split: str) -> pl.DataFrame:
    columns: list[str | pl.Expr] = [
        "source",
        "label",
        pl.col("group").fill_null(pl.col("id")),
        pl.col("text").fill_null(""),
        pl.col("tokens").fill_null(pl.lit([], pl.List(pl.String))),
    ]
    mode = dataset.manifest.settings.labels
    if mode == "soft":
        columns += [votes.COLUMN, "raw_label"]
    elif mode == "multi":
        names = pl.col(votes.COLUMN).list.eval(pl.element().struct.field("label"))
        columns.append(pl.coalesce(names, pl.concat_list("label")).alias(targets.SETS))
    with vocab.wrap_read_errors(dataset, split):
        return dataset.scan(split).select(columns).collect()


def _tag_all(preparation: Preparation, texts: pl.Series, tagger: Tagger) -> pl.Series:
    tokens = prepare(preparation, texts, tagger)["tokens"].cast(pl.List(pl.String))
    # A sentence of which this tagger makes no token is an empty row here.
    return tokens.fill_null(pl.lit([], pl.List(pl.String)))
