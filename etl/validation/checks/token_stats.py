"""What a model gets to see of a sentence: how many tokens, how many of them a vocabulary knows, or none.

Tokens are what stands in `tokens`, whoever made them. Which of them get an id is the vocabulary's business;
here it is said what a size of it would cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from etl.dataset.read import SPLITS, Dataset
from etl.validation import lengths
from etl.validation.findings import MAX_EXAMPLES, Finding, judge
from etl.validation.lengths import Lengths

VOCABULARY_SIZES = (1_000, 5_000, 10_000, 20_000, 50_000)
MAX_LEN_STEP = 8
# Of the rows of train, what the suggested `max_len` may cut.
CUT_AT_MOST = 0.01


@dataclass(frozen=True)
class Coverage:
    """What the commonest tokens of train cover.

    Attributes:
        size: how many distinct tokens, ids of `<pad>` and `<unk>` not counted.
        shares: for each split with tokens, the share of its tokens that are among them, 0 to 1.
    """

    size: int
    shares: dict[str, float]


@dataclass(frozen=True)
class Unseen:
    """The tokens of one set of rows that another never has.

    Attributes:
        split, reference: the rows whose tokens are looked up, and those they are looked up in.
        tokens, distinct: how many tokens there are, and how many different ones.
        unseen, distinct_unseen: how many of either the reference lacks.
        by_chance: the share of tokens to expect if both were drawn from the same sentences: the share of
            tokens of the reference that occur in it once (Good and Turing's estimate).
    """

    split: str
    reference: str
    tokens: int
    distinct: int
    unseen: int
    distinct_unseen: int
    by_chance: float

    @property
    def share(self) -> float:
        """The share of tokens that the reference lacks, 0 to 1."""
        return self.unseen / self.tokens if self.tokens else 0.0


@dataclass(frozen=True)
class Emptied:
    """The sentences of one source of which no token is left.

    Attributes:
        rows: kept rows, and rows rejected because no token was left.
        kept: rows without a token among the kept ones.
        rejected: rows rejected as `no_key_tokens`.
    """

    source: str
    rows: int
    kept: int
    rejected: int


@dataclass(frozen=True)
class Tokens:
    """The tokens of a dataset.

    Attributes:
        lengths: tokens a row: each split, then all.
        max_len: the smallest multiple of 8 that cuts at most one per cent of the rows of train; None where
            train has no rows.
        cut_rows, cut_share: the rows of train with more tokens than that, and their share.
        cut_by_split: the share of the rows of each split that it cuts.
        tokens, distinct: how many tokens train has, and how many different ones.
        once: how many tokens occur a single time in train.
        coverage: what vocabularies of growing size know, the last of every token of train.
        unseen: tokens of validation and test that train lacks.
        emptied: sentences without a token, by source.
        examples: ids of a few kept rows without a token, the first in order.
    """

    lengths: tuple[Lengths, ...]
    max_len: int | None
    cut_rows: int
    cut_share: float
    cut_by_split: dict[str, float]
    tokens: int
    distinct: int
    once: int
    coverage: tuple[Coverage, ...]
    unseen: tuple[Unseen, ...]
    emptied: tuple[Emptied, ...]
    examples: tuple[str, ...]


def measure(dataset: Dataset) -> Tokens:
    """Counts tokens by row and by token; memory grows with the distinct tokens, not with the rows."""

    rows = dataset.scan()
    by_length = lengths.count_lengths(rows, pl.col("tokens").list.len())
    counted = count_tokens(rows)
    train = of_split(counted, "train")
    max_len = _max_len(by_length.filter(pl.col("split") == "train"))
    cut = {split: _longer(by_length.filter(pl.col("split") == split), max_len or 0) for split in SPLITS}
    cut_rows, train_rows = cut["train"]
    return Tokens(
        lengths=lengths.describe(by_length),
        max_len=max_len,
        cut_rows=cut_rows if max_len else 0,
        cut_share=cut_rows / train_rows if max_len else 0.0,
        cut_by_split={split: above / of for split, (above, of) in cut.items() if of and max_len},
        tokens=int(train["rows"].sum()),
        distinct=train.height,
        once=int((train["rows"] == 1).sum()),
        coverage=_coverage(counted),
        unseen=tuple(
            unseen(of_split(counted, split), train, split, "train")
            for split in SPLITS[1:]
            if train.height and (counted["split"] == split).any()
        ),
        emptied=_emptied(dataset),
        examples=_examples(rows),
    )


def check(found: Tokens) -> list[Finding]:
    """The findings of this module; tokens that train lacks are judged as drift."""
    findings = []
    if found.max_len:
        train = found.lengths[0]
        findings += judge(
            "max_len",
            found.max_len,
            cut=found.cut_share,
            rows=found.cut_rows,
            p50=train.p50,
            p99=train.p99,
            longest=train.longest,
        )
    for emptied in found.emptied:
        findings += judge(
            "emptied",
            (emptied.kept + emptied.rejected) / emptied.rows,
            source=emptied.source or "no source",
            rows=emptied.kept + emptied.rejected,
            of=emptied.rows,
            rejected=emptied.rejected,
        )
    findings += judge(
        "rows_without_tokens", sum(emptied.kept for emptied in found.emptied), examples=found.examples
    )
    return findings


def count_tokens(rows: pl.LazyFrame) -> pl.DataFrame:
    """How often each token occurs in each split: `split`, `token`, `rows` (occurrences), in any order."""

    return (
        rows.select("split", token=pl.col("tokens"))
        .explode("token")
        .drop_nulls()
        .group_by("split", "token")
        .agg(pl.len().cast(pl.Int64).alias("rows"))
        .collect(engine="streaming")
    )


def of_split(counted: pl.DataFrame, split: str) -> pl.DataFrame:
    """The `token` and `rows` of one split, of what `count_tokens` gives."""

    return counted.filter(pl.col("split") == split).select("token", "rows")


def unseen(these: pl.DataFrame, those: pl.DataFrame, split: str, reference: str) -> Unseen:
    """Which tokens of `these` are not among `those`.

    Args:
        these, those: `token` and `rows`, each token once.
        split, reference: what to call them.
    """

    lacking = these.join(those, on="token", how="anti")["rows"]
    total = int(those["rows"].sum())
    return Unseen(
        split=split,
        reference=reference,
        tokens=int(these["rows"].sum()),
        distinct=these.height,
        unseen=int(lacking.sum()),
        distinct_unseen=len(lacking),
        by_chance=those.filter(pl.col("rows") == 1).height / total if total else 1.0,
    )


def _max_len(counted: pl.DataFrame) -> int | None:
    if counted.is_empty():
        return None
    enough = lengths.percentile(counted, 1 - CUT_AT_MOST)
    return max(1, -(-enough // MAX_LEN_STEP)) * MAX_LEN_STEP


def _longer(counted: pl.DataFrame, limit: int) -> tuple[int, int]:
    """Rows longer than `limit`, and all rows."""

    above = counted.filter(pl.col("length") > limit)
    return int(above["rows"].sum()), int(counted["rows"].sum())


def _coverage(counted: pl.DataFrame) -> tuple[Coverage, ...]:

    train = of_split(counted, "train").sort("rows", "token", descending=[True, False])
    sizes = [size for size in VOCABULARY_SIZES if size < train.height]
    if not train.height:
        return ()
    ranked = counted.join(train.select("token").with_row_index("rank"), on="token", how="left")
    known = {
        split: ranked.filter(pl.col("split") == split).select("rank", "rows")
        for split in SPLITS
        if (counted["split"] == split).any()
    }
    return tuple(Coverage(size, _shares(known, size)) for size in (*sizes, train.height))


def _shares(known: Mapping[str, pl.DataFrame], size: int) -> dict[str, float]:

    return {
        split: int(ranked.filter(pl.col("rank") < size)["rows"].sum()) / int(ranked["rows"].sum())
        for split, ranked in known.items()
    }


def _emptied(dataset: Dataset) -> tuple[Emptied, ...]:

    source = pl.col("source").fill_null("")
    is_empty = (pl.col("tokens").list.len() == 0).fill_null(value=True)
    kept = dataset.scan().group_by(source).agg(rows=pl.len(), kept=is_empty.sum()).collect(engine="streaming")
    rejected = (
        dataset.scan_rejects()
        .filter(pl.col("reason") == "no_key_tokens")
        .group_by(source)
        .agg(rejected=pl.len())
        .collect(engine="streaming")
    )
    both = kept.join(rejected, on="source", how="full", coalesce=True).fill_null(0).sort("source")
    return tuple(
        Emptied(source=name, rows=rows + of_rejects, kept=empty, rejected=of_rejects)
        for name, rows, empty, of_rejects in both.iter_rows()
    )


def _examples(rows: pl.LazyFrame) -> tuple[str, ...]:

    is_empty = (pl.col("tokens").list.len() == 0).fill_null(value=True)
    named = rows.filter(is_empty).select("id").drop_nulls().sort("id").head(MAX_EXAMPLES)
    return tuple(named.collect(engine="streaming").to_series())
