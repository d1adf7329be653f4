"""Documents that are a zip archive of XML: opening them safely, and walking their paragraphs.

`schemas/documents/markup.yaml` says what the elements of each form are to a reader.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from etl.documents.file import SAVE_TEXT, DocumentFile
from etl.documents.formal.needs import require
from etl.runtime.unpacking import check_member, check_package
from etl.schema import resources

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def parse_member(file: DocumentFile, name: str) -> Element | None:
    """Parses one member of a document; None where it has none of this name.

    Entities are not expanded, nothing is loaded from elsewhere, and elements are nested 256 deep at most.

    Raises:
        InputError: the document would be far too large once unpacked.
        lxml.etree.XMLSyntaxError: the member is no XML.
        zipfile.BadZipFile, zlib.error, OSError: the archive is damaged.
    """
    require("lxml", "lxml", file.name)
    from lxml import etree

    with file.open() as stream, zipfile.ZipFile(stream) as archive:
        members = {member.filename: member for member in archive.infolist()}
        check_package(file.name, members.values(), file.limits, SAVE_TEXT)
        if name not in members:
            return None
        member = members[name]
        check_member(file.name, name, member.compress_size, member.file_size, file.limits, SAVE_TEXT)
        content = archive.read(member)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    return etree.fromstring(content, parser)


def tag(element: Element) -> str:
    """The name of an element without its namespace; nothing for an entity or processing instruction."""
    name = element.tag
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def attribute(element: Element, name: str) -> str | None:
    """The value of an attribute, whatever its namespace."""
    return next((str(value) for key, value in element.items() if str(key).rpartition("}")[2] == name), None)


@dataclass(frozen=True)
class Rules:
    """What elements are to a reader; see `schemas/documents/markup.yaml`.

    Args:
        schema: the section of the form.
        note_of: the element that a reference to a note stands for.
        is_hidden: what else is left out.
    """

    schema: dict[str, Any]
    note_of: Callable[[Element], Element | None] = lambda _: None
    is_hidden: Callable[[Element], bool] = lambda _: False

    def leaves_out(self, element: Element) -> bool:
        """Whether nothing of an element is read."""
        name = tag(element)
        if not name or name in self.schema["leave_out"] or self.is_hidden(element):
            return True
        path = self.schema.get("hidden", {}).get(name)
        if path and _holds(element, path):
            return True
        hidden = self.schema.get("hidden_attribute", {})
        return any(attribute(element, key) in values for key, values in hidden.items())


@dataclass
class _Paragraph:
    pieces: list[str] = field(default_factory=list)
    asides: list[Element] = field(default_factory=list)


def load_rules(form: str) -> dict[str, Any]:
    """Returns the section of a form."""
    rules: dict[str, Any] = resources.load("schemas", "documents", "markup.yaml")[form]
    return rules


def walk_paragraphs(root: Element, rules: Rules) -> Iterator[str]:
    """Yields the text of each paragraph in reading order; what stands aside follows its paragraph.

    Args:
        root: what holds them.
        rules: of its form.
    """
    if rules.leaves_out(root):
        return
    if tag(root) in rules.schema["paragraph"]:
        paragraph = _Paragraph()
        _gather(root, rules, paragraph)
        yield "".join(paragraph.pieces)
        for aside in paragraph.asides:
            yield from _walk_inside(aside, rules)
        return
    if tag(root) in rules.schema["aside"]:
        yield from _walk_inside(root, rules)
        return
    for child in root:
        yield from walk_paragraphs(child, rules)


def _walk_inside(aside: Element, rules: Rules) -> Iterator[str]:
    note = rules.note_of(aside)
    for child in aside if note is None else note:
        yield from walk_paragraphs(child, rules)


def _gather(element: Element, rules: Rules, paragraph: _Paragraph) -> None:
    """Adds the words of an element of a paragraph, and what stands aside in it."""
    schema = rules.schema
    is_word = not schema["words"] or tag(element) in schema["words"]
    if is_word and element.text:
        paragraph.pieces.append(element.text.replace("\n", " "))
    for child in element:
        name = tag(child)
        if rules.leaves_out(child):
            pass
        elif name in schema["aside"]:
            paragraph.asides.append(child)
        elif name in schema["breaks"]:
            paragraph.pieces.append(schema["breaks"][name] * int(attribute(child, "c") or 1))
        elif name in schema["paragraph"]:  # in a list or a section inside of a paragraph
            paragraph.asides.append(child)
        else:
            _gather(child, rules, paragraph)
        if not schema["words"] and child.tail:
            paragraph.pieces.append(child.tail.replace("\n", " "))


def _holds(element: Element, path: list[str]) -> bool:
    if not path:
        return True
    return any(
        tag(child) == path[0]
        and attribute(child, "val") not in {"0", "false", "off"}
        and _holds(child, path[1:])
        for child in element
    )
