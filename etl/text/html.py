"""The few pieces of HTML that the report is made of: escaped text, tables, bars.

Whatever comes from data goes through `text` here; the other functions take HTML. A message among what they
take is said in the user's language; f-strings and `join` would make it English.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from etl.language import catalogue
from etl.language.message import joined, tr, translated

# How many colours `report.css` has for things without a colour of their own.
COLOURS = 9
_LONGEST_NAME = 60
# Blanks that nobody sees: at either end, side by side, or other than a space.
_UNSEEN = re.compile(r"^\s+|\s+$|\s{2,}|[^\S ]")
_OPEN_BOX = "\u2423"


def text(value: object) -> str:
    """Any value as HTML text, safe in an attribute too; a message in the user's language."""
    return html.escape(translated(value), quote=True)


def name(value: object) -> str:
    """A name that data gives (a label, a source) as HTML text, cut short where it is endless.

    Blanks that nobody sees are open boxes, so that names that differ in them look different.
    """
    shown = show_blanks(translated(value))
    return text(shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…")


def show_blanks(value: str) -> str:
    """Replaces blanks that nobody sees, such as those at the end, by open boxes."""
    return _UNSEEN.sub(lambda blanks: _OPEN_BOX * len(blanks[0]), value)


def prose(value: str) -> str:
    """A sentence as HTML, what stands in `backticks` as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", text(value))


def count(number: float) -> str:
    """A count with thousands separators; parts of a whole to one decimal."""
    return f"{number:,.1f}" if isinstance(number, float) else f"{number:,}"


def percent(share: float) -> str:
    """A share of 0 to 1 as per cent; a share too small to see is not shown as nothing."""
    return "< 0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def table(
    columns: Sequence[tuple[str, str]],
    rows: Iterable[Sequence[str]],
    total: Sequence[str] = (),
    *,
    ticks: Sequence[str] = (),
    is_stacked: bool = False,
) -> str:
    """A table; one that is too wide for the page scrolls on its own.

    Args:
        columns: (heading, class of the cells); class "n" is a number, "label" what the row is about, "name"
            a name that is not broken over lines, "wide" a chart, "heat" a shaded number.
        rows: cells, as HTML.
        total: a last row.
        ticks: what stands on the axis of a chart, at even distances from its left end to its right one.
        is_stacked: on a phone the cells of a row stand below each other, each behind its heading.
    """
    marks = "".join(f"<span>{text(tick)}</span>" for tick in ticks)
    axis = f'<span class="axis">{marks}</span>' if ticks else ""
    head = "".join(
        f'<th class="{kind}" scope="col">{name(heading)}{axis if kind == "wide" else ""}</th>'
        for heading, kind in columns
    )
    body = "".join(f"<tr>{_cells(columns, row)}</tr>\n" for row in rows)
    if total:
        body += f'<tr class="total">{_cells(columns, total)}</tr>\n'
    opening = '<table class="stacked">' if is_stacked else "<table>"
    return (
        f'<div class="scroll" tabindex="0">{opening}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def percent_axis(full: float = 1.0) -> tuple[str, ...]:
    """Returns the ticks of an axis of shares that ends at `full`."""
    return ("0", *(f"{round(100 * share, 6):g}%" for share in (full / 2, full)))


def bar(
    parts: Iterable[tuple[float, str, str]], *, is_tall: bool = False, mark: tuple[float, str] | None = None
) -> str:
    """A horizontal bar of coloured parts; what they are is its text alternative.

    Args:
        parts: (share of the width from 0 to 1, class of the colour, what it is).
        is_tall: for bars that stand alone in their row.
        mark: (where from 0 to 1, what it is) of a line across the bar.
    """
    shown = [part for part in parts if part[0] > 0]
    drawn = "".join(
        f'<i class="{colour}" style="width:{100 * share:.2f}%" title="{text(what)}"></i>'
        for share, colour, what in shown
    )
    names = [what for _, _, what in shown]
    if mark:
        drawn += f'<b style="left:{100 * mark[0]:.2f}%" title="{text(mark[1])}"></b>'
        names.append(mark[1])
    alternative = text(joined("; ", names) if names else tr("none"))
    return f'<div class="bar{" tall" if is_tall else ""}" role="img" aria-label="{alternative}">{drawn}</div>'


def count_or_dash(number: float) -> str:
    """A count, or a quiet dash for none."""
    return count(number) if number else '<span class="quiet">–</span>'


def legend(colours: Mapping[str, str]) -> str:
    """Renders the legend of a chart, from names to CSS classes."""
    entries = (f'<li><i class="{colour}"></i>{name(what)}</li>' for what, colour in colours.items())
    return f'<ul class="legend">{"".join(entries)}</ul>\n'


def listed(ids: Sequence[str], texts: Mapping[str, str]) -> str:
    """Ids of rows to look at, each with its sentence where `texts` has it."""
    if not ids:
        return ""
    kind = " quoted" if any(row_id in texts for row_id in ids) else ""
    entries = "".join(f"<li>{quoted(row_id, texts)}</li>" for row_id in ids)
    return f'<ul class="examples{kind}">{entries}</ul>\n'


def quoted(row_id: str, texts: Mapping[str, str]) -> str:
    """The id of a row, with its sentence where `texts` has it."""
    sentence = f"<q>{text(texts[row_id])}</q>" if row_id in texts else ""
    return f'<span class="id">{text(row_id)}</span>{sentence}'


def document(title: str, body: str) -> str:
    """One HTML document that holds all it needs; `body` is HTML."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    # Nothing is fetched and nothing runs, whatever a label or a sentence contains.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{catalogue.current()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def section(title: str, about: str, *content: str, anchor: str = "") -> str:
    """One section of the report; `about` and `content` are HTML, `anchor` is what a link may point to."""
    opening = f'<p class="about">{translated(about)}</p>\n' if about else ""
    identity = f' id="{anchor}"' if anchor else ""
    return f"<section{identity}>\n<h2>{text(title)}</h2>\n{opening}{''.join(content)}</section>\n"


def heading(title: str) -> str:
    """The title of a part of a section."""
    return f"<h3>{text(title)}</h3>\n"


def _cells(columns: Sequence[tuple[str, str]], row: Sequence[str]) -> str:
    return "".join(
        f'<th class="label" scope="row">{translated(cell)}</th>'
        if kind == "label"
        else f'<td class="{kind}" data-heading="{name(above)}">{translated(cell)}</td>'
        for (above, kind), cell in zip(columns, row, strict=True)
    )
