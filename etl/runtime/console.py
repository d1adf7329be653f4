"""Output of the commands: tables and lines for people, JSON for programs, progress on a terminal.

Results go to standard output, progress and notes to standard error, so a pipe only carries results.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from etl.errors import EtlError
from etl.language.message import Message, joined, tr, translated
from etl.runtime.streams import IN_JSON, encodable

if TYPE_CHECKING:
    from rich.console import Console

# What a terminal obeys or hides: controls (C0, DEL, C1), marks that turn the direction, other line ends,
# halves of characters. Joiners stay, emoji are made with them.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# The same in JSON, whose own line breaks stay. Each is one unit of UTF-16, as `\\u` wants it.
_CONTROL_IN_JSON = re.compile(_CONTROL.pattern.replace("\x00-\x1f", ""))


def printable(text: str, *, keep: str = "") -> str:
    """Escapes the characters of other people's texts that a terminal would obey, such as `\\x1b`.

    Args:
        text: names of files, labels, sentences.
        keep: characters that stay, such as line breaks of our own.
    """
    return _CONTROL.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def shortened(text: str, most: int = 4_000) -> str:
    """Returns a text without its middle where it has more characters than anybody reads in a message."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} […] {text[-half:]}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


_BAR_CELLS = 10
_READABLE_CELLS = 18


class Progress(Protocol):
    """Callback for progress; an amount of 0 only changes the description."""

    def __call__(self, amount: int, description: str | None = None) -> None:
        """Adds `amount` finished units."""


def stdout() -> Console:
    """Returns the console for results. Piped output is 200 columns wide, so that no cell is cut."""
    from rich.console import Console

    return Console(soft_wrap=False, highlight=False, width=None if sys.stdout.isatty() else 200)


def line(text: str = "") -> None:
    """Prints one line of a result, without interpreting markup or control characters in it."""
    stdout().print(printable(translated(text), keep="\n"), markup=False, soft_wrap=True)


def note(text: str) -> None:
    """Prints one line for people on standard error."""
    lines = (printable(shortened(each)) for each in translated(text).split("\n"))
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def error(found: EtlError) -> None:
    """Explains an error on standard error; a line break in a name cannot begin a line of its own."""
    lines = "\n".join(printable(shortened(translated(each))) for each in found.lines())
    note(tr("error: {message}", message=lines))


_PREFIXES = {logging.ERROR: tr("error: {message}"), logging.WARNING: tr("note: {message}")}


class _LogHandler(logging.Handler):
    """Writes each log record as a note, to whatever standard error is at that time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        message = record.msg if isinstance(record.msg, Message) else record.getMessage()
        if record.levelno < logging.INFO:
            message = joined(": ", (record.name, message))
        prefix = _PREFIXES.get(record.levelno)
        note(tr(prefix, message=message) if prefix else message)


def show_log(*, is_verbose: bool = False) -> None:
    """Shows the log of the library on standard error; commands call this, other programs decide themselves.

    Args:
        is_verbose: details for debugging too, each with the module that it comes from.
    """
    logger = logging.getLogger("etl")
    logger.setLevel(logging.DEBUG if is_verbose else logging.INFO)
    logger.handlers[:] = [_LogHandler()]


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table; numbers are aligned right and get thousands separators.

    On a terminal that is too narrow for its columns, each row is a list of names and values.

    Args:
        title: stands above it; "" for none.
        header: the names of the columns.
        rows: a cell is a text, a number, or a tuple of texts, one for each of its lines.
    """
    from rich.table import Table

    found = [list(row) for row in rows]
    are_numbers = [
        bool(found) and all(isinstance(row[column], int | float) for row in found)
        for column in range(len(header))
    ]
    names, body = [_shown(name) for name in header], [[_shown(cell) for cell in row] for row in found]
    terminal = stdout()
    if _wanted_width(names, body) > terminal.width:
        _print_rows(terminal, title, names, body)
        return
    if title:
        terminal.print(f"[bold]{_shown(title)}[/]")
    drawn = Table()
    for name, is_number in zip(names, are_numbers, strict=True):
        drawn.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in body:
        drawn.add_row(*row)
    terminal.print(drawn)


def _shown(cell: object) -> str:
    from rich.markup import escape

    if isinstance(cell, tuple):
        return "\n".join(map(_shown, cell))
    if isinstance(cell, int | float):
        return f"{cell:,}"
    return escape(encodable(printable(translated(cell))))


def _wanted_width(names: list[str], body: list[list[str]]) -> int:
    """The cells that a table takes at least: long texts may be folded, but not to a word a line."""
    from rich.cells import cell_len

    columns = zip(names, *body, strict=True)
    widths = [max(cell_len(line) for cell in column for line in cell.split("\n")) for column in columns]
    return 1 + sum(min(width, _READABLE_CELLS) + 3 for width in widths)  # borders, and a space beside each


def _print_rows(terminal: Console, title: str, names: list[str], body: list[list[str]]) -> None:
    """Prints the rows one below the other, without their empty cells."""
    from rich.table import Table

    if title:
        terminal.print(f"[bold]{_shown(title)}[/]", end="\n\n")
    for row in body:
        drawn = Table.grid(padding=(0, 2, 0, 0))
        drawn.add_column(style="bold", no_wrap=True)
        drawn.add_column(overflow="fold")
        for name, cell in zip(names, row, strict=True):
            if cell:
                drawn.add_row(name, cell)
        terminal.print(drawn)
        terminal.print()


def json_document(document: Any) -> None:
    """Prints a result for programs: one JSON document on standard output, Korean unescaped."""
    json_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def json_text(text: str) -> None:
    """Prints JSON or JSON lines, with what a terminal would obey as `\\u009b`; the values are the same."""
    safe = _CONTROL_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    sys.stdout.write(encodable(safe, IN_JSON))
    sys.stdout.flush()


def no_progress(amount: int, description: str | None = None) -> None:
    """Shows nothing."""


@contextmanager
def progress(description: str, total: int | None = None, *, is_quiet: bool = False) -> Iterator[Progress]:
    """Shows a progress bar on a terminal, otherwise a plain line at the start and at the end.

    Args:
        description: what is being done.
        total: number of units; None: not known beforehand.
        is_quiet: show nothing at all (`--json`).
    """
    if is_quiet:
        yield no_progress
        return
    if not sys.stderr.isatty():
        note(joined(" ", (description, "…")))
        done = 0

        def count(amount: int, description: str | None = None) -> None:  # noqa: ARG001
            nonlocal done
            done += amount

        yield count
        note(tr("{what}: {done:,} done", what=description, done=done))
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    terminal = Console(stderr=True)
    with Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=terminal,
    ) as bar:
        # What a long description leaves to the bar, the numbers and the time, with a space before each.
        others = _BAR_CELLS + len(f"{total}/{total}") + len("0:00:00") + 3

        def shown(description: str) -> str:
            return _cut(printable(translated(description)), max(_BAR_CELLS, terminal.width - others))

        task = bar.add_task(shown(description), total=total)

        def advance(amount: int, description: str | None = None) -> None:
            bar.update(task, advance=amount, description=description and shown(description))

        yield advance


def _cut(text: str, cells: int) -> str:
    """Returns a text that is at most so many columns wide; Korean letters take two."""
    from rich.text import Text

    cut = Text(text)
    cut.truncate(cells, overflow="ellipsis")
    return cut.plain
