"""The words of HTML, line by line, as a browser shows them; of a mail also what is quoted in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import NamedTuple

_UNSEEN = {
    "script",
    "style",
    "title",
    "template",
    "noscript",
    "select",
    "textarea",
    "object",
    "svg",
    "math",
    "rt",
    "rp",
    "del",
    "iframe",
    "canvas",
    "audio",
    "video",
}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_LINES = {
    "br",
    "div",
    "li",
    "tr",
    "ul",
    "ol",
    "hr",
    "dl",
    "dt",
    "dd",
    "section",
    "article",
    "header",
    "footer",
    "form",
    "address",
    "aside",
    "main",
    "nav",
    "figure",
    "figcaption",
    "details",
    "summary",
    "fieldset",
    "legend",
    "caption",
    "center",
    "dialog",
}
_PARAGRAPHS = {"p", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
_CELLS = {"td", "th"}
# Elements that end where one of these begins: their end tags may be left out.
_ENDED_BY = {
    "p": _LINES | _PARAGRAPHS,
    "li": {"li"},
    "tr": {"tr"},
    "td": {"td", "th", "tr"},
    "th": {"td", "th", "tr"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
# Blocks of a style sheet for something else than a screen of full width; a class or an id as a selector.
_OTHER_MEDIA = re.compile(r"@media\b.*\b(?:print|speech|max-)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"\s*\w*[.#]([\w-]+)\s*")
_KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_NO_WIDTH = str.maketrans("", "", "\u00ad\u200b\ufeff")
_QUOTE = ">"


def text_of(html: str, marks: Mapping[str, str] | None = None) -> str:
    """The text of a page: a line for each block, a blank line around paragraphs; of a page around each block.

    Args:
        html: the page, or a piece of one. A broken one is read as far as it makes sense, and never refused.
        marks: of a mail, in which the cells of a row stand on one line; the line to write before each element
            of a class or id. `>` stands for a quote, each line of which begins so; blocks that are quotes by
            their tag get it too.
    """
    reader = _Reader(marks)
    reader.feed(html)
    reader.close()
    reader.end_line()
    return "\n".join(reader.lines)


class _Element(NamedTuple):
    tag: str
    hides: bool
    quotes: bool
    keeps_lines: bool


class _Reader(HTMLParser):
    """Gathers lines."""

    def __init__(self, marks: Mapping[str, str] | None) -> None:
        super().__init__(convert_charrefs=True)
        self._hidden_names = set[str]()  # classes and ids
        self.lines: list[str] = []
        self._marks = marks
        self._line = ""
        self._open: list[_Element] = []
        self._tags: Counter[str] = Counter()  # of the open elements
        self._hiding = self._quoting = self._keeping = 0  # how many of them do

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self._open and tag in _ENDED_BY.get(self._open[-1].tag, ()):
            self._pop()
        if not self._hiding:
            self._break(tag)
        attributes = {name: value or "" for name, value in attrs}
        marks = self._marks_of(attributes)
        if tag in _VOID:
            self._mark(marks)
            return
        style = attributes.get("style", "")
        element = _Element(
            tag,
            self._is_hidden(tag, attributes),
            self._marks is not None and (tag == "blockquote" or _QUOTE in marks),
            tag == "pre" or _KEEPS_LINES.search(style) is not None,
        )
        if not (self._hiding or element.hides):
            self._mark(marks)
        self._push(element)

    def handle_endtag(self, tag: str) -> None:
        if not self._tags[tag]:
            return
        if not self._hiding:
            self._break(tag)
        while self._pop().tag != tag:  # what was left open inside is closed with it
            pass

    def handle_data(self, data: str) -> None:
        if self._hiding:
            if self._open and self._open[-1].tag == "style":
                self._hidden_names |= _hidden_names(data)
            return
        first, *others = data.split("\n") if self._keeping else [data]
        self._line += first
        for line in others:
            self.end_line(is_kept=True)
            self._line = line

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002
        """Skips `<![…>`: to a browser it is a comment, whatever stands in it."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1

    def end_line(self, *, is_kept: bool = False) -> None:
        """Ends the current line, its white space collapsed as in a browser. A blank one may be kept."""
        line = _SPACES.sub(" ", self._line.translate(_NO_WIDTH)).strip(" ")
        quote = "> " * self._quoting
        if line:
            self.lines.append(quote + line)
        elif is_kept and self.lines and self.lines[-1]:
            self.lines.append(quote.strip())
        self._line = ""

    def _is_hidden(self, tag: str, attributes: dict[str, str]) -> bool:
        if tag in _UNSEEN or "hidden" in attributes or (tag == "dialog" and "open" not in attributes):
            return True
        is_styled = _HIDDEN.search(attributes.get("style", "")) is not None
        return is_styled or not self._hidden_names.isdisjoint(_names(attributes))

    def _marks_of(self, attributes: dict[str, str]) -> list[str]:
        marks = self._marks or {}
        return [marks[name] for name in _names(attributes) if name in marks]

    def _mark(self, marks: list[str]) -> None:
        for line in dict.fromkeys(marks):
            if line != _QUOTE:
                self.end_line()
                self.lines.append(line)

    def _break(self, tag: str) -> None:
        if tag in _CELLS and self._marks is not None:
            self._line += " "
        elif tag in _LINES or tag in _PARAGRAPHS or tag in _CELLS:
            self.end_line(is_kept=tag == "br")
            is_parted = tag in _PARAGRAPHS or (tag != "br" and self._marks is None)
            if is_parted and self.lines and self.lines[-1]:
                self.lines.append("")

    def _push(self, element: _Element) -> None:
        self._open.append(element)
        self._tags[element.tag] += 1
        self._count(element, 1)

    def _pop(self) -> _Element:
        element = self._open.pop()
        self._tags[element.tag] -= 1
        if element.quotes:
            self.end_line()
        self._count(element, -1)
        return element

    def _count(self, element: _Element, number: int) -> None:
        self._hiding += number * element.hides
        self._quoting += number * element.quotes
        self._keeping += number * element.keeps_lines


def _hidden_names(style_sheet: str) -> set[str]:
    """The classes and ids that a style sheet hides."""
    hidden = set[str]()
    is_other_media = False
    for rule in style_sheet.split("}"):
        head, _, style = rule.rpartition("{")
        media, is_first_of_block, selectors = head.rpartition("{")
        if is_first_of_block or not head:
            is_other_media = _OTHER_MEDIA.search(media) is not None
        if not is_other_media and _HIDDEN.search(style):
            hidden |= {match[1] for each in selectors.split(",") if (match := _NAME.fullmatch(each))}
    return hidden


def _names(attributes: dict[str, str]) -> list[str]:
    """The id and the classes of an element."""
    return [attributes.get("id", ""), *attributes.get("class", "").split()]
