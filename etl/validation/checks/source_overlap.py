"""Counts texts that two corpora share, and how often their labels agree.

This is no leakage: corpora may quote each other. Short utterances are counted apart.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import polars as pl

from etl.language.message import tr
from etl.schema import votes
from etl.settings import Labels
from etl.text.html import count, count_or_dash, name, percent, section, table, text
from etl.validation.check import Check, ReportContext
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.rules import Rules
from etl.validation.selection import number_groups
from etl.validation.view import View

# Fewer shared texts say nothing of how two corpora label.
_FEWEST_TEXTS = 20


@dataclass(frozen=True)
class SourceOverlap:
    """Texts that two corpora share. Short utterances are counted in `short_texts` only.

    Attributes:
        source, other: their slugs, the smaller one first.
        texts: distinct normalised texts that both have.
        rows, other_rows: the rows of each that have such a text.
        of, other_of: all rows of each.
        compared: shared texts that are labelled in both.
        agreeing: those of them whose rows all carry one label, in both. Rows with votes have several labels,
            unless only the majority counts: one must be common to all.
        differing_rows: the rows of both whose text the two label differently.
        short_texts: texts that are too short to count.
        pairs: a few as (id in source, id in other), by id; first those whose labels differ.
    """

    source: str
    other: str
    texts: int
    rows: int
    other_rows: int
    of: int
    other_of: int
    compared: int
    agreeing: int
    differing_rows: int
    short_texts: int
    pairs: tuple[tuple[str, str], ...]

    @property
    def agreement(self) -> float | None:
        """The share of the shared texts on whose label both agree; None if none are labelled in both."""
        return self.agreeing / self.compared if self.compared else None


def measure(view: View) -> tuple[SourceOverlap, ...]:
    """Measures every two corpora that share a text, short or not; sorted."""
    counts = dict(view.sentences.counts.group_by("source").agg(pl.col("rows").sum()).iter_rows())
    shared = _shared_pairs(view)
    return tuple(
        _overlap(pair, counts)
        for pair in shared.sort("source", "other_source").partition_by(
            "source", "other_source", maintain_order=True
        )
    )


def select(
    view: View, codes: Collection[str], _measured: tuple[SourceOverlap, ...] | None
) -> dict[str, pl.DataFrame]:
    """Selects the rows whose text another source has, a group a text; and those labelled otherwise there."""
    wanted = {"source_overlap": _counted(_shared_pairs(view))} if {*CHECK.codes} & {*codes} else {}
    for pairs in [*wanted.values()]:
        wanted["source_disagreement"] = pairs.filter(pl.col("is_compared") & ~pl.col("is_agreed"))
    rows = view.sentences.rows
    return {
        code: number_groups(rows.join(pairs, on="normalised", how="semi"), ["normalised"], ["source", "id"])
        for code, pairs in wanted.items()
        if code in codes
    }


def judge(overlaps: tuple[SourceOverlap, ...], rules: Rules) -> list[Finding]:
    """Judges the texts that two corpora share, and how often their labels differ."""
    return [finding for overlap in overlaps for finding in _judge_overlap(overlap, rules)]


def _judge_overlap(overlap: SourceOverlap, rules: Rules) -> list[Finding]:
    facts: dict[str, Any] = {
        "source": overlap.source,
        "other": overlap.other,
        "rows": overlap.rows,
        "other_rows": overlap.other_rows,
        "compared": overlap.compared,
        "agreeing": overlap.agreeing,
        "examples": [row_id for pair in overlap.pairs for row_id in pair],
    }
    of_both = overlap.rows + overlap.other_rows
    findings = rules.judge("source_overlap", overlap.texts, rows_to_see=of_both, **facts)
    if overlap.compared >= _FEWEST_TEXTS:
        disagreement = 1 - overlap.agreeing / overlap.compared
        findings += rules.judge(
            "source_disagreement", disagreement, rows_to_see=overlap.differing_rows, **facts
        )
    return findings


def _shared_pairs(view: View) -> pl.DataFrame:
    """Returns a row for each text that two sources share, and those two."""
    texts = _shared_texts(view.sentences.rows, view.manifest.settings.labels)
    right = texts.rename({name: f"other_{name}" for name in texts.columns if name != "normalised"})
    shared = texts.join(right, on="normalised").filter(pl.col("source") < pl.col("other_source"))
    return shared.with_columns(is_short=pl.col("is_short") | pl.col("other_is_short"))


def _counted(shared: pl.DataFrame) -> pl.DataFrame:
    """Returns the shared texts that are not short, with whether both sources label them, and alike."""
    return shared.filter(~pl.col("is_short")).with_columns(
        is_compared=pl.col("labels").is_not_null() & pl.col("other_labels").is_not_null(),
        is_agreed=pl.col("labels").list.set_intersection("other_labels").list.len() > 0,
    )


def _shared_texts(rows: pl.DataFrame, mode: Labels) -> pl.DataFrame:
    """Returns a row for each text of each source that another has too: rows, labels, first id.

    `labels` are those that all labelled rows of the text have; null where there is no labelled row.
    """
    texts = rows.filter(pl.col("normalised").is_not_null())
    met = texts.select("normalised", "source").unique()
    shared = met.filter(pl.col("normalised").is_duplicated()).select("normalised").unique()
    of_shared = texts.join(shared, on="normalised", how="semi")
    labelled = of_shared.filter(votes.is_labelled())
    n_labelled = labelled.group_by("normalised", "source").agg(pl.len().alias("n_labelled"))
    labels = (
        votes.spread(labelled.lazy().select("normalised", "source", "label", votes.COLUMN), mode)
        .group_by("normalised", "source", "label")
        .agg(pl.len().alias("rows_with"))
        .join(n_labelled.lazy(), on=["normalised", "source"])
        .group_by("normalised", "source")
        .agg(labels=pl.col("label").filter(pl.col("rows_with") == pl.col("n_labelled")))
        .collect()
    )
    return (
        of_shared.group_by("normalised", "source")
        .agg(pl.len().cast(pl.Int64).alias("rows"), pl.col("id").min(), pl.col("is_short").all())
        .join(labels, on=["normalised", "source"], how="left")
    )


def _overlap(shared: pl.DataFrame, counts: dict[str, int]) -> SourceOverlap:
    """Returns one cell of the matrix, of the texts that two sources share."""
    source, other = shared["source"][0], shared["other_source"][0]
    counted = _counted(shared)
    # What differs is what to look at.
    is_other = pl.col("is_compared") & ~pl.col("is_agreed")
    ordered = counted.sort(is_other, "id", descending=[True, False])
    differing = counted.filter(is_other)
    return SourceOverlap(
        source=source,
        other=other,
        texts=counted.height,
        rows=int(counted["rows"].sum()),
        other_rows=int(counted["other_rows"].sum()),
        of=counts[source],
        other_of=counts[other],
        compared=int(counted["is_compared"].sum()),
        agreeing=int(counted["is_agreed"].fill_null(value=False).sum()),
        differing_rows=int(differing["rows"].sum()) + int(differing["other_rows"].sum()),
        short_texts=shared.height - counted.height,
        pairs=tuple(ordered.head(MAX_EXAMPLES).select("id", "other_id").iter_rows()),
    )


def render(overlaps: tuple[SourceOverlap, ...], _context: ReportContext) -> str:
    """Draws the matrix of what corpora share: texts, and how often their labels agree."""
    cells = {(overlap.source, overlap.other): overlap for overlap in overlaps if overlap.texts}
    if not cells:
        return ""
    sources = sorted({source for pair in cells for source in pair})
    rows = [
        [
            name(source),
            *(_render_cell(cells.get((min(source, other), max(source, other)))) for other in sources),
        ]
        for source in sources
    ]
    columns = [("", "label"), *((source, "n") for source in sources)]
    about = tr(
        "Distinct normalised texts that two corpora share, and how many of those that "
        "both label carry one label in all their rows. Short utterances are left out."
    )
    return section(tr("Texts that corpora share"), about, table(columns, rows), anchor="overlap")


def _render_cell(overlap: SourceOverlap | None) -> str:
    if overlap is None:
        return count_or_dash(0)
    agreement = "" if overlap.agreement is None else tr("{share} agree", share=percent(overlap.agreement))
    return f'{count(overlap.texts)} <span class="quiet">{text(agreement)}</span>'


CHECK = Check(
    "source overlap",
    measure,
    codes=("source_overlap", "source_disagreement"),
    judge=judge,
    render=render,
    chapter="leakage",
    key="source_overlaps",
    stage="late",
    select=select,
)
