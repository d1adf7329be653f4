"""Measures how far labels, sources and lengths of validation and test are from train's.

`changes` compares with an earlier dataset by the same measures. Only a difference that chance does not
explain is a finding: a small split is never shared out exactly like train. Divergences are in nats.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import polars as pl

from etl.dataset.read import SPLITS, Dataset
from etl.language.message import tr
from etl.text.charts import round_up
from etl.text.html import bar, count_or_dash, percent, percent_axis, section, table, text
from etl.validation import lengths
from etl.validation.check import Check, ReportContext
from etl.validation.checks.balance import entropy
from etl.validation.checks.labels import count_labels
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.unseen import UnseenTokens, render_unseen
from etl.validation.view import View, count_labelled

Named = Literal["label", "source"]
NAMED: tuple[Named, ...] = ("label", "source")
# For labels and for sources a function from a split, or None for all, to rows by name.
CountNames = Mapping[Named, Callable[[str | None], Mapping[str, float]]]
# Three times what chance gives on average: two random samples differ by more once in fifty at most, in a
# distribution over two names, and hardly ever over more.
_BEYOND_CHANCE = 3
_BINS = 10


@dataclass(frozen=True)
class Drift:
    """Distance of the distribution of labels, sources or lengths of a split from that of a reference.

    Attributes:
        of: "label", "source" or "length" (characters of `text`, in bins by the deciles of the reference).
        split, reference: the rows that are compared, and those they are compared with: two splits of one
            dataset, or the same split of an earlier one.
        total_variation: half the sum of the differences of the shares, 0 to 1.
        jensen_shannon: divergence in nats, 0 to ln 2.
        psi: population stability index, the symmetric divergence in nats; half a row is added to every class
            or bin, so that it is finite.
        kolmogorov_smirnov: the largest difference of the cumulated shares of the exact lengths, 0 to 1; None
            of labels and sources, which have no order.
        by_chance, psi_by_chance: the total variation, and the index, to expect of two random samples of these
            sizes.
    """

    of: Literal["label", "source", "length"]
    split: str
    reference: str
    total_variation: float
    jensen_shannon: float
    psi: float
    kolmogorov_smirnov: float | None
    by_chance: float
    psi_by_chance: float


def measure(view: View) -> tuple[Drift, ...]:
    """Measures how far labels, sources and lengths of validation and test are from train's."""
    names: CountNames = {
        "label": partial(count_labels, view.cells),
        "source": partial(count_labelled, view.row_counts),
    }
    drifts = [
        drift
        for of in NAMED
        for split in SPLITS[1:]
        for drift in compare(of, names[of](split), names[of]("train"), split, "train")
    ]
    counted = count_characters(view.dataset)
    train = by_length(counted, "train")
    for split in SPLITS[1:]:
        drifts += compare_lengths(by_length(counted, split), train, split, "train")
    return tuple(drifts)


def judge(drifts: Iterable[Drift], rules: Rules) -> list[Finding]:
    """Judges the drifts of validation and test from train."""
    return [
        finding
        for drift in drifts
        for finding in judge_drift(drift, rules, f"{drift.of}_drift", "length_shift")
    ]


def judge_drift(drift: Drift, rules: Rules, code: str, mild_code: str) -> list[Finding]:
    """Judges one drift: labels and sources by total variation, lengths by the stability index.

    Args:
        drift: what was measured.
        rules: thresholds and words.
        code: the finding to make.
        mild_code: the finding of a drift of lengths below the threshold of `code`.
    """
    is_length = drift.of == "length"
    number, chance = (
        (drift.psi, drift.psi_by_chance) if is_length else (drift.total_variation, drift.by_chance)
    )
    for name in (code, mild_code) if is_length else (code,):
        findings = rules.judge(
            name,
            number,
            threshold=max(rules[name].threshold, _BEYOND_CHANCE * chance),
            split=drift.split,
            reference=drift.reference,
            jensen_shannon=drift.jensen_shannon,
            psi=drift.psi,
            kolmogorov_smirnov=drift.kolmogorov_smirnov,
        )
        if findings:
            return findings
    return []


def count_characters(dataset: Dataset) -> pl.DataFrame:
    """Counts rows by `split` and `length` of the text in characters."""
    return lengths.count_lengths(dataset.scan(), pl.col("text").str.len_chars())


def by_length(counted: pl.DataFrame, split: str) -> dict[int, int]:
    """Returns the rows of one split by length, of what `count_characters` returns."""
    return dict(counted.filter(pl.col("split") == split).select("length", "rows").iter_rows())


def compare(
    of: Named,
    these: Mapping[str, float],
    those: Mapping[str, float],
    split: str,
    reference: str,
) -> list[Drift]:
    """Measures the drift of `these` counts from `those`; none where either has no rows.

    Args:
        of: what the counts are of.
        these, those: rows by name.
        split, reference: what to call the two.
    """
    if not these or not those:
        return []
    names = sorted({*these, *those})
    pairs = [(these.get(name, 0), those.get(name, 0)) for name in names]
    return [_drift(of, pairs, split, reference, None)]


def compare_lengths(
    these: Mapping[int, int], those: Mapping[int, int], split: str, reference: str
) -> list[Drift]:
    """Measures the drift of the lengths of `these` rows from `those`; none where either has no rows.

    Args:
        these, those: rows by length.
        split, reference: what to call the two.
    """
    if not these or not those:
        return []
    edges = deciles(those)
    pairs = list(zip(binned(these, edges), binned(those, edges), strict=True))
    return [_drift("length", pairs, split, reference, _kolmogorov_smirnov(these, those))]


