"""The words of an HTML mail, line by line; quoted blocks get a `>`, as in a plain one."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNSEEN = {"head", "script", "style", "title", "template", "noscript"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_LINES = {"br", "div", "li", "tr", "ul", "ol", "hr", "section", "article"}
_PARAGRAPHS = {"p", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
_CELLS = {"td", "th"}
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f]+")


def text_of(html: str) -> str:
    """The text of a page: a line for each block, a blank line around paragraphs."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_line()
    return "\n".join(reader.lines)


class _Reader(HTMLParser):
    """Gathers lines; broken HTML is read as far as it makes sense, and never refused."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line = ""
        self._quotes = 0
        self._unseen: list[str] = []  # the open tags from the first one on that is not shown

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":  # whatever stands open in the head
            self._unseen.clear()
        is_hidden = any(name == "style" and _HIDDEN.search(value or "") for name, value in attrs)
        if tag not in _VOID and (self._unseen or tag in _UNSEEN or is_hidden):
            self._unseen.append(tag)
            return
        self._break(tag)
        self._quotes += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag in self._unseen:  # what was left open inside is closed with it
                while self._unseen.pop() != tag:
                    pass
            return
        self._break(tag)
        self._quotes = max(0, self._quotes - (tag == "blockquote"))

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._line += data

    def _break(self, tag: str) -> None:
        if tag in _CELLS:
            self._line += " "
        elif tag in _LINES or tag in _PARAGRAPHS:
            self.end_line()
            if tag in _PARAGRAPHS and self.lines and self.lines[-1]:
                self.lines.append("")

    def end_line(self) -> None:
        """Ends the current line; white space is collapsed as in a browser."""
        line = _SPACES.sub(" ", self._line).strip(" ")
        if line:
            self.lines.append("> " * self._quotes + line)
        self._line = ""
