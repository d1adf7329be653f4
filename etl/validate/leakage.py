"""Do rows of validation or test also stand in train? By raw text, normalised text, key tokens, and group.

Each level is counted on its own, so a row that has the same raw text counts at L0, L1 and L2. What an
utterance is too short for is decided by `etl.normalise`, which ingest uses too. Near-duplicates (L3) are not
looked for here. Memory: four hashes a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.dataset.read import Dataset
from etl.normalise import is_short, normalised_key
from etl.settings import Dedupe
from etl.validate.findings import MAX_EXAMPLES, Finding, judge

if TYPE_CHECKING:
    import polars as pl

EVALUATION = ("validation", "test")
# (level, finding code); the columns of `_keys` have the names of the codes.
LEVELS = (("L0", "leak_exact"), ("L1", "leak_normalised"), ("L2", "leak_tokens"), ("L4", "leak_group"))


@dataclass(frozen=True)
class Leak:
    """What one evaluation split shares with train at one level.

    Attributes:
        level, code: L0 leak_exact, L1 leak_normalised, L2 leak_tokens, L4 leak_group.
        split: validation or test.
        rows: rows of this split with a counterpart in train, short utterances aside.
        of: all rows of this split.
        train_rows: rows of train that have a counterpart in this split, short utterances aside.
        short_rows: rows with a counterpart that are too short to count; 0 at L4, where length means nothing.
        groups: groups that the split shares with train; 0 but at L4.
        pairs: the first few as (id in this split, id in train).
    """

    level: str
    code: str
    split: str
    rows: int
    of: int
    train_rows: int
    short_rows: int
    groups: int
    pairs: tuple[tuple[str, str], ...]

    @property
    def share(self) -> float:
        """The share of the split that is affected."""
        return self.rows / self.of if self.of else 0.0


def measure(dataset: Dataset, dedupe: Dedupe) -> list[Leak]:
    """What validation and test share with train, level by level.

    An evaluation split without rows is left out.

    Args:
        dataset: with the columns id, source, group, raw_text, text and tokens.
        dedupe: which utterances are too short to count.
    """
    train = _keys(dataset, "train", dedupe)
    leaks = []
    for split in EVALUATION:
        evaluated = _keys(dataset, split, dedupe)
        if not evaluated.is_empty():
            leaks += [_measure_level(level, code, split, evaluated, train) for level, code in LEVELS]
    return leaks


def check(leaks: list[Leak]) -> list[Finding]:
    """The findings of this module."""
    return [
        finding
        for leak in leaks
        for finding in judge(
            leak.code,
            leak.rows,
            examples=[evaluated for evaluated, _ in leak.pairs],
            of=leak.of,
            split=leak.split,
            share=leak.share,
            groups=leak.groups,
        )
    ]


def _keys(dataset: Dataset, split: str, dedupe: Dedupe) -> pl.DataFrame:
    """One row a sentence: its id, whether it is short, and a hash for each level; null matches nothing."""
    import polars as pl

    column = pl.col
    # Unit separator: no tagger makes a token with it.
    tokens = pl.when(column("tokens").list.len() > 0).then(column("tokens").list.join("\x1f"))
    # The group of one corpus says nothing about that of another.
    group = pl.when(column("group") != "").then(pl.concat_str("source", "group", separator="\x1f"))
    keys = {
        "leak_exact": column("raw_text"),
        "leak_normalised": normalised_key(column("text")),
        "leak_tokens": tokens,
        "leak_group": group,
    }
    return (
        dataset.scan(split)
        .select(
            "id",
            is_short(column("text"), dedupe.short_eojeols, dedupe.short_chars).alias("is_short"),
            *(pl.when(key.is_not_null()).then(key.hash()).alias(code) for code, key in keys.items()),
        )
        .collect()
    )


def _measure_level(level: str, code: str, split: str, evaluated: pl.DataFrame, train: pl.DataFrame) -> Leak:
    import polars as pl

    # At the text levels a pair counts if neither side is short; a group is a group whatever is said.
    is_countable = pl.lit(True) if code == "leak_group" else ~pl.col("is_short")
    countable, trained = evaluated.filter(is_countable), train.filter(is_countable)
    shared = evaluated.join(train, on=code, how="semi")
    counted = countable.join(trained, on=code, how="semi", maintain_order="left")
    counterparts = trained.join(countable, on=code, how="semi", maintain_order="left")
    first = counterparts.unique(code, keep="first", maintain_order=True).select(code, train_id="id")
    pairs = counted.head(MAX_EXAMPLES).join(first, on=code, how="left", maintain_order="left")
    return Leak(
        level=level,
        code=code,
        split=split,
        rows=counted.height,
        of=evaluated.height,
        train_rows=counterparts.height,
        short_rows=shared.height - counted.height,
        groups=counted[code].n_unique() if code == "leak_group" else 0,
        pairs=tuple(
            (str(row_id), str(train_id)) for row_id, train_id in pairs.select("id", "train_id").iter_rows()
        ),
    )
