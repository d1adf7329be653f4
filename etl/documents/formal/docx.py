"""DOCX (ECMA-376): body, tables, text boxes, captions, content controls and notes, in reading order.

Tracked insertions are read. Tracked deletions, hidden text, headers, footers, comments, formulas and the
directions of empty content controls are not.
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from etl.documents.file import DocumentFile
from etl.documents.formal.markup import Rules, attribute, load_rules, parse_member, tag, walk_paragraphs
from etl.documents.formal.needs import DAMAGE, damaged
from etl.documents.formal.soft_breaks import join_soft_breaks
from etl.documents.passage import Passage
from etl.errors import InputError
from etl.language.message import tr

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_log = logging.getLogger(__name__)

_MAIN = "word/document.xml"
# What a paragraph can stand in without another paragraph around it.
_BLOCKS = {"p", "sdt", "sdtContent", "customXml", "ins", "moveTo"}
_MAX_STYLES = 50  # that are based on each other


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
    lines = (line for text in texts for line in join_soft_breaks(text))
    for position, line in enumerate(lines, start=1):
        yield Passage(line, "formal", "paragraph", position)


def _texts(file: DocumentFile) -> Iterator[str]:
    main = _main_member(file)
    root = parse_member(file, main)
    body = next((child for child in root if tag(child) == "body"), None) if root is not None else None
    if body is None:
        raise ValueError(tr("there is no body in {part}", part=main))
    schema = load_rules("docx")
    folder = posixpath.dirname(main)

    @cache
    def notes(member: str) -> dict[str | None, Element]:
        part = parse_member(file, posixpath.join(folder, member))
        return {} if part is None else {attribute(note, "id"): note for note in _without_directions(part)}

    def note_of(reference: Element) -> Element | None:
        member = schema["notes"].get(tag(reference))
        return notes(member).get(attribute(reference, "id")) if member else None

    hidden_styles = _hidden_styles(file, folder)

    def is_hidden(element: Element) -> bool:
        if tag(element) == "Fallback":  # of what stands in the choice before it, if words do
            parent = element.getparent()
            choices = [each for each in parent if tag(each) == "Choice"] if parent is not None else []
            return any(tag(each) == "t" for choice in choices for each in choice.iter())
        return (name := _style(element)) is not None and name in hidden_styles

    if any(tag(each) == "altChunk" for each in body.iter()):
        _log.warning(
            tr("{file}: what it takes in from other documents (altChunk) is not read", file=file.name)
        )
    yield from _joined(_without_directions(body), Rules(schema, note_of, is_hidden))


def _joined(body: Element, rules: Rules) -> Iterator[str]:
    """The paragraphs, of which two are one where the mark between them was deleted or is a drop cap's."""
    for paragraph in [each for each in body.iter() if tag(each) == "p" and _goes_on(each)]:
        following = _paragraph_after(paragraph)
        if following is not None:
            for child in reversed(paragraph):
                following.insert(0, child)
            parent = paragraph.getparent()
            if parent is not None:
                parent.remove(paragraph)
    yield from walk_paragraphs(body, rules)


def _paragraph_after(paragraph: Element) -> Element | None:
    """The paragraph that follows, also into or out of a content control; marks may stand between."""
    element: Element | None = paragraph
    while element is not None:
        following = element.getnext()
        while following is not None and tag(following) in _BLOCKS and len(following):
            if tag(following) == "p":
                return following
            following = following[0]
        if following is None:
            element = element.getparent()
            element = element if element is not None and tag(element) in _BLOCKS else None
        elif tag(following).endswith(("Start", "End", "Pr")):
            element = following
        else:
            return None
    return None


def _goes_on(paragraph: Element) -> bool:
    properties = next((child for child in paragraph if tag(child) == "pPr"), None)
    if properties is None:
        return False
    is_drop_cap = any(attribute(child, "dropCap") in {"drop", "margin"} for child in properties)
    marks = [child for child in properties if tag(child) == "rPr"]
    return is_drop_cap or any(tag(change) in {"del", "moveFrom"} for mark in marks for change in mark)


def _without_directions(root: Element) -> Element:
    """Takes out the results of fields that stand in the directions of others; each field must have an end."""
    fields: list[tuple[bool, list[Element]]] = []  # whether the result has begun, and the words before it
    for element in list(root.iter()):
        kind = attribute(element, "fldCharType") if tag(element) == "fldChar" else None
        if kind == "begin":
            fields.append((False, []))
        elif kind == "separate" and fields:
            fields[-1] = (True, fields[-1][1])
        elif kind == "end" and fields:
            for word in fields.pop()[1]:
                word.text = None
        elif tag(element) == "t":
            for has_begun, words in fields:
                if not has_begun:
                    words.append(element)
    return root


def _main_member(file: DocumentFile) -> str:
    """The member that holds the body; nearly always `word/document.xml`."""
    relations = parse_member(file, "_rels/.rels")
    for relation in relations if relations is not None else ():
        if (attribute(relation, "Type") or "").endswith("/officeDocument"):
            return (attribute(relation, "Target") or _MAIN).lstrip("/")
    return _MAIN


def _hidden_styles(file: DocumentFile, folder: str) -> set[str | None]:
    """The styles whose text is hidden, by themselves or by what they are based on."""
    root = parse_member(file, posixpath.join(folder, "styles.xml"))
    styles = {attribute(each, "styleId"): each for each in root} if root is not None else {}

    def is_hidden(name: str | None, depth: int = 0) -> bool:
        style = styles.get(name)
        if style is None or depth > _MAX_STYLES:
            return False
        own = [_is_vanished(each) for each in style if tag(each) == "rPr"]
        said = next((each for each in own if each is not None), None)
        based_on = next((attribute(each, "val") for each in style if tag(each) == "basedOn"), None)
        return is_hidden(based_on, depth + 1) if said is None else said

    return {name for name in styles if is_hidden(name)}


def _is_vanished(properties: Element) -> bool | None:
    """Whether these properties hide a run; None where they do not say."""
    said = (attribute(each, "val") for each in properties if tag(each) == "vanish")
    return next((each not in {"0", "false", "off"} for each in said), None)


def _style(element: Element) -> str | None:
    """The style that a run or paragraph names; none where a run says itself whether it is hidden."""
    properties = next((child for child in element if tag(child) in {"rPr", "pPr"}), None)
    if properties is None or (tag(properties) == "rPr" and _is_vanished(properties) is not None):
        return None
    return next((attribute(child, "val") for child in properties if tag(child) in {"rStyle", "pStyle"}), None)
