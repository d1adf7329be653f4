"""Other people's words in a page of Markdown, where they must be neither markup nor HTML."""

from __future__ import annotations

import re
import unicodedata

# All that has a meaning within a line of CommonMark or of a table of GitHub's, links and formulas included.
_MEANING = re.compile(r"[\\`*_{}\[\]<>|~&:$@!]|(?<=www)\.", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.-]+")


def escape(text: str) -> str:
    """Returns a text that is shown as it is within a line: references, which both Markdown and HTML know."""
    line = "".join(" " if unicodedata.category(each) in {"Cc", "Zl", "Zp"} else each for each in text)
    return _MEANING.sub(lambda found: f"&#{ord(found[0])};", line)


def code(text: str) -> str:
    """Returns a name as code; one that code cannot hold as plain text."""
    return f"`{text}`" if _PLAIN.fullmatch(text) else escape(text)
