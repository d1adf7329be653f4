"""The comments of a file that the tool writes for a person to edit, in the user's language.

The file stands once, in `schemas/`, with its keys, values and English comments. A comment is what follows
`# `, with the lines below it that hold nothing but a comment in the same column; or a docstring of one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from etl.language import catalogue

_MARK = "# "
_COMMENT = re.compile(r'(?P<before>(?:|.*?\s)# |""")(?P<text>.*?)(?P<after>(?:""")?)')


def texts(content: str) -> Iterator[str]:
    """Yields the comments of a file."""
    yield from (text for _, text, _ in _parts(content) if text)


def translate(content: str) -> str:
    """Returns a file with its comments in the language in use, and everything else as it is."""
    lines: list[str] = []
    for before, text, after in _parts(content):
        said = catalogue.look_up(text) if text else ""
        column = " " * (len(before) - len(_MARK)) + _MARK
        lines.append(before + said.replace("\n", f"\n{column}") + after)
    return "\n".join(lines)


def _parts(content: str) -> Iterator[tuple[str, str, str]]:
    """Yields what stands before a comment, all lines of its text, and what stands after it."""
    before, text, after = "", "", ""
    for place, line in enumerate(content.split("\n")):
        found = _COMMENT.fullmatch(line)
        part = found.group("before", "text", "after") if found else (line, "", "")
        if text and part[1] and part[0].strip() == _MARK.strip() and len(part[0]) == len(before):
            text += f"\n{part[1]}"
            continue
        if place:
            yield before, text, after
        before, text, after = part
    yield before, text, after
