"""How a delimited text is written: what stands between its fields, and whether quotes enclose them.

Each delimiter is tried on the first lines. The right one cuts nearly all of them into equally many fields; a
comma within a sentence of a file with bars does not.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from etl.errors import SettingsError
from etl.language.message import tr

# In the order of preference where several cut the lines equally well.
DELIMITERS = ("\t", ",", ";", "|")
_QUOTED = re.compile('"[^"]*"')
_SPELLINGS = {"tab": "\t", "\\t": "\t"}


@dataclass(frozen=True)
class Dialect:
    """What the user says of how a table is written.

    Args:
        delimiter: what stands between the fields of a delimited text; None: to be found.
        has_header: whether the names of the columns stand above the rows. If not, the columns of a delimited
            text or a workbook are called 1, 2, 3 and so on.
    """

    delimiter: str | None = None
    has_header: bool = True


FOUND_OUT = Dialect()


@dataclass(frozen=True)
class Cut:
    """How lines are cut into fields."""

    delimiter: str
    is_quoted: bool = True
    skips_space: bool = False  # `"a", "b"`: a quote behind a space opens a field

    def records(self, text: str) -> list[list[str]]:
        """Cuts the first lines of a text; blank lines are no records."""
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if self.is_quoted else csv.QUOTE_NONE
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self.delimiter,
            quoting=quoting,
            skipinitialspace=self.skips_space,
        )
        records: list[list[str]] = []
        with suppress(csv.Error):  # said when the whole file is read
            records.extend(record for record in reader if record)
        return records


def parse_dialect(delimiter: str | None, *, header: bool = True) -> Dialect:
    """Returns the dialect that options or settings describe.

    Args:
        delimiter: one character, `tab` or `\\t`; None: to be found.
        header: whether there is one.

    Raises:
        SettingsError: the delimiter is no single character, or a quote.
    """
    if delimiter is None:
        return Dialect(None, header)
    character = _SPELLINGS.get(delimiter.lower(), delimiter)
    if len(character) != 1 or character in '"\r\n':
        raise SettingsError(
            tr("{delimiter!r} is no delimiter", delimiter=delimiter),
            details=[tr("expected one character that stands between the fields, such as , or ;, or tab")],
            next_step=tr("leave it out to have it found, or name it as `--delimiter tab`."),
        )
    return Dialect(character, header)


def find_cut(text: str, delimiter: str | None = None, *, is_whole: bool = True) -> Cut:
    """Finds how a text is cut into fields.

    Args:
        text: its first lines.
        delimiter: what stands between the fields, where that is known.
        is_whole: whether the text ends where the file does; if not, its last record may be cut off.

    Returns:
        The delimiter by which most records have equally many fields. Quotes are text like any other where the
        records are more alike without them: then there is one that is never closed.
    """
    candidates = [delimiter] if delimiter else DELIMITERS
    cuts = [Cut(candidate, is_quoted) for candidate in candidates for is_quoted in (True, False)]
    first_line = _QUOTED.sub('""', text.partition("\n")[0])
    cuts += [Cut(candidate, skips_space=True) for candidate in candidates if f'{candidate} "' in first_line]
    shares = {cut: _regularity(cut, text, is_whole=is_whole) for cut in cuts if cut.delimiter in text}
    if not shares:
        return Cut(delimiter or ",")
    # A comma with a space behind it is one of prose.
    best = max(
        shares,
        key=lambda cut: (shares[cut], -_share_with_space(cut, text), cut.is_quoted, cut.skips_space),
    )
    return best if shares[best] else Cut(delimiter or ",")


def _regularity(cut: Cut, text: str, *, is_whole: bool) -> float:
    """Returns the share of records that have the commonest number of fields; 0 where that is one."""
    records = cut.records(text)
    if not is_whole and len(records) > 1:
        records = records[:-1]
    widths = Counter(map(len, records))
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]))
    return count / len(records) if width > 1 else 0.0


def _share_with_space(cut: Cut, text: str) -> float:
    return text.count(f"{cut.delimiter} ") / text.count(cut.delimiter)
