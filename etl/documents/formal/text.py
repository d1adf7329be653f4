"""Plain text, Markdown and HTML, paragraph by paragraph."""

from __future__ import annotations

from collections.abc import Iterator

from etl.documents.formal.needs import require
from etl.documents.html import text_of
from etl.documents.passage import Passage
from etl.documents.text import paragraphs


def read_text(text: str) -> Iterator[Passage]:
    """The paragraphs of a plain text."""
    for number, paragraph in paragraphs(enumerate(text.split("\n"), start=1)):
        yield Passage(paragraph, "formal", "line", number)


def read_html(text: str) -> Iterator[Passage]:
    """The paragraphs of a page of HTML, without scripts, styles and hidden parts."""
    for position, (_, paragraph) in enumerate(
        paragraphs(enumerate(text_of(text).split("\n"), start=1)), start=1
    ):
        yield Passage(paragraph, "formal", "paragraph", position)


def read_markdown(text: str, name: str) -> Iterator[Passage]:
    """The paragraphs, headings, list items and cells of a Markdown text, without its marks and code."""
    require("markdown_it", "markdown-it-py", name)
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for token in parser.parse(_without_front_matter(text)):
        if token.type != "inline" or not token.map:
            continue
        lines: list[str] = [""]
        for child in token.children or []:
            if child.type in {"softbreak", "hardbreak"}:
                lines.append("")
            elif child.type in {"text", "code_inline", "text_special"}:
                lines[-1] += child.content
        first = token.map[0] + 1
        for number, paragraph in paragraphs(enumerate(lines, start=first)):
            yield Passage(paragraph, "formal", "line", number)


def _without_front_matter(text: str) -> str:
    """The metadata that stand before some texts are made blank, so that the lines keep their numbers."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in lines[1:]:
        return text
    end = lines.index("---", 1)
    return "\n" * (end + 1) + "\n".join(lines[end + 1 :])
