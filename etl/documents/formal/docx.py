"""DOCX (ECMA-376): body, tables, text boxes, captions, content controls and notes, in reading order.

Tracked insertions are read. Tracked deletions, hidden text, headers, footers, comments, formulas and the
directions of empty content controls are not.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from etl.documents.file import DocumentFile
from etl.documents.formal.markup import Rules, attribute, load_rules, parse_member, tag, walk_paragraphs
from etl.documents.formal.needs import DAMAGE, damaged
from etl.documents.passage import Passage
from etl.errors import InputError

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_MAIN = "word/document.xml"


def read_docx(file: DocumentFile) -> Iterator[Passage]:
    """Reads the paragraphs and the cells of tables; merged cells once.

    Raises:
        InputError: it is damaged, would be far larger once unpacked, or lxml is not installed.
    """
    try:
        texts = list(_texts(file))
    except InputError:
        raise
    except DAMAGE as error:
        raise damaged(file.name, "DOCX", error) from error
    lines = (line.strip() for text in texts for line in text.split("\n") if line.strip())
    for position, line in enumerate(lines, start=1):
        yield Passage(line, "formal", "paragraph", position)


def _texts(file: DocumentFile) -> Iterator[str]:
    main = _main_member(file)
    root = parse_member(file, main)
    body = next((child for child in root if tag(child) == "body"), None) if root is not None else None
    if body is None:
        raise ValueError(f"there is no body in {main}")
    schema = load_rules("docx")
    folder = posixpath.dirname(main)

    @cache
    def notes(member: str) -> dict[str | None, Element]:
        part = parse_member(file, posixpath.join(folder, member))
        return {} if part is None else {attribute(note, "id"): note for note in part}

    def note_of(reference: Element) -> Element | None:
        member = schema["notes"].get(tag(reference))
        return notes(member).get(attribute(reference, "id")) if member else None

    hidden_styles = _hidden_styles(file, folder)
    rules = Rules(schema, note_of, lambda element: _style(element) in hidden_styles)
    yield from _joined(body, rules)


def _joined(body: Element, rules: Rules) -> Iterator[str]:
    """The paragraphs, of which two are one where the mark between them was deleted."""
    for paragraph in [each for each in body.iter() if tag(each) == "p" and _is_mark_deleted(each)]:
        following = paragraph.getnext()
        if following is not None and tag(following) == "p":
            for child in reversed(paragraph):
                following.insert(0, child)
            parent = paragraph.getparent()
            if parent is not None:
                parent.remove(paragraph)
    yield from walk_paragraphs(body, rules)


def _is_mark_deleted(paragraph: Element) -> bool:
    properties = next((child for child in paragraph if tag(child) == "pPr"), None)
    marks = [child for child in properties if tag(child) == "rPr"] if properties is not None else []
    return any(tag(change) in {"del", "moveFrom"} for mark in marks for change in mark)


def _main_member(file: DocumentFile) -> str:
    """The member that holds the body; nearly always `word/document.xml`."""
    relations = parse_member(file, "_rels/.rels")
    for relation in relations if relations is not None else ():
        if (attribute(relation, "Type") or "").endswith("/officeDocument"):
            return (attribute(relation, "Target") or _MAIN).lstrip("/")
    return _MAIN


def _hidden_styles(file: DocumentFile, folder: str) -> set[str]:
    """The styles whose text is hidden."""
    styles = parse_member(file, posixpath.join(folder, "styles.xml"))
    hidden: set[str] = set()
    for style in styles if styles is not None else ():
        vanish = [each for each in style.iter() if tag(each) == "vanish"]
        if any(attribute(each, "val") not in {"0", "false", "off"} for each in vanish):
            hidden.add(attribute(style, "styleId") or "")
    return hidden


def _style(element: Element) -> str | None:
    """The style that a run or paragraph names."""
    properties = next((child for child in element if tag(child) in {"rPr", "pPr"}), None)
    if properties is None:
        return None
    return next((attribute(child, "val") for child in properties if tag(child) in {"rStyle", "pStyle"}), None)
