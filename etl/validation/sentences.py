"""Reads what the checks of leakage, repeats, overlap and conflicts need of each row: hashes of its text.

It is read once for all of them. Memory: an id, a source, a label and four hashes a row, and while
near-duplicates are looked for the distinct normalised texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.dataset.read import SPLITS, Dataset
from etl.schema import votes
from etl.settings import Dedupe
from etl.similarity.nearest import nearest
from etl.text.normalise import is_short, normalised_key

# What two rows may share, from the strictest to the laxest.
# Between these splits near-duplicates are looked for, in both directions; and within each.
_SIDES = (
    *((these, "train") for these in ("validation", "test")),
    *(("train", those) for those in ("validation", "test")),
    *((split, split) for split in SPLITS),
)


@dataclass(frozen=True)
class Sentences:
    """The rows of a dataset, by what they share.

    Attributes:
        rows: a row a sentence: `row`, its number in the order of the dataset, `id`, `source`, `split`,
            `label`, `label_votes`, `is_short`, `is_no_conflict` (a person decided so), and hashes of
            `raw_text`, `normalised`, `tokens`, `group`; a null hash matches nothing. Where only the majority
            of votes counts, there are none.
        near: for each pair of splits (`these`, `those`; the same twice: within it) the normalised texts of
            the first that have a near-duplicate in the second: `normalised`, the most similar `other` (both
            hashes), `similarity`. Equal texts are not among them. `with_short`: whether short utterances
            took part.
    """

    rows: pl.DataFrame
    near: pl.DataFrame

    def of(self, split: str) -> pl.DataFrame:
        """Returns the rows of one split, in order."""
        return self.rows.filter(pl.col("split") == split)

    def near_texts(self, these: str, those: str, *, with_short: bool = False) -> pl.DataFrame:
        """Returns `normalised`, `other` and `similarity` for one pair of splits."""
        is_wanted = (
            (pl.col("these") == these) & (pl.col("those") == those) & (pl.col("with_short") == with_short)
        )
        return self.near.filter(is_wanted).select("normalised", "other", "similarity")


def read_sentences(dataset: Dataset, dedupe: Dedupe, pair_cache: Path | None = None) -> Sentences:
    """Reads the rows of all splits.

    Args:
        dataset: with the columns id, source, group, label, raw_text, text and tokens.
        dedupe: which utterances are too short to count, and how similar near-duplicates are; with `near` 0
            none are looked for.
        pair_cache: a folder with the near-duplicates that earlier runs found.
    """
    rows = pl.concat([_read_split(dataset, split, dedupe) for split in SPLITS]).with_row_index("row")
    near = _near(rows, dedupe.near, pair_cache)
    return Sentences(rows.drop("text"), near)


def _read_split(dataset: Dataset, split: str, dedupe: Dedupe) -> pl.DataFrame:
    """Reads the rows of one split with their normalised `text`."""
    column = pl.col
    # Unit separator: no tagger makes a token with it.
    tokens = pl.when(column("tokens").list.len() > 0).then(column("tokens").list.join("\x1f"))
    # The group of one corpus says nothing about that of another.
    group = pl.when(column("group") != "").then(pl.concat_str("source", "group", separator="\x1f"))
    label = column("label").cast(pl.String).str.strip_chars()
    is_majority = dataset.manifest.settings.labels == "majority"
    counted_votes = pl.lit(None, votes.VOTES) if is_majority else column(votes.COLUMN)
    keys = {"raw_text": column("raw_text"), "normalised": column("text"), "tokens": tokens, "group": group}
    return (
        dataset.scan(split)
        .with_columns(
            is_short(column("text"), dedupe.short_eojeols, dedupe.short_chars).alias("is_short"),
            normalised_key(column("text")).alias("text"),
        )
        .select(
            column("id").cast(pl.String),
            column("source").cast(pl.String),
            pl.lit(split).alias("split"),
            pl.when(label != "").then(label).alias("label"),
            counted_votes.alias(votes.COLUMN),
            "is_short",
            column("corrected").eq_missing("not_a_conflict").alias("is_no_conflict"),
            *(pl.when(key.is_not_null()).then(key.hash()).alias(name) for name, key in keys.items()),
            "text",
        )
        .collect()
    )


def _near(rows: pl.DataFrame, threshold: float, pair_cache: Path | None) -> pl.DataFrame:
    """Finds the near-duplicates between and within the splits; columns as in `Sentences.near`."""
    schema = pl.Schema(
        {"these": pl.String(), "those": pl.String(), "with_short": pl.Boolean()}
        | {"normalised": pl.UInt64(), "other": pl.UInt64(), "similarity": pl.Float64()}
    )
    if not threshold:
        return pl.DataFrame(schema=schema)
    stands_in = {(split, True): pl.col("split") == split for split in SPLITS}
    stands_in |= {(split, False): is_in & ~pl.col("is_short") for (split, _), is_in in stands_in.items()}
    texts = (
        rows.filter(pl.col("text") != "")
        .group_by("text")
        .agg(
            pl.col("normalised").first(),
            *(is_in.any().alias(f"{split} {short}") for (split, short), is_in in stands_in.items()),
        )
        .sort("text")  # so that the result does not depend on the order of the rows
    )
    wanted = [(these, those, with_short) for these, those in _SIDES for with_short in (False, True)]
    pairs_by_side = nearest(
        texts["text"],
        threshold,
        [(texts[f"{these} {short}"], texts[f"{those} {short}"]) for these, those, short in wanted],
        pair_cache,
    )
    return pl.concat(
        [
            pl.DataFrame(schema=schema),
            *(
                pairs.select(
                    pl.lit(these).alias("these"),
                    pl.lit(those).alias("those"),
                    pl.lit(with_short).alias("with_short"),
                    texts["normalised"].gather(pairs["text"]),
                    texts["normalised"].gather(pairs["other"]).alias("other"),
                    "similarity",
                )
                for (these, those, with_short), pairs in zip(wanted, pairs_by_side, strict=True)
            ),
        ]
    )
