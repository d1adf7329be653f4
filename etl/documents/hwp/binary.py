"""The paragraphs of a section of HWP 5: text with control characters, and their controls."""

from __future__ import annotations

import re
import struct
from collections import defaultdict, deque
from collections.abc import Iterator

from etl.documents.hwp import damage
from etl.documents.hwp.records import CTRL_HEADER, FORM_OBJECT, PARA_HEADER, PARA_RANGE_TAG, PARA_TEXT, Record
from etl.documents.hwp.words import MAX_DEPTH, Paragraph, Words, joined, setting_of
from etl.language.message import tr

# Control characters that take eight code units; each of the extended ones has a record of its own.
_INLINE = frozenset({4, 5, 6, 7, 8, 9, 19, 20})
_EXTENDED = frozenset({1, 2, 3, 11, 12, 14, 15, 16, 17, 18, 21, 22, 23})
_FIELD_BEGIN, _FIELD_END, _OBJECT, _AUTO_NUMBER, _OVERLAP = 3, 4, 11, 18, 23
_CHARACTERS = {9: "\t", 10: "\n", 24: "-", 30: " ", 31: " "}
_CONTROL = re.compile(r"[\x00-\x1f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DELETION = 0x11
_MAX_MARKS, _CHUNK_BYTES = 1_000_000, 1 << 16
# Controls whose paragraphs are text. Those of all others are not: headers, footers, hidden comments, and the
# master pages of a section.
_READ = frozenset({b" lbt", b" osg", b"deqe", b"  nf", b"  ne"})
_FORM, _RUBY, _LETTERS_IN_ONE = b"mrof", b"tudt", b"spct"
# What an object of a form shows. The caption of a push button is a command.
_SHOWN = {b"tde+": "Text", b"boc+": "Text", b"tbc+": "Caption", b"tbr+": "Caption"}
_NUMBERS_OF_NOTES = frozenset({1, 2})


def texts_of(section: Record, name: str, *, has_marks: bool, depth: int = 0) -> Iterator[str]:
    """Reads the paragraphs of a section or control, and after each those of its tables, boxes and notes.

    Args:
        section: or control, with its records.
        name: of the file, for errors.
        has_marks: whether text may be marked as deleted.
        depth: in how many other lists this one stands.

    Raises:
        InputError: lists stand in each other more than `MAX_DEPTH` times.
    """
    if depth > MAX_DEPTH:
        raise damage.damaged(
            name,
            "HWP",
            tr("expected at most {most} tables in each other, got more", most=MAX_DEPTH),
        )
    headers = (record for record in section.children if record.tag == PARA_HEADER)
    for paragraph in joined(_paragraph(header, name, has_marks) for header in headers):
        yield paragraph.text
        for control in paragraph.objects:
            if control.content[:4] in _READ:
                yield from texts_of(control, name, has_marks=has_marks, depth=depth + 1)
            elif control.content[:4] == _FORM:
                yield _shown(control)


def _paragraph(header: Record, name: str, has_marks: bool) -> Paragraph:
    content = header.first(PARA_TEXT)
    content = content[: len(content) // 2 * 2]
    units = _units(content)
    marks = _marks(units)
    if len(marks) > _MAX_MARKS:
        raise damage.beyond(
            name, tr("expected at most {most:,} control characters in a paragraph", most=_MAX_MARKS)
        )
    controls = [child for child in header.children if child.tag == CTRL_HEADER]
    deleted = _deleted(header, len(units)) if has_marks else b""
    if not marks and not deleted:
        return Paragraph(_text(units), controls)
    paired = _paired(marks, controls, content)
    words, last = Words(), 0
    for start, code in [*marks, (len(units), 0)]:
        piece = units[last:start]
        if any(deleted[last:start]):
            piece = "".join(unit for at, unit in enumerate(piece, start=last) if not deleted[at])
        words.write(_text(piece))
        last = start + _size(code)
        if not deleted or start >= len(units) or not deleted[start]:
            _write_mark(words, code, paired.get(start))
        elif start in paired:
            controls.remove(paired[start])
    return Paragraph(words.text(), controls, goes_on=any(deleted[-1:]))


def _units(content: bytes) -> str:
    """The code units, each as one character, for places are counted in units."""
    text = content.decode("utf-16-le", "surrogatepass")
    if len(text) * 2 == len(content):
        return text
    chunks = (content[at : at + _CHUNK_BYTES] for at in range(0, len(content), _CHUNK_BYTES))
    return "".join("".join(map(chr, struct.unpack(f"<{len(chunk) // 2}H", chunk))) for chunk in chunks)


def _text(units: str) -> str:
    """Puts pairs of surrogates together; one without its other half is nothing."""
    if not _SURROGATE.search(units):
        return units
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _size(code: int) -> int:
    return 8 if code in _INLINE or code in _EXTENDED else 1


def _marks(units: str) -> list[tuple[int, int]]:
    """The control characters of a paragraph: where each stands, and its code; a few more than are read."""
    marks: list[tuple[int, int]] = []
    at = 0
    while len(marks) <= _MAX_MARKS and (found := _CONTROL.search(units, at)):
        marks.append((found.start(), ord(found[0])))
        at = found.start() + _size(ord(found[0]))
    return marks


def _deleted(header: Record, size: int) -> bytearray | bytes:
    """A one for each code unit that a tracked change has deleted; nothing where there is none."""
    tags = header.first(PARA_RANGE_TAG)
    ranges = [
        (start, min(end, size))
        for start, end, tag in struct.iter_unpack("<III", tags[: len(tags) // 12 * 12])
        if tag >> 24 == _DELETION and start < min(end, size)
    ]
    if not ranges:
        return b""
    deleted, done = bytearray(size), 0
    for start, end in sorted(ranges):  # a range may lie in another
        deleted[max(start, done) : end] = b"\1" * max(end - max(start, done), 0)
        done = max(done, end)
    return deleted


def _paired(marks: list[tuple[int, int]], controls: list[Record], content: bytes) -> dict[int, Record]:
    """The control of each extended character: the next one, or where some are missing the next of its id."""
    extended = [start for start, code in marks if code in _EXTENDED]
    if len(extended) == len(controls):
        return dict(zip(extended, controls, strict=True))
    waiting: defaultdict[bytes, deque[Record]] = defaultdict(deque)
    for control in controls:
        waiting[control.content[:4]].append(control)
    found = ((start, waiting[content[2 * start + 2 : 2 * start + 6]]) for start in extended)
    return {start: queue.popleft() for start, queue in found if queue}


def _write_mark(words: Words, code: int, control: Record | None) -> None:
    if code in _CHARACTERS:
        words.write(_CHARACTERS[code])
    elif code == _FIELD_BEGIN:
        words.begin_field(setting_of(_counted(control.content, 9), "Direction") if control else "")
    elif code == _FIELD_END:
        words.end_field()
    elif code == _OBJECT:
        words.leave_object()
    elif control is not None and code == _AUTO_NUMBER:
        words.write(_number(control.content))
    elif control is not None and control.content[:4] in {_RUBY, _LETTERS_IN_ONE}:
        words.write(_counted(control.content, 4))


def _number(content: bytes) -> str:
    """The number of a table, picture or page; that of a note stands before its text, and is no word of it."""
    if len(content) < 10:
        return ""
    kind, number = struct.unpack_from("<IH", content, 4)
    return "" if kind & 0xF in _NUMBERS_OF_NOTES else str(number)


def _counted(content: bytes, at: int) -> str:
    """A string with its length before it."""
    size = int.from_bytes(content[at : at + 2], "little")
    return content[at + 2 : at + 2 + 2 * size].decode("utf-16-le", "ignore")


def _shown(control: Record) -> str:
    """The text in a field of a form, or beside a box to tick."""
    content = control.first(FORM_OBJECT)
    key = _SHOWN.get(content[:4]) or _SHOWN.get(content[3::-1])
    return setting_of(_counted(content, 12), key) if key else ""
