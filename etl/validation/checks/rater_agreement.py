"""Measures how far the raters of a corpus agree, by Fleiss' kappa.

J. L. Fleiss, Measuring nominal scale agreement among many raters, Psychological Bulletin 76 (1971).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from etl.language.message import tr
from etl.schema import taxonomy
from etl.schema.label_cells import normalise_label
from etl.text.html import bar, count, heading, name, percent, percent_axis, table
from etl.validation.check import Check
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View


@dataclass(frozen=True)
class RaterAgreement:
    """Agreement of the raters of one corpus, over all rows that were read, kept and rejected.

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


def measure(view: View) -> tuple[RaterAgreement, ...]:
    """Measures how far raters agree, for each corpus whose label table asks for votes; sorted by source.

    Rejected rows count: rows without a majority are among them, and agreement would look better without.
    """
    votes = (
        pl.concat(
            [
                frame.select(pl.col("source", "raw_label").cast(pl.String))
                for frame in (
                    view.dataset.scan(),
                    view.dataset.scan_rejects().filter(pl.col("reason") != "duplicate_id"),
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
    return tuple(agreement for agreement in agreements if agreement)


def judge(agreements: tuple[RaterAgreement, ...], rules: Rules) -> list[Finding]:
    """Notes how far the raters of each corpus agree."""
    return [
        finding
        for agreement in agreements
        for finding in rules.judge(
            "rater_agreement",
            agreement.pairwise,
            source=agreement.source,
            rows=agreement.rows,
            by_chance=agreement.by_chance,
            kappa=tr("not defined") if agreement.kappa is None else f"{agreement.kappa:.2f}",
            unanimous=agreement.unanimous / agreement.rows,
        )
    ]


def _voted() -> list[str]:
    """Returns the corpora whose rows carry votes."""
    return [slug for slug in taxonomy.corpora() if taxonomy.label_table(slug).min_votes]


def _agreement(source: str, rows_by_label: Iterable[tuple[str, int]]) -> RaterAgreement | None:
    table = taxonomy.label_table(source)
    codes = {code: code for code in table.codes} | dict(table.spellings) | dict(table.aliases)
    all_votes: Counter[str] = Counter()
    rows = unanimous = 0
    pairwise = majority = 0.0
    for raw_label, n_rows in rows_by_label:
        parts = [normalise_label(part) for part in raw_label.split(table.separator or ",")]
        votes = Counter(codes.get(part, part) for part in parts if part)
        n_votes = votes.total()
        if n_votes < 2:
            continue
        rows += n_rows
        pairwise += n_rows * sum(n * (n - 1) for n in votes.values()) / (n_votes * (n_votes - 1))
        majority += n_rows * max(votes.values()) / n_votes
        unanimous += n_rows * (len(votes) == 1)
        all_votes.update({code: n * n_rows for code, n in votes.items()})
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


def render_agreements(agreements: Sequence[RaterAgreement]) -> str:
    """Draws the agreement as a table, which stands among the conflicts; nothing where no corpus has votes."""
    if not agreements:
        return ""
    rows = [
        [
            name(agreement.source),
            bar(
                [(agreement.pairwise, "kept", percent(agreement.pairwise))],
                mark=(agreement.by_chance, tr("by chance")),
            ),
            percent(agreement.pairwise),
            percent(agreement.by_chance),
            '<span class="quiet">–</span>' if agreement.kappa is None else f"{agreement.kappa:.2f}",
            percent(agreement.unanimous / agreement.rows),
            percent(agreement.majority_share),
            count(agreement.rows),
        ]
        for agreement in agreements
    ]
    columns = [
        (tr("source"), "label"),
        (tr("two raters agree"), "wide"),
        ("", "n"),
        (tr("by chance"), "n"),
        (tr("Fleiss' kappa"), "n"),
        (tr("all agree"), "n"),
        (tr("mean share of the majority"), "n"),
        (tr("rows"), "n"),
    ]
    return heading(tr("Agreement of the raters")) + table(columns, rows, ticks=percent_axis())


CHECK = Check("rater agreement", measure, codes=("rater_agreement",), judge=judge, key="rater_agreements")
