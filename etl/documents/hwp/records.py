"""The records of a section of HWP 5, as a tree: one belongs to the last one above it of a lower level."""

from __future__ import annotations

from dataclasses import dataclass, field

from etl.documents.hwp import damage
from etl.language.message import tr

PARA_HEADER, PARA_TEXT, PARA_RANGE_TAG = 66, 67, 70
CTRL_HEADER, LIST_HEADER, FORM_OBJECT, MEMO_LIST = 71, 72, 91, 93
# Fonts, places and shapes are passed over.
_KEPT = frozenset({PARA_HEADER, PARA_TEXT, PARA_RANGE_TAG, CTRL_HEADER, FORM_OBJECT, MEMO_LIST})
_LONG = 0xFFF
_MAX_RECORDS = 1_000_000


@dataclass(slots=True)
class Record:
    """A record with those that belong to it.

    Args:
        tag: its kind.
        content: its bytes.
        children: in order.
    """

    tag: int
    content: bytes
    children: list[Record] = field(default_factory=list)

    def first(self, tag: int) -> bytes:
        """The content of the first child of a kind, or nothing."""
        return next((child.content for child in self.children if child.tag == tag), b"")


def tree_of(section: bytes, name: str) -> Record:
    """Returns a record that stands for the section, with its paragraphs as children.

    Args:
        section: the bytes, not compressed.
        name: of the file, for errors.

    Raises:
        InputError: a record is cut off, or there are too many.
    """
    root = Record(0, b"")
    open_records = [(-1, root)]
    offset, end, kept = 0, len(section), 0
    while offset + 4 <= end:
        header = int.from_bytes(section[offset : offset + 4], "little")
        tag, level, size = header & 0x3FF, header >> 10 & 0x3FF, header >> 20
        offset += 4
        if size == _LONG:
            size = int.from_bytes(section[offset : offset + 4], "little")
            offset += 4
        if offset + size > end:
            raise damage.damaged(
                name,
                "HWP",
                tr("expected a record of {size:,} bytes, got {left:,}", size=size, left=end - offset),
            )
        while open_records[-1][0] >= level:
            open_records.pop()
        if tag in _KEPT:
            kept += 1
            if kept > _MAX_RECORDS:
                raise damage.beyond(name, tr("expected at most {most:,} records", most=_MAX_RECORDS))
            record = Record(tag, section[offset : offset + size])
            open_records[-1][1].children.append(record)
            open_records.append((level, record))
        offset += size
    return root
