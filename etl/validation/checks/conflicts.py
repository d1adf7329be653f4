"""The same text with different labels, the best accuracy that is still possible, and how far raters agree.

Each level is counted on its own: what conflicts by its raw text conflicts by its normalised text and its key
tokens too. Short utterances count, and are also told apart: a "네." that is glad here and sad there bounds
the accuracy like any other sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from etl.dataset.read import SPLITS, Dataset
from etl.schema import taxonomy
from etl.validation.findings import MAX_EXAMPLES, Finding, judge
from etl.validation.sentences import Sentences

ALL = "all"
# (level, finding code, what rows share)
LEVELS = (
    ("L0", "conflict_exact", "raw_text"),
    ("L1", "conflict_normalised", "normalised"),
    ("L2", "conflict_tokens", "tokens"),
)


@dataclass(frozen=True)
class Conflict:
    """The texts of one split, or of all of them together, that stand there with different labels.

    Attributes:
        level, code: L0 conflict_exact (raw text), L1 conflict_normalised, L2 conflict_tokens.
        split: train, validation, test, or all: between the splits too.
        texts: distinct texts with more than one label.
        rows: the rows that have such a text.
        of: all rows with a label.
        short_texts, short_rows: those of them that are short utterances.
        best_accuracy: what a model that gives every text its commonest label here reaches, 0 to 1: none that
            sees no more of a row than this level does can do better.
        pairs: a few as (id, id) with the same text and different labels, by id.
    """

    level: str
    code: str
    split: str
    texts: int
    rows: int
    of: int
    short_texts: int
    short_rows: int
    best_accuracy: float
    pairs: tuple[tuple[str, str], ...]

    @property
    def share(self) -> float:
        """The share of the rows that conflict."""
        return self.rows / self.of if self.of else 0.0


@dataclass(frozen=True)
class RaterAgreement:
    """How far the raters of one corpus agree, over all rows that were read, kept and rejected.

    Attributes:
        source: slug of a corpus whose rows carry votes.
        rows: rows with at least two votes.
        votes: votes of these rows.
        pairwise: how often two raters of one row gave the same label, 0 to 1, each row counting once.
        by_chance: how often two votes drawn from all of them are the same, 0 to 1.
        kappa: Fleiss' kappa, (pairwise - by_chance) / (1 - by_chance); None where all votes are one label.
        unanimous: rows on whose label all raters agree.
        majority_share: the share of a row's votes that its commonest label has, 0 to 1, mean over rows.
    """

    source: str
    rows: int
    votes: int
    pairwise: float
    by_chance: float
    kappa: float | None
    unanimous: int
    majority_share: float


def conflicts(rows: Sentences) -> list[Conflict]:
    """The conflicts of each split that has labelled rows, and of all splits together, level by level."""

    labelled = rows.rows.filter(pl.col("label").is_not_null())
    parts = {split: labelled.filter(pl.col("split") == split) for split in SPLITS} | {ALL: labelled}
    return [
        _conflict(level, code, key, split, part)
        for split, part in parts.items()
        if part.height
        for level, code, key in LEVELS
    ]


def rater_agreements(dataset: Dataset) -> list[RaterAgreement]:
    """How far raters agree, for each corpus whose label table asks for votes; sorted by source.

    Rejected rows count: rows without a majority are among them, and agreement would look better without.
    """

    votes = (
        pl.concat(
            [
                frame.select(pl.col("source", "raw_label").cast(pl.String))
                for frame in (
                    dataset.scan(),
                    dataset.scan_rejects().filter(pl.col("reason") != "duplicate_id"),
                )
            ]
        )
        .filter(pl.col("source").is_in(_voted()) & pl.col("raw_label").is_not_null())
        .group_by("source", "raw_label")
        .len()
        .sort("source", "raw_label")
        .collect()
    )
    agreements = (
        _agreement(str(source), frame.select("raw_label", "len").iter_rows())
        for (source,), frame in votes.group_by("source", maintain_order=True)
    )
    return [agreement for agreement in agreements if agreement]


def check(conflicts: list[Conflict], agreements: list[RaterAgreement]) -> list[Finding]:
    """The findings of this module."""
    findings: list[Finding] = []
    for conflict in conflicts:
        if conflict.split == ALL:
            findings += judge(
                conflict.code,
                conflict.texts,
                examples=[row_id for pair in conflict.pairs for row_id in pair],
                rows=conflict.rows,
                of=conflict.of,
                share=conflict.share,
                short=conflict.short_texts,
                best=conflict.best_accuracy,
            )
        elif conflict.level == "L2":
            findings += judge(
                "accuracy_ceiling",
                1 - conflict.best_accuracy,
                examples=[row_id for pair in conflict.pairs for row_id in pair],
                split=conflict.split,
                best=conflict.best_accuracy,
                rows=conflict.rows,
                texts=conflict.texts,
            )
    for agreement in agreements:
        findings += judge(
            "rater_agreement",
            agreement.pairwise,
            source=agreement.source,
            rows=agreement.rows,
            by_chance=agreement.by_chance,
            kappa="not defined" if agreement.kappa is None else f"{agreement.kappa:.2f}",
            unanimous=agreement.unanimous / agreement.rows,
        )
    return findings


def _conflict(level: str, code: str, key: str, split: str, rows: pl.DataFrame) -> Conflict:

    repeated = rows.filter(pl.col(key).is_not_null() & pl.col(key).is_duplicated())
    # Of each text the first row of each label, the first label first.
    by_label = (
        repeated.group_by(key, "label")
        .agg(pl.len().alias("rows"), pl.col("id").min(), pl.col("is_short").all())
        .sort("id")
    )
    texts = (
        by_label.group_by(key, maintain_order=True)
        .agg(
            pl.col("rows").sum(),
            pl.col("rows").max().alias("most"),
            pl.col("is_short").all(),
            pl.col("id").first().alias("one"),
            pl.col("id").get(1, null_on_oob=True).alias("two"),
        )
        .filter(pl.col("two").is_not_null())
    )
    short = texts.filter("is_short")
    wrong = int(texts["rows"].sum()) - int(texts["most"].sum())
    return Conflict(
        level=level,
        code=code,
        split=split,
        texts=texts.height,
        rows=int(texts["rows"].sum()),
        of=rows.height,
        short_texts=short.height,
        short_rows=int(short["rows"].sum()),
        best_accuracy=(rows.height - wrong) / rows.height,
        pairs=tuple(texts.head(MAX_EXAMPLES).select("one", "two").iter_rows()),
    )


def _voted() -> list[str]:
    """The corpora whose rows carry votes."""
    return [slug for slug in taxonomy.corpora() if taxonomy.label_table(slug).min_votes]


def _agreement(source: str, rows_by_label: Iterable[tuple[str, int]]) -> RaterAgreement | None:
    table = taxonomy.label_table(source)
    codes = {code: code for code in table.codes} | dict(table.spellings) | dict(table.aliases)
    all_votes: Counter[str] = Counter()
    rows = unanimous = 0
    pairwise = majority = 0.0
    for raw_label, count in rows_by_label:
        parts = [taxonomy.normalise_label(part) for part in raw_label.split(table.separator or ",")]
        votes = Counter(codes.get(part, part) for part in parts if part)
        n_votes = votes.total()
        if n_votes < 2:
            continue
        rows += count
        pairwise += count * sum(n * (n - 1) for n in votes.values()) / (n_votes * (n_votes - 1))
        majority += count * max(votes.values()) / n_votes
        unanimous += count * (len(votes) == 1)
        all_votes.update({code: n * count for code, n in votes.items()})
    if not rows:
        return None
    by_chance = sum(n * n for n in all_votes.values()) / all_votes.total() ** 2
    return RaterAgreement(
        source=source,
        rows=rows,
        votes=all_votes.total(),
        pairwise=pairwise / rows,
        by_chance=by_chance,
        kappa=(pairwise / rows - by_chance) / (1 - by_chance) if by_chance < 1 else None,
        unanimous=unanimous,
        majority_share=majority / rows,
    )