def deciles(rows: Mapping[int, int]) -> list[int]:
    """Returns the longest length of each bin but the last: bins of equal shares, as far as ties allow."""
    total, below, edges = sum(rows.values()), 0, []
    wanted = 1  # the next tenth
    for length in sorted(rows):
        below += rows[length]
        if below == total:
            break
        if below * _BINS >= total * wanted:
            edges.append(length)
            wanted = below * _BINS // total + 1  # a length that fills several bins is one
    return edges


def binned(rows: Mapping[int, int], edges: Sequence[int]) -> list[int]:
    """Counts the rows in each bin; a length that is an edge is in the bin below it."""
    counts = [0] * (len(edges) + 1)
    for length, number in rows.items():
        counts[bisect.bisect_left(edges, length)] += number
    return counts


def _drift(
    of: Literal["label", "source", "length"],
    pairs: Sequence[tuple[float, float]],
    split: str,
    reference: str,
    kolmogorov_smirnov: float | None,
) -> Drift:
    these, those = sum(rows for rows, _ in pairs), sum(rows for _, rows in pairs)
    shares = [(p / these, q / those) for p, q in pairs]
    mixture = entropy((p + q) / 2 for p, q in shares)
    apart = (entropy(p for p, _ in shares) + entropy(q for _, q in shares)) / 2
    variance = [(p + q) / (these + those) * (1 - (p + q) / (these + those)) for p, q in pairs]
    sizes = 1 / these + 1 / those
    return Drift(
        of=of,
        split=split,
        reference=reference,
        total_variation=sum(abs(p - q) for p, q in shares) / 2,
        jensen_shannon=max(0.0, mixture - apart),
        psi=_psi(pairs),
        kolmogorov_smirnov=kolmogorov_smirnov,
        # Half the sum of the mean absolute differences, each normal with the variance p(1-p)(1/n + 1/m).
        by_chance=sum(math.sqrt(2 / math.pi * of_class * sizes) / 2 for of_class in variance),
        # To second order the index is (1/n + 1/m) times chi-squared, whose mean is one less than the bins.
        psi_by_chance=(len(pairs) - 1) * sizes,
    )


def _psi(pairs: Sequence[tuple[float, float]]) -> float:
    these, those = sum(p + 0.5 for p, _ in pairs), sum(q + 0.5 for _, q in pairs)
    shares = [((p + 0.5) / these, (q + 0.5) / those) for p, q in pairs]
    return math.fsum((p - q) * math.log(p / q) for p, q in shares)


def _kolmogorov_smirnov(these: Mapping[int, int], those: Mapping[int, int]) -> float:
    n_these, n_those = sum(these.values()), sum(those.values())
    below_these = below_those = 0
    largest = 0.0
    for length in sorted({*these, *those}):
        below_these += these.get(length, 0)
        below_those += those.get(length, 0)
        largest = max(largest, abs(below_these / n_these - below_those / n_those))
    return largest


def render(drifts: tuple[Drift, ...], context: ReportContext) -> str:
    """Draws the drifts from train, and the tokens of validation and test that train lacks."""
    unseen: tuple[UnseenTokens, ...] = context.statistics["tokens"].unseen
    if not drifts and not unseen:
        return ""
    has_sources = len(context.statistics["accounts"]) > 1
    about = tr(
        "How far validation and test are from train. The line marks what chance alone "
        "gives two samples of these sizes; what is beyond three times that is drift."
    )
    return section(tr("Drift"), about, render_drifts(drifts, has_sources=has_sources), render_unseen(unseen))


def render_drifts(drifts: Iterable[Drift], *, has_sources: bool) -> str:
    """Draws drifts as a table.

    Args:
        drifts: what to draw.
        has_sources: whether there is more than one source; else their shares say nothing.
    """
    shown = [drift for drift in drifts if has_sources or drift.of != "source"]
    if not shown:
        return ""
    full = round_up(max(max(drift.total_variation, drift.by_chance) for drift in shown) or 1.0)
    rows = [
        [
            text(_title(drift)),
            bar(
                [(drift.total_variation / full, drift.split, percent(drift.total_variation))],
                is_tall=True,
                mark=(
                    drift.by_chance / full,
                    tr("{share} by chance alone", share=percent(drift.by_chance)),
                ),
            ),
            percent(drift.total_variation),
            percent(drift.by_chance),
            f"{drift.jensen_shannon:.4f}",
            f"{drift.psi:.4f}",
            count_or_dash(0) if drift.kolmogorov_smirnov is None else percent(drift.kolmogorov_smirnov),
        ]
        for drift in shown
    ]
    columns = [
        (tr("drift of"), "label"),
        (tr("total variation"), "wide"),
        (tr("total variation"), "n"),
        (tr("by chance alone"), "n"),
        (tr("Jensen-Shannon, nats"), "n"),
        (tr("stability index"), "n"),
        (tr("Kolmogorov-Smirnov"), "n"),
    ]
    return table(columns, rows, ticks=percent_axis(full))


def _title(drift: Drift) -> str:
    what = {"label": tr("labels"), "source": tr("sources"), "length": tr("lengths")}[drift.of]
    if drift.reference == "train":
        return tr("{what}, train to {split}", what=what, split=drift.split)
    return tr("{what} of {split}, earlier to now", what=what, split=drift.split)


CHECK = Check(
    "drift",
    measure,
    codes=("label_drift", "source_drift", "length_drift", "length_shift"),
    judge=judge,
    render=render,
    chapter="drift",
    key="drifts",
    why_not=View.why_no_comparison,
)
