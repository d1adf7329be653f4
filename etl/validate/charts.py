"""The charts and tables of the report: labels, drift, leakage, accounts, balance.

Each function returns one section as HTML, or nothing where there is nothing to show.
"""

from __future__ import annotations

from etl import row
from etl.validate.balance import Balance
from etl.validate.findings import checks
from etl.validate.leakage import Leak
from etl.validate.markup import COLOURS, bar, count, count_or_dash, legend, percent, section, table, text
from etl.validate.result import Statistics


def distributions(statistics: Statistics) -> str:
    """How labels are shared out over splits and sources, and what the splits share."""
    return _labels_by_split(statistics) + _labels_by_source(statistics) + _leakage(statistics.leaks)


def accounting(statistics: Statistics) -> str:
    """What became of every row that was read, and the balance of what is left."""
    return _accounts(statistics) + _balances(statistics.balances)


def _labels_by_split(statistics: Statistics) -> str:
    splits = [balance for balance in statistics.balances if balance.split and not balance.source]
    if not splits:
        return ""
    labels = _labels(statistics)
    most = max(balance.majority_share for balance in splits)
    rows = [
        [
            text(label),
            "".join(
                bar([(_share(balance, label) / most, str(balance.split), f"{balance.split} {label}")])
                for balance in splits
            ),
            *(percent(_share(balance, label)) for balance in splits),
            count(sum(balance.labels.get(label, 0) for balance in splits)),
        ]
        for label in labels
    ]
    columns = [
        ("label", "label"),
        ("", "wide"),
        *((str(balance.split), "n") for balance in splits),
        ("rows", "n"),
    ]
    colours = {str(balance.split): str(balance.split) for balance in splits}
    about = "How each split shares out its labels. Bars of one label that differ in length are drift."
    return section("Labels by split", about, legend(colours), table(columns, rows), _drifts(statistics))


def _drifts(statistics: Statistics) -> str:
    if not statistics.drifts:
        return ""
    rows = [
        [
            text(f"{drift.of}s, train to {drift.split}"),
            percent(drift.total_variation),
            percent(drift.by_chance),
            f"{drift.jensen_shannon:.4f}",
        ]
        for drift in statistics.drifts
        if drift.of == "label" or len(statistics.accounts) > 1
    ]
    columns = [
        ("drift of", "label"),
        ("total variation", "n"),
        ("by chance alone", "n"),
        ("Jensen-Shannon, nats", "n"),
    ]
    return "<h3>Drift</h3>\n" + table(columns, rows)


def _labels_by_source(statistics: Statistics) -> str:
    predicts = statistics.label_predicts_source
    sources = [account.source for account in statistics.accounts if account.kept]
    if not sources or predicts is None:
        return ""
    colours = {source: f"s{number % COLOURS}" for number, source in enumerate(sources)}
    rows = []
    for label in _labels(statistics):
        by_source = dict.fromkeys(sources, 0)
        for cell in statistics.cells:
            if cell.label == label:
                by_source[cell.source] += cell.rows
        total = sum(by_source.values())
        parts = [
            (rows_of / total, colours[source], f"{source} {rows_of:,}")
            for source, rows_of in by_source.items()
        ]
        rows.append(
            [text(label), bar(parts, is_tall=True), *map(count_or_dash, by_source.values()), count(total)]
        )
    columns = [("label", "label"), ("", "wide"), *((source, "n") for source in sources), ("rows", "n")]
    about = (
        "Which corpus the rows of each label come from. A bar of one colour is a label that names its corpus."
    )
    if len(sources) > 1:
        about += (
            " From the label alone, the source is guessed right for "
            f"<strong>{percent(predicts.accuracy)}</strong> of the rows; "
            f"always naming the largest source gives {percent(predicts.chance)}."
        )
    return section("Labels by source", about, legend(colours), table(columns, rows))


def _leakage(leaks: tuple[Leak, ...]) -> str:
    if not leaks:
        return ""
    full = max(0.01, *(leak.share for leak in leaks))
    columns = [
        ("level", "name"),
        ("split", "name"),
        (f"share of the split, full bar {percent(full)}", "wide"),
        ("rows", "n"),
        ("share", "n"),
        ("train rows", "n"),
        ("too short to count", "n"),
    ]
    about = (
        "Rows of validation and test that train has too, each level counted on its own. Utterances so short "
        "that meeting them twice is chance are counted apart. Near-duplicates (L3) are not looked for."
    )
    return section("Leakage", about, table(columns, [_leak_row(leak, full) for leak in leaks]))


def _leak_row(leak: Leak, full: float) -> list[str]:
    check = checks()[leak.code]
    colour, tone = ("leak", "bad") if check["severity"] == "error" else ("doubtful", "doubt")
    return [
        f'{leak.level} <span class="quiet">{text(check["short"])}</span>',
        text(leak.split),
        bar([(leak.share / full, colour, leak.code)], is_tall=True),
        f'<span class="{tone}">{count(leak.rows)}</span>' if leak.rows else count_or_dash(0),
        percent(leak.share) if leak.rows else count_or_dash(0),
        count_or_dash(leak.train_rows),
        count_or_dash(leak.short_rows),
    ]


def _accounts(statistics: Statistics) -> str:
    accounts = statistics.accounts
    if not accounts:
        return ""
    rows = [
        [
            text(account.source),
            bar(
                [
                    (account.kept / account.read, "kept", "kept"),
                    (1 - account.kept / account.read, "rest", "rejected"),
                ]
            ),
            count(account.read),
            count(account.kept),
            count_or_dash(account.read - account.kept),
        ]
        for account in accounts
    ]
    read, kept = sum(account.read for account in accounts), sum(account.kept for account in accounts)
    columns = [("source", "label"), ("kept", "wide"), ("read", "n"), ("kept", "n"), ("rejected", "n")]
    whole = table(columns, rows, ["all", "", count(read), count(kept), count_or_dash(read - kept)])
    about = "Every row that was read is either kept or rejected with a reason: read = kept + rejected."
    return section("Rows read, kept and rejected", about, whole, _reasons(statistics))


def _reasons(statistics: Statistics) -> str:
    sources = [account for account in statistics.accounts if account.rejected]
    meanings = row.reasons()
    found = {reason for account in sources for reason in account.rejected}
    # In the order of the schema, which is that of the steps; reasons it does not know come last.
    reasons = [reason for reason in meanings if reason in found] + sorted(found - set(meanings))
    if not reasons:
        return ""
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
        ("meaning", ""),
        *((account.source, "n") for account in sources),
        ("all", "n"),
    ]
    return "<h3>Rejected, by reason</h3>\n" + table(columns, rows)


def _balances(balances: tuple[Balance, ...]) -> str:
    rows = [
        [
            text(" · ".join(part for part in (balance.split, balance.source) if part)),
            count(balance.rows),
            text(balance.majority_label),
            percent(balance.majority_share),
            f"{balance.entropy:.3f}",
            text(balance.smallest_label),
            count(balance.labels[balance.smallest_label]),
            f"{balance.imbalance:,.1f}",
        ]
        for balance in balances
    ]
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
    return section("Balance", "", table(columns, rows)) if rows else ""


def _labels(statistics: Statistics) -> list[str]:
    """The labels that occur, the commonest first."""
    rows: dict[str, int] = {}
    for cell in statistics.cells:
        rows[cell.label] = rows.get(cell.label, 0) + cell.rows
    return sorted(rows, key=lambda label: (-rows[label], label))


def _share(balance: Balance, label: str) -> float:
    return balance.labels.get(label, 0) / balance.rows
