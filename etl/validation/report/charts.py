"""The sections of the report on labels, leakage, balance and accounts; each function makes one.

Each takes the statistics and returns HTML, or nothing where there is nothing to show.
"""

from __future__ import annotations

from collections import Counter

from etl.schema import row
from etl.text.html import COLOURS, bar, count, count_or_dash, legend, name, percent, section, table, text
from etl.validation.checks.balance import Balance, ConstantPredictor
from etl.validation.checks.leakage import Leak
from etl.validation.findings import checks
from etl.validation.result import Account, Statistics

# A column that holds no labels may have one value a row; nobody reads a chart of thousands.
_MOST_LABELS = 40


def constant_predictors(statistics: Statistics) -> str:
    """What a model reaches without looking."""
    predictors = statistics.constant_predictors
    if not predictors:
        return ""
    rows = [
        [
            text(predictor.split),
            name(predictor.label),
            f"{predictor.accuracy:.4f}",
            f"{predictor.macro_f1:.4f}",
            f"{predictor.loss:.4f}",
            name(predictor.train_label),
            f"{predictor.train_accuracy:.4f}",
            "infinite" if predictor.train_loss is None else f"{predictor.train_loss:.4f}",
        ]
        for predictor in predictors
    ]
    columns = [
        ("split", "label"),
        ("best constant answer", ""),
        ("accuracy", "n"),
        ("macro-F1", "n"),
        ("loss", "n"),
        ("train's commonest", ""),
        ("accuracy", "n"),
        ("loss of train's shares", "n"),
    ]
    about = "What a model reaches here without looking at a single sentence. Losses are in nats."
    return section("The score that means nothing", about, _callout(predictors[0]), table(columns, rows))


def labels_by_split(statistics: Statistics) -> str:
    """How each split shares out its labels."""
    splits = [balance for balance in statistics.balances if balance.split and not balance.source]
    if not splits:
        return ""
    full = max(balance.majority_share for balance in splits)
    rows = [
        [
            name(label),
            "".join(_share_bar(balance, label, full) for balance in splits),
            *(percent(_share(balance, label)) for balance in splits),
            count(sum(balance.labels.get(label, 0) for balance in splits)),
        ]
        for label in _labels(statistics)
    ]
    columns = [
        ("label", "label"),
        (f"share of the split, full bar {percent(full)}", "wide"),
        *((str(balance.split), "n") for balance in splits),
        ("rows", "n"),
    ]
    colours = {str(balance.split): str(balance.split) for balance in splits}
    about = "How each split shares out its labels. Bars of one label that differ in length are drift."
    return section("Labels by split", about, legend(colours), table(columns, rows), _left_out(statistics))


def labels_by_source(statistics: Statistics) -> str:
    """Which corpus the rows of each label come from."""
    predicts = statistics.label_predicts_source
    sources = [account.source for account in statistics.accounts if account.kept]
    # With one source every bar would be of one colour, and the lengths are those of the chart by split.
    if len(sources) < 2 or predicts is None:
        return ""
    colours = {source: f"s{number % COLOURS}" for number, source in enumerate(sources)}
    columns = [
        ("label", "label"),
        ("share of the label", "wide"),
        *((source, "n") for source in sources),
        ("rows", "n"),
    ]
    about = (
        "Which corpus the rows of each label come from. A bar of one colour is a label that names "
        "its corpus. From the label alone, the source is guessed right for "
        f"<strong>{percent(predicts.accuracy)}</strong> of the rows; "
        f"always naming the largest source gives {percent(predicts.chance)}."
    )
    lines = _sources(statistics, colours)
    return section("Labels by source", about, legend(colours), table(columns, lines), _left_out(statistics))


def leakage(statistics: Statistics) -> str:
    """What validation and test share with train, level by level."""
    leaks = statistics.leaks
    if not leaks:
        return ""
    full = max(0.01, *(leak.share for leak in leaks))
    columns = [
        ("level", "label"),
        ("split", "name"),
        (f"share of the split, full bar {percent(full)}", "wide"),
        ("rows", "n"),
        ("share", "n"),
        ("train rows", "n"),
        ("too short to count", "n"),
    ]
    about = (
        "Rows of validation and test that train has too, each level counted on its own. Utterances so short "
        "that meeting them twice is chance are counted apart."
    )
    colours = {"an error": "leak", "a warning": "doubtful"}
    return section(
        "Leakage", about, legend(colours), table(columns, [_leak_row(leak, full) for leak in leaks])
    )


def accounts(statistics: Statistics) -> str:
    """What became of every row that was read; nothing where nothing was rejected."""
    read = sum(account.read for account in statistics.accounts)
    kept = sum(account.kept for account in statistics.accounts)
    if read == kept:
        return ""
    rows = [
        [
            name(account.source),
            bar([(account.kept / account.read, "kept", f"{percent(account.kept / account.read)} kept")]),
            count(account.read),
            count(account.kept),
            count_or_dash(account.read - account.kept),
        ]
        for account in statistics.accounts
    ]
    columns = [("source", "label"), ("share kept", "wide"), ("read", "n"), ("kept", "n"), ("rejected", "n")]
    whole = table(columns, rows, ["all", "", count(read), count(kept), count(read - kept)])
    about = "Every row that was read is either kept or rejected with a reason: read = kept + rejected."
    return section("Rows read, kept and rejected", about, whole, _reasons(statistics.accounts))


