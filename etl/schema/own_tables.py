"""The settings of each table of the user's own: those of the first match in `tables`, or of `table`."""

from __future__ import annotations

import re
from functools import cache

from etl.errors import SettingsError
from etl.language.message import tr
from etl.schema import row
from etl.schema.resolver import make_resolver
from etl.schema.taxonomy import TABLE, Taxonomy
from etl.settings import Settings, Table
from etl.text.composition import composed

# The parts of a path pattern, and what each stands for in a regular expression.
_PARTS = re.compile(r"(\*\*/)|(\*\*)|(\*)|(\?)|(\[!?[^\]/]+\])|(.)", re.DOTALL)


def find_table(settings: Settings, path: str) -> Table | None:
    """Returns the settings of a table, by its path below the input folder; None if it has none."""
    table = _first_match(settings, path)
    return settings.table if table is None and settings.table.text_column is not None else table


def has_own_settings(settings: Settings, path: str) -> bool:
    """Whether an entry of `tables` is about a file, by its path below the input folder."""
    return _first_match(settings, path) is not None


def _first_match(settings: Settings, path: str) -> Table | None:
    return next((table for table in settings.tables if matches(table.path or "", path)), None)


def matches(pattern: str, path: str) -> bool:
    """Whether a path, or a folder or archive above it, fits a pattern, from any folder on.

    `*` and `?` stand for anything but a slash, `**` for any folders; a pattern that begins with a slash holds
    from the input folder on.

    >>> [matches("train/*.csv", path) for path in ("train/a.csv", "beep/train/a.csv", "train/a/b.csv")]
    [True, True, False]
    """
    return _compiled(pattern).fullmatch(path) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    path = composed(pattern).removeprefix("./").rstrip("/")
    start = "" if path.startswith("/") else "(?:.*/)?"
    translated = "".join(_translate(match) for match in _PARTS.finditer(path.removeprefix("/")))
    return re.compile(f"{start}{translated}(?:/.*)?", re.DOTALL)


def _translate(match: re.Match[str]) -> str:
    parts = {
        1: "(?:.*/)?",
        2: ".*",
        3: "[^/]*",
        4: "[^/]",
        5: match[0].replace("[!", "[^"),
        6: re.escape(match[0]),
    }
    assert match.lastindex is not None
    return parts[match.lastindex]


def check_tables(settings: Settings, taxonomy: Taxonomy) -> None:
    """Checks the settings of all tables.

    Raises:
        SettingsError: columns are not named, or are named twice over, a domain or the target of a label is
            none, or an entry of `tables` has no path.
    """
    named = [("table", settings.table)] if settings.table != Table() or not settings.tables else []
    for name, table in [
        *named,
        *((f"tables[{index}]", table) for index, table in enumerate(settings.tables)),
    ]:
        problems = _find_problems(table, taxonomy)
        if name != "table":
            problems += [] if table.path else [tr("path: a pattern of file names is missing")]
            problems += _find_missing(table)
        elif table.path:
            problems += [tr("path: only an entry of `tables` has one")]
        if problems:
            raise SettingsError(
                tr("the settings `{name}` cannot be used", name=name),
                details=problems,
                next_step=tr("compare with docs/tables.md; `etl init` writes all keys."),
            )


def _find_missing(table: Table) -> list[str]:
    return [] if table.text_column else [tr("text_column: the column of the sentence is missing")]


def _find_problems(table: Table, taxonomy: Taxonomy) -> list[str]:
    problems: list[str] = []
    if table.domain not in row.domains():
        problems.append(
            tr(
                "domain: {domain!r} is none of {domains}",
                domain=table.domain,
                domains=", ".join(row.domains()),
            )
        )
    if table.label_column and table.label_columns:
        problems.append(tr("label_column, label_columns: a table has one or the other"))
    if table.split_column and table.split:
        problems.append(tr("split_column, split: a table has one or the other"))
    resolve = make_resolver(taxonomy, TABLE)
    for raw, to in table.labels.items():
        if to is not None and resolve(to).reason == "unknown_label":
            problems.append(
                tr(
                    "labels.{label}: {target!r} is none of {targets}",
                    label=raw,
                    target=to,
                    targets=", ".join(taxonomy.targets),
                )
            )
    return problems
