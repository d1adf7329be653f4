"""The few pieces of HTML that the report is made of: escaped text, tables, bars.

Whatever comes from data goes through `text` here; the other functions take HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence

# How many colours `report.css` has for things without a colour of their own.
COLOURS = 9


def text(value: object) -> str:
    """Any value as HTML text, safe in an attribute too."""
    return html.escape(str(value), quote=True)


def prose(value: str) -> str:
    """A sentence as HTML, what stands in `backticks` as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", text(value))


def count(number: int) -> str:
    """A count with thousands separators."""
    return f"{number:,}"


def percent(share: float) -> str:
    """A share of 0 to 1 as per cent; a share too small to see is not shown as nothing."""
    return "< 0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def table(
    columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], total: Sequence[str] = ()
) -> str:
    """A table.

    Args:
        columns: (heading, class of the cells); class "n" is a number, "label" a name, "wide" a chart.
        rows: cells, as HTML.
        total: a last row.
    """
    head = "".join(f'<th class="{kind}" scope="col">{text(name)}</th>' for name, kind in columns)
    body = "".join(f"<tr>{_cells(columns, row)}</tr>\n" for row in rows)
    if total:
        body += f'<tr class="total">{_cells(columns, total)}</tr>\n'
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n'
    )


def bar(parts: Iterable[tuple[float, str, str]], *, is_tall: bool = False) -> str:
    """A horizontal bar of coloured parts.

    Args:
        parts: (share of the width from 0 to 1, class of the colour, what it is).
        is_tall: for bars that stand alone in their row.
    """
    drawn = "".join(
        f'<i class="{colour}" style="width:{100 * share:.2f}%" title="{text(name)}"></i>'
        for share, colour, name in parts
        if share > 0
    )
    return f'<div class="bar{" tall" if is_tall else ""}">{drawn}</div>'


def count_or_dash(number: int) -> str:
    """A count, or a quiet dash for none."""
    return count(number) if number else '<span class="quiet">–</span>'


def legend(colours: Mapping[str, str]) -> str:
    """What the colours of a chart mean: name to class."""
    entries = (f'<li><i class="{colour}"></i>{text(name)}</li>' for name, colour in colours.items())
    return f'<ul class="legend">{"".join(entries)}</ul>\n'


def section(title: str, about: str, *content: str, anchor: str = "") -> str:
    """One section of the report; `about` and `content` are HTML, `anchor` is what a link may point to."""
    opening = f'<p class="about">{about}</p>\n' if about else ""
    name = f' id="{anchor}"' if anchor else ""
    return f"<section{name}>\n<h2>{text(title)}</h2>\n{opening}{''.join(content)}</section>\n"


def _cells(columns: Sequence[tuple[str, str]], row: Sequence[str]) -> str:
    return "".join(f'<td class="{kind}">{cell}</td>' for (_, kind), cell in zip(columns, row, strict=True))
