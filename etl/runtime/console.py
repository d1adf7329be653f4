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
    stdout().print(printable(text, keep="\n"), markup=False, soft_wrap=True)


def note(text: str) -> None:
    """Prints one line for people on standard error."""
    lines = (printable(shortened(each)) for each in text.split("\n"))
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def error(found: EtlError) -> None:
    """Explains an error on standard error; a line break in a name cannot begin a line of its own."""
    note("error: " + "\n".join(printable(shortened(each)) for each in found.lines()))


_PREFIXES = {logging.ERROR: "error: ", logging.WARNING: "note: "}


class _LogHandler(logging.Handler):
    """Writes each log record as a note, to whatever standard error is at that time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        origin = f"{record.name}: " if record.levelno < logging.INFO else ""
        note(_PREFIXES.get(record.levelno, "") + origin + record.getMessage())


def show_log(*, is_verbose: bool = False) -> None:
    """Shows the log of the library on standard error; commands call this, other programs decide themselves.

    Args:
        is_verbose: details for debugging too, each with the module that it comes from.
    """
    logger = logging.getLogger("etl")
    logger.setLevel(logging.DEBUG if is_verbose else logging.INFO)
    logger.handlers[:] = [_LogHandler()]


def plural(number: int, noun: str) -> str:
    """Formats a number with its noun: `1 file`, `2,000 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table; numbers are aligned right and get thousands separators."""
    from rich.markup import escape
    from rich.table import Table

    body = [list(row) for row in rows]

    def shown(value: object) -> str:
        return escape(printable(str(value)))

    drawn = Table(title=shown(title), title_justify="left", title_style="bold")
    for index, name in enumerate(header):
        is_number = bool(body) and all(isinstance(row[index], int | float) for row in body)
        drawn.add_column(shown(name), justify="right" if is_number else "left", overflow="fold")
    for row in body:
        drawn.add_row(*[f"{cell:,}" if isinstance(cell, int | float) else shown(cell) for cell in row])
    stdout().print(drawn)


def json_document(document: Any) -> None:
    """Prints a result for programs: one JSON document on standard output, Korean unescaped."""
    json_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def json_text(text: str) -> None:
    """Prints JSON or JSON lines, with what a terminal would obey as `\\u009b`; the values are the same."""
    sys.stdout.write(_CONTROL_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
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
        note(f"{description} …")
        done = 0

        def count(amount: int, description: str | None = None) -> None:  # noqa: ARG001
            nonlocal done
            done += amount

        yield count
        note(f"{description}: {done:,} done")
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task(printable(description), total=total)

        def advance(amount: int, description: str | None = None) -> None:
            bar.update(task, advance=amount, description=description and printable(description))

        yield advance
