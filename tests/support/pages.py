"""Pages of Markdown: their fenced blocks, their prose, and the anchors of their headings."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(text: str) -> list[tuple[str, str]]:
    """The fenced blocks as (language, content)."""
    return FENCE.findall(text)


def prose(text: str) -> str:
    """What stands outside the fenced blocks."""
    return FENCE.sub("", text)


def anchors(text: str) -> list[str]:
    """The anchors that headings get, in their order: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
