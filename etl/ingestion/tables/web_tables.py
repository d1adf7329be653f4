"""The tables of a page of HTML, as sites and programs export them under the name of a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from etl.ingestion.tables.merged_cells import Area

# The most that HTML allows (html.spec.whatwg.org, 4.9.11), and what a sheet has at most.
_MAX_COLSPAN, _MAX_ROWSPAN = 1_000, 65_534
MAX_COLUMNS = 16_384
_UNSEEN = {"script", "style", "template", "textarea", "select", "noscript"}
_BREAKS = {"br", "p", "div", "li"}
_CELLS = {"td", "th"}
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")


@dataclass
class Grid:
    """The cells of a table, before they are those of a sheet.

    Args:
        name: what the sheet is called.
        rows: the cells of each row by the index of their column; blank ones are left out.
        areas: what spans several rows.
    """

    name: str
    rows: list[dict[int, str]] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return max((max(row) + 1 for row in self.rows if row), default=0)


def read_tables(text: str) -> list[Grid]:
    """Returns the tables of a page in order; one within a cell is a table of its own."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return [table.finished() for table in reader.tables]


@dataclass
class _Table:
    """A table while it is read; `taken` is the last row down to which a column is spanned."""

    grid: Grid
    taken: dict[int, int] = field(default_factory=dict)
    column: int = 0
    cell: list[str] | None = None
    spans: tuple[int, int] = (1, 1)

    def begin_row(self) -> None:
        self.end_cell()
        self.grid.rows.append({})
        self.column = 0

    def begin_cell(self, colspan: int, rowspan: int) -> None:
        self.end_cell()
        if not self.grid.rows:  # a browser adds the row that is missing
            self.begin_row()
        row = len(self.grid.rows)
        while self.taken.get(self.column, 0) >= row:
            self.column += 1
        self.cell, self.spans = [], (colspan, rowspan)

    def end_cell(self) -> None:
        if self.cell is None:
            return
        row, (colspan, rowspan) = len(self.grid.rows), self.spans
        end = min(self.column + colspan, MAX_COLUMNS)
        text = _shown("".join(self.cell))
        if text and self.column < MAX_COLUMNS:
            self.grid.rows[-1][self.column] = text
        if rowspan > 1 and self.column < end:
            self.grid.areas.append(Area(row, self.column, row + rowspan - 1, end - 1))
            self.taken |= dict.fromkeys(range(self.column, end), row + rowspan - 1)
        self.column, self.cell = end, None

    def finished(self) -> Grid:
        self.end_cell()
        return self.grid


def _shown(text: str) -> str:
    """What a browser shows: runs of white space as one blank, and a line for each `<br>`."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\v"))
    return "\n".join(lines).strip("\n")


class _Reader(HTMLParser):
    """Gathers the cells of tables."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag == "table":
            self._open.append(_Table(Grid(f"table {len(self.tables) + 1}")))
            self.tables.append(self._open[-1])
        elif self._open and not self._unseen:
            table = self._open[-1]
            if tag == "tr":
                table.begin_row()
            elif tag in _CELLS:
                table.begin_cell(*_spans(dict(attrs)))
            elif tag in _BREAKS and table.cell is not None:
                table.cell.append("\v")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass
        elif self._open and tag == "table":
            self._open.pop().end_cell()
        elif self._open and (tag in _CELLS or tag == "tr"):
            self._open[-1].end_cell()

    def handle_data(self, data: str) -> None:
        if self._open and not self._unseen and self._open[-1].cell is not None:
            self._open[-1].cell.append(data.replace("\v", " "))

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002
        """Skips `<![if …]>`, as programs of Microsoft write it: to a browser it is a comment."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1


def _spans(attributes: dict[str, str | None]) -> Iterator[int]:
    """How many columns a cell spans, and how many rows."""
    for name, most in (("colspan", _MAX_COLSPAN), ("rowspan", _MAX_ROWSPAN)):
        digits = re.match(r"\s*(\d{1,9})", attributes.get(name) or "", re.ASCII)
        yield min(max(int(digits[1]), 1), most) if digits else 1
