"""The phrases of documents of Hangul, from records and elements in one flat pass.

A phrase is what stands between objects, numbers and line breaks of a paragraph, so that readers may put those
where they like. Only containers and ciphers are opened by the code of this project.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from etl.documents.file import DocumentFile
from etl.documents.hwp import compound, package

_UNREAD_ELEMENTS = {"header", "footer", "hiddenComment", "fieldBegin", "secPr", "memogroup"}
_UNREAD_CONTROLS = {b"head", b"foot", b"tcmt", b"secd"}
# Marks that stand within a phrase, and leave it whole.
_WITHIN_ELEMENTS = {"run", "t", "ctrl", "footNote", "endNote", "fieldBegin", "fieldEnd", "bookmark", "header"}
_WITHIN_ELEMENTS |= {
    "footer",
    "hiddenComment",
    "markpenBegin",
    "markpenEnd",
    "titleMark",
    "indexmark",
    "parameters",
}
_WITHIN_ELEMENTS |= {
    "insertBegin",
    "insertEnd",
    "deleteBegin",
    "deleteEnd",
    "subList",
    "integerParam",
    "stringParam",
}
_WITHIN_ELEMENTS |= {"pageHiding", "pageNum", "pageNumCtrl", "newNum", "colPr", "p"}
_PARA_TEXT, _CTRL_HEADER = 67, 71
_WIDE = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\x17].{7}", re.DOTALL)
_CUT = "\0"
_DIRECTION = re.compile(r"Direction:wstring:\d+:(.*?) HelpState")


@dataclass
class Phrases:
    """The phrases of a file.

    Args:
        body: that are text.
        others: of headers, footers, comments, memos and deletions.
        outermost: those of the body that stand in no table, box or note.
        free: captions of boxes to tick and the like, which a reader may give or leave out.
    """

    body: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    outermost: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)

    def add(self, text: str, *, is_body: bool, is_outermost: bool) -> None:
        """Adds the phrases of a paragraph, cut at the marks."""
        phrases = [" ".join(each.split()) for each in re.split(r"[\0\n]", text)]
        phrases = [each for each in phrases if each]
        (self.body if is_body else self.others).extend(phrases)
        if is_body and is_outermost:
            self.outermost.extend(phrases)


def phrases_of(file: DocumentFile) -> Phrases:
    """Returns the phrases of a file."""
    phrases = Phrases()
    if package.is_hwpx(file):
        for root in package.read_sections(file):
            _of_markup(root, phrases)
    else:
        for section, _ in compound.read_sections(file):
            _of_records(section, phrases)
    return phrases


def _of_markup(root: Any, phrases: Phrases) -> None:
    texts: dict[Any, str] = {}
    deleted: dict[Any, str] = {}
    is_deleted = False
    for element in root.iter():
        name = _name(element)
        phrases.free += [element.get(key, "") for key in ("caption", "selectedValue", "text", "composeText")]
        if name == "p":
            texts[element] = deleted[element] = ""
        is_deleted = (is_deleted or name == "deleteBegin") and name != "deleteEnd"
        owner = next((each for each in element.iterancestors() if _name(each) == "p"), None)
        if owner is None:
            continue
        if name not in _WITHIN_ELEMENTS:
            texts[owner] += {"nbSpace": " ", "fwSpace": " ", "hyphen": "-", "tab": " "}.get(name, _CUT)
        piece = (element.text or "") if name == "t" else ""
        if _name(element.getparent()) == "t":
            piece = element.tail or ""
        (deleted if is_deleted else texts)[owner] += piece
    for paragraph, text in texts.items():
        above = [_name(each) for each in paragraph.iterancestors()]
        is_body = not _UNREAD_ELEMENTS & set(above)
        directions = [
            each.text for each in paragraph.iter("{*}stringParam") if each.get("name") == "Direction"
        ]
        for begin in paragraph.iter("{*}stringParam"):
            directions += _DIRECTION.findall(begin.text or "")
        phrases.add(_without(text, directions), is_body=is_body, is_outermost="p" not in above)
        phrases.add(deleted[paragraph], is_body=False, is_outermost=False)


def _without(text: str, directions: list[str | None]) -> str:
    """The text without fields that show their direction: readers that give it are not wrong by that alone."""
    for direction in filter(None, directions):
        text = text.replace(direction, _CUT, 1)
    return text


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _of_records(section: bytes, phrases: Phrases) -> None:
    records = list(_records(section))
    above: list[tuple[int, int, bytes]] = []
    for number, (tag, level, content) in enumerate(records):
        above = [each for each in above if each[0] < level]
        above.append((level, tag, content[3::-1]))
        if tag != _PARA_TEXT:
            continue
        controls = [ident for _, each, ident in above if each == _CTRL_HEADER]
        paragraphs = [each for _, each, _ in above if each == _PARA_TEXT - 1]
        is_body = not _UNREAD_CONTROLS & set(controls) and len(paragraphs) == len(controls) + 1
        directions = []
        for each, below, other in records[number + 1 :]:
            if below < level:
                break
            if each == _CTRL_HEADER and below == level and other[:4] == b"klc%":
                directions += re.findall(
                    r"Direction:wstring:\d+:(.*?) HelpState", other[11:].decode("utf-16-le", "ignore")
                )
        phrases.add(_without(_plain(content), directions), is_body=is_body, is_outermost=not controls)


def _plain(content: bytes) -> str:
    units = "".join(map(chr, struct.unpack(f"<{len(content) // 2}H", content[: len(content) // 2 * 2])))
    text = _WIDE.sub(
        lambda mark: _CUT if ord(mark[0][0]) in {11, 18, 23} else " " if mark[0][0] == "\t" else "", units
    )
    text = text.translate({10: "\n", 24: "-", 30: " ", 31: " ", 13: None})
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _records(section: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(section):
        (header,) = struct.unpack_from("<I", section, at)
        at += 4
        size = header >> 20
        if size == 0xFFF:
            (size,) = struct.unpack_from("<I", section, at)
            at += 4
        yield header & 0x3FF, header >> 10 & 0x3FF, section[at : at + size]
        at += size
