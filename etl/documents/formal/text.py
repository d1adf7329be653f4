"""Plain text, Markdown and HTML, paragraph by paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from etl.documents.formal.needs import require
from etl.documents.formal.soft_breaks import join_soft_breaks
from etl.documents.html import text_of
from etl.documents.passage import Passage
from etl.documents.text import paragraphs

if TYPE_CHECKING:
    from markdown_it.token import Token

# Marks that are no part of CommonMark: of a task, of a footnote.
_MARKS = re.compile(r"^\[[ xX]\] |\[\^[^\]\s]+\](?:: )?")
_BREAK = re.compile(r"<br\b", re.IGNORECASE)


def read_text(text: str) -> Iterator[Passage]:
    """The paragraphs of a plain text."""
    for number, paragraph in paragraphs(enumerate(text.split("\n"), start=1)):
        yield Passage(paragraph, "formal", "line", number)


def read_html(text: str) -> Iterator[Passage]:
    """The paragraphs of a page of HTML, without scripts, styles and hidden parts."""
    for position, paragraph in enumerate(join_soft_breaks(text_of(text)), start=1):
        yield Passage(paragraph, "formal", "paragraph", position)


def read_markdown(text: str, name: str) -> Iterator[Passage]:
    """The paragraphs, headings, list items and cells of a Markdown text, without its marks and code."""
    require("markdown_it", "markdown-it-py", name)
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for token in parser.parse(_without_front_matter(text)):
        if token.type == "html_block" and token.map:
            content = text_of(token.content)
        elif token.type == "inline" and token.map:
            content = _MARKS.sub("", "".join(map(_shown, token.children or [])))
        else:
            continue
        for paragraph in join_soft_breaks(content):
            yield Passage(paragraph, "formal", "line", token.map[0] + 1)


def _shown(token: Token) -> str:
    """What is seen of a piece of a line of Markdown."""
    if token.type == "softbreak":
        return " "
    is_break = token.type == "hardbreak" or (token.type == "html_inline" and _BREAK.match(token.content))
    return (
        "\n" if is_break else token.content if token.type in {"text", "code_inline", "text_special"} else ""
    )


def _without_front_matter(text: str) -> str:
    """The metadata that stand before some texts are made blank, so that the lines keep their numbers."""
    lines = text.split("\n")
    mark = lines[0].rstrip()
    if mark not in {"---", "+++"} or mark not in lines[1:]:
        return text
    end = lines.index(mark, 1)
    return "\n" * (end + 1) + "\n".join(lines[end + 1 :])