def balance(statistics: Statistics) -> str:
    """Largest and smallest label, entropy and imbalance of each split, source, and both."""
    columns = [
        ("rows of", "label"),
        ("rows", "n"),
        ("largest label", ""),
        ("share", "n"),
        ("entropy, nats", "n"),
        ("smallest label", ""),
        ("rows", "n"),
        ("largest ÷ smallest", "n"),
    ]
    rows = [_balance_row(each) for each in statistics.balances]
    return section("Balance", "", table(columns, rows)) if rows else ""


def _callout(predictor: ConstantPredictor) -> str:
    short = "val" if predictor.split == "validation" else predictor.split
    width = f"{100 * predictor.accuracy:.2f}%"
    reached = f"accuracy up to {predictor.accuracy:.4f}: nothing learnt"
    return (
        '<div class="callout">\n<p class="said">'
        f"<code>{short}_accuracy {predictor.accuracy:.4f}</code> and "
        f"<code>{short}_loss {predictor.loss:.2f}</code> on this data mean that nothing was learnt: always "
        f"answering “{name(predictor.label)}” gets that accuracy, and the labels' shares alone that loss."
        "</p>\n"
        f'<div class="gauge" role="img" aria-label="{reached}">'
        f'<i style="width:{width}"></i><b style="left:{width}"></b></div>\n'
        f'<p class="ends" aria-hidden="true"><span>{reached}</span><span>1</span></p>\n'
        "</div>\n"
    )


def _share_bar(split: Balance, label: str, full: float) -> str:
    share = _share(split, label)
    return bar([(share / full, str(split.split), f"{split.split} {percent(share)} {label}")])


def _sources(statistics: Statistics, colours: dict[str, str]) -> list[list[str]]:
    """A row for each label: a bar of its sources, and their counts."""
    lines = []
    for label in _labels(statistics):
        rows = dict.fromkeys(colours, 0)
        for cell in statistics.cells:
            if cell.label == label:
                rows[cell.source] += cell.rows
        total = sum(rows.values())
        parts = [
            (rows[source] / total, colour, f"{source} {rows[source]:,}") for source, colour in colours.items()
        ]
        lines.append(
            [name(label), bar(parts, is_tall=True), *map(count_or_dash, rows.values()), count(total)]
        )
    return lines


def _leak_row(leak: Leak, full: float) -> list[str]:
    check = checks()[leak.code]
    colour, tone = ("leak", "bad") if check["severity"] == "error" else ("doubtful", "doubt")
    return [
        f'<span class="level">{leak.level}</span> {text(check["short"])}',
        text(leak.split),
        bar([(leak.share / full, colour, f"{percent(leak.share)} of {leak.split}")], is_tall=True),
        f'<span class="{tone}">{count(leak.rows)}</span>' if leak.rows else count_or_dash(0),
        percent(leak.share) if leak.rows else count_or_dash(0),
        count_or_dash(leak.train_rows),
        count_or_dash(leak.short_rows),
    ]


def _reasons(sources: tuple[Account, ...]) -> str:
    sources = tuple(account for account in sources if account.rejected)
    meanings = row.reasons()
    found = {reason for account in sources for reason in account.rejected}
    # In the order of the schema, which is that of the steps; reasons it does not know come last.
    reasons = [reason for reason in meanings if reason in found] + sorted(found - set(meanings))
    rows = [
        [
            f"<code>{text(reason)}</code>",
            f'<span class="quiet">{text(meanings.get(reason, ""))}</span>',
            *(count_or_dash(account.rejected.get(reason, 0)) for account in sources),
            count(sum(account.rejected.get(reason, 0) for account in sources)),
        ]
        for reason in reasons
    ]
    columns = [
        ("reason", "name"),
        ("meaning", "prose"),
        *((account.source, "n") for account in sources),
        ("all", "n"),
    ]
    return "<h3>Rejected, by reason</h3>\n" + table(columns, rows)


def _balance_row(described: Balance) -> list[str]:
    return [
        " · ".join(name(part) for part in (described.split, described.source) if part),
        count(described.rows),
        name(described.majority_label),
        percent(described.majority_share),
        f"{described.entropy:.3f}",
        name(described.smallest_label),
        count(described.labels[described.smallest_label]),
        f"{described.imbalance:,.1f}",
    ]


def _labels(statistics: Statistics) -> list[str]:
    """The commonest labels, the commonest first."""
    rows: Counter[str] = Counter()
    for cell in statistics.cells:
        rows[cell.label] += cell.rows
    return sorted(rows, key=lambda label: (-rows[label], label))[:_MOST_LABELS]


def _left_out(statistics: Statistics) -> str:
    more = len({cell.label for cell in statistics.cells}) - _MOST_LABELS
    return f'<p class="about">{count(more)} rarer labels are not shown.</p>\n' if more > 0 else ""


def _share(described: Balance, label: str) -> float:
    return described.labels.get(label, 0) / described.rows
