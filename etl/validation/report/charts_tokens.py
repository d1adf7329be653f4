"""The section of the report on tokens: how many a sentence has, what a vocabulary covers, what is empty."""

from __future__ import annotations

from etl.text.html import bar, count, count_or_dash, legend, name, percent, section, table, text
from etl.validation.checks.token_stats import Coverage, Tokens
from etl.validation.report.charts_text import lengths_table


def tokens(found: Tokens) -> str:
    """Lengths and the `max_len` they suggest, coverage by vocabulary size, and emptied sentences."""
    if not found.lengths:
        return ""
    return section(
        "Tokens",
        _about(found),
        lengths_table(found.lengths, "tokens"),
        _coverage(found.coverage),
        _emptied(found),
    )


def _about(found: Tokens) -> str:
    if not found.max_len:
        return "What a model gets to see of the sentences."
    cut = ", ".join(f"{percent(share)} of {text(split)}" for split, share in found.cut_by_split.items())
    once = percent(found.once / found.distinct) if found.distinct else "none"
    return (
        f"A <code>max_len</code> of <strong>{found.max_len}</strong> cuts {cut}. Train has "
        f"{count(found.tokens)} tokens, {count(found.distinct)} different ones; {count(found.once)} of these "
        f"({once}) occur once."
    )


def _coverage(found: tuple[Coverage, ...]) -> str:
    if not found:
        return ""
    splits = list(found[-1].shares)
    rows = [
        [
            "every token of train" if coverage is found[-1] else f"{count(coverage.size)} commonest",
            "".join(
                bar([(share, split, f"{split} {percent(share)}")]) for split, share in coverage.shares.items()
            ),
            *(percent(coverage.shares[split]) for split in splits),
            percent(1 - coverage.shares[splits[-1]]) if len(splits) > 1 else count_or_dash(0),
        ]
        for coverage in found
    ]
    columns = [
        ("vocabulary", "label"),
        ("share of the tokens it knows", "wide"),
        *((split, "n") for split in splits),
        (f"unknown in {splits[-1]}", "n"),
    ]
    colours = {split: split for split in splits}
    return "<h3>Coverage by vocabulary size</h3>\n" + legend(colours) + table(columns, rows)


def _emptied(found: Tokens) -> str:
    if not any(emptied.kept or emptied.rejected for emptied in found.emptied):
        return ""
    rows = [
        [
            name(emptied.source or "no source"),
            count(emptied.rows),
            count_or_dash(emptied.kept),
            count_or_dash(emptied.rejected),
            percent((emptied.kept + emptied.rejected) / emptied.rows),
        ]
        for emptied in found.emptied
    ]
    columns = [
        ("source", "label"),
        ("sentences", "n"),
        ("kept without a token", "n"),
        ("rejected for it", "n"),
        ("share", "n"),
    ]
    return "<h3>Sentences of which no token is left</h3>\n" + table(columns, rows)
