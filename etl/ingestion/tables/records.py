"""Cuts the lines of a delimited text into records, in bounded memory, whatever its quotes and lengths.

A quote that is never closed swallows the lines that follow, up to the next quote or to the end. Where these
lines read as rows, only the one that opens the quote is lost: it is a bad record, and they are read.
`delimited` makes frames of the records.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from etl.ingestion.sources.raw import OpenFile
from etl.ingestion.tables.dialect import Cut
from etl.ingestion.tables.table import TOO_LONG
from etl.language.lists import listing
from etl.language.message import tr
from etl.settings import MAX_RAW_CHARS

# The number of a record, from 1, and its fields. A blank line is no record, but it has a number.
Record = tuple[int, list[str]]

OPEN_QUOTE = "a quotation mark is opened and not closed"
_CHUNK_BYTES = 1 << 18
# Lines of one record that are looked at; and how many of them people rarely write into a cell.
_LINES_LOOKED_AT, _USUAL_LINES = 100, 3
_SHOWN_CHARS, _SHOWN_PLACES = 1000, 3

# It belongs to the whole process. `RecordCutter` holds no more than this, so that it is never reached.
csv.field_size_limit(16 * MAX_RAW_CHARS)


def read_lines(open_file: OpenFile, codec: str) -> Iterator[list[str]]:
    """Reads the lines of a text some thousand at a time, their ends included.

    Only the first line of a list can be longer than `MAX_RAW_CHARS`; it is cut somewhere beyond.

    Args:
        open_file: the text, at its beginning.
        codec: of Python.

    Raises:
        UnicodeDecodeError: the text is in another encoding from some place on; what is before it was yielded.
    """
    rest = ""
    try:
        for text in _decoded(open_file, codec):
            lines = io.StringIO(rest + text, newline="").readlines()
            rest = lines.pop() if lines else ""
            if lines:
                yield lines
            if len(rest) > MAX_RAW_CHARS:
                rest = rest[: MAX_RAW_CHARS + 1] + rest[-1]  # the last may be half of a line end
    except UnicodeDecodeError:
        if rest.endswith(("\r", "\n")):
            yield [rest]
        raise
    if rest:
        yield [rest]


def _decoded(open_file: OpenFile, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)()
    is_more = True
    while is_more:
        chunk = open_file.stream.read(_CHUNK_BYTES)
        is_more = bool(chunk)
        state = decoder.getstate()
        try:
            yield decoder.decode(chunk, final=not is_more)
        except UnicodeDecodeError as error:
            is_good = error.start - (len(error.object) - len(chunk))
            decoder.setstate(state)
            yield decoder.decode(chunk[: max(is_good, 0)])
            raise


@dataclass
class RecordCutter:
    """Cuts lines into records, and says which of them are no rows because of their quotes or their length.

    Args:
        cut: how lines are cut into fields.
        width: how many fields a row has.

    Attributes:
        problems: why a record is no row, by its number.
        open_quotes: the numbers of the lines with a quote that is not closed.
        long_records: the first and the last line of records over more than three lines.
        n_records: how many records were cut, blank lines included.
    """

    cut: Cut
    width: int
    problems: dict[int, str] = field(default_factory=dict)
    open_quotes: list[int] = field(default_factory=list)
    long_records: list[tuple[int, int]] = field(default_factory=list)
    n_records: int = 0
    _n_lines: int = 0
    _is_dropping: bool = False

    def records(self, blocks: Iterable[list[str]]) -> Iterator[list[Record]]:
        """Cuts lines, as `read_lines` gives them; none of the lists of records is empty."""
        rest: list[str] = []
        for block in blocks:
            lines = [*rest, *block] if rest else block
            found, rest = self._cut_block(lines, is_last=False)
            if found:
                yield found
        if rest and (found := self._cut_block(rest, is_last=True)[0]):
            yield found

    def _cut_block(self, lines: list[str], *, is_last: bool) -> tuple[list[Record], list[str]]:
        """Returns the records, and the lines of a last one that goes on behind them."""
        if not self._is_dropping and len(lines[0]) <= MAX_RAW_CHARS:
            # One line more shows whether the last record ends with the last line.
            records = list(self._reader([*lines, self._end]))
            if len(records) == len(lines) + 1:
                records.pop()
                first = self.n_records + 1
                self.n_records += len(records)
                self._n_lines += len(records)
                return [pair for pair in enumerate(records, first) if pair[1]], []
        lines = self._drop(lines) if self._is_dropping else lines
        found, n_cut = self._cut_carefully(lines, is_last=is_last)
        self._n_lines += n_cut
        return found, lines[n_cut:]

    def _cut_carefully(self, lines: list[str], *, is_last: bool) -> tuple[list[Record], int]:
        """Returns the records, and how many lines were cut."""
        found: list[Record] = []
        at = 0
        while at < len(lines):
            if len(lines[at]) > MAX_RAW_CHARS:
                found.append(self._refuse(TOO_LONG, lines[at]))
                at += 1
                continue
            start, reader = at, self._reader(chain(lines[at:], [self._end]))
            for record in reader:
                end = start + reader.line_num
                if at == len(lines):  # the line behind the last
                    break
                of_record, is_open = lines[at:end], end > len(lines)
                if is_open and not is_last and sum(map(len, of_record)) <= MAX_RAW_CHARS:
                    return [pair for pair in found if pair[1]], at
                if len(of_record) > 1 and self._has_swallowed(of_record, is_open=is_open):
                    self.open_quotes.append(self._n_lines + at + 1)
                    found.append(self._refuse(OPEN_QUOTE, lines[at]))
                    at += 1
                    break
                found.append(self._judge(record, of_record, self._n_lines + at + 1, is_open=is_open))
                at = min(end, len(lines))
        return [pair for pair in found if pair[1]], at

    def _judge(self, record: list[str], lines: list[str], first: int, *, is_open: bool) -> Record:
        """Returns a record with its number, or what stands for it where it is too long.

        Args:
            record: its fields.
            lines: its lines.
            first: the number of the first of them.
            is_open: whether its quotes are not closed in them.
        """
        if len(lines) > _USUAL_LINES:
            self.long_records.append((first, first + len(lines) - 1))
        if sum(map(len, lines)) > MAX_RAW_CHARS:
            self._is_dropping = is_open
            return self._refuse(TOO_LONG, lines[0])
        return self._number(next(self._reader(lines)) if is_open else record)

    def _drop(self, lines: list[str]) -> list[str]:
        """The lines behind a record that is too long, if it ends in them."""
        reader = self._reader(chain(['"'], lines, [self._end]))  # as if the field began here
        next(reader)
        n_dropped = min(reader.line_num - 1, len(lines))
        self._is_dropping = reader.line_num - 1 > len(lines)
        self._n_lines += n_dropped
        return lines[n_dropped:]

    def _number(self, record: list[str]) -> Record:
        self.n_records += 1
        return self.n_records, record

    def _refuse(self, problem: str, line: str) -> Record:
        number, record = self._number([line[:_SHOWN_CHARS]])
        self.problems[number] = problem
        return number, record

    def _has_swallowed(self, lines: list[str], *, is_open: bool) -> bool:
        """Whether a record of several lines is one with an open quote, and rows that followed.

        A line within a text can look like a row, too. So a record that a writer of CSV might have written is
        taken apart only where all lines do, and have no blank behind a delimiter, as prose has.
        """
        following = [line for line in lines[1 : _LINES_LOOKED_AT + 1] if line.strip()]
        n_rows = sum(map(self._is_row, following))
        is_half = 0 < len(following) <= 2 * n_rows
        if is_open or not is_half:
            return is_half
        delimiter = self.cut.delimiter
        if not self._is_well_formed(lines):
            return len(following) > 1 or lines[0].count(delimiter) >= self.width - 1
        is_prose = any(f"{delimiter} " in line for line in following)
        is_table = self.width > 1 and len(following) == n_rows >= _USUAL_LINES
        return is_table and not is_prose

    def _is_row(self, line: str) -> bool:
        """Whether a line by itself has the fields of a row, with quotes or without."""
        if line.count(self.cut.delimiter) == self.width - 1:
            return True
        records = list(self._reader([line, self._end]))
        return len(records) > 1 and len(records[0]) == self.width

    def _is_well_formed(self, lines: list[str]) -> bool:
        try:
            list(self._reader(lines, strict=True))
        except csv.Error:
            return False
        return True

    @property
    def _end(self) -> str:
        return "y" if self.cut.delimiter == "x" else "x"

    def _reader(self, lines: Iterable[str], *, strict: bool = False) -> Any:
        return csv.reader(
            lines,
            delimiter=self.cut.delimiter,
            quoting=csv.QUOTE_MINIMAL if self.cut.is_quoted else csv.QUOTE_NONE,
            skipinitialspace=self.cut.skips_space,
            strict=strict,
        )

    def findings(self) -> Iterator[str]:
        """Says, with the numbers of lines, where quotes are open and records long."""
        if self.open_quotes:
            lines = listing([f"{number:,}" for number in self.open_quotes], _SHOWN_PLACES)
            yield tr(
                "a quotation mark is opened and not closed; such a line is a bad_row, and those after it are "
                "read: line {lines}",
                lines=lines,
            )
        if self.long_records:
            places = [
                tr("{first:,} to {last:,}", first=first, last=last) for first, last in self.long_records
            ]
            yield tr(
                "a record goes over more than {usual} lines (is a quotation mark open?): {lines}",
                usual=_USUAL_LINES,
                lines=listing(places, _SHOWN_PLACES),
            )
