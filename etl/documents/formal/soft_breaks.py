"""Lines of a paragraph that its writer has broken by hand: a sentence may go on in the next one."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from etl.documents.text import goes_on, may_go_on

if TYPE_CHECKING:
    from kiwipiepy import Kiwi

# What nobody sees: soft hyphens, and blanks without width. A blank that keeps a line together is one.
_AS_SHOWN = {0xA0: " ", 0xAD: None, 0x200B: None, 0xFEFF: None}
# A particle, an ending that joins or modifies, an adverb, a determiner, a comma: the sentence goes on.
_CONTINUING_TAGS = ("J", "EC", "ETM", "MA", "MM", "SP")


# A part of a word that cannot begin one: particles, endings, suffixes, the copula.
_BOUND_TAGS = ("J", "E", "XS", "VCP")
_CONTEXT_CHARS = 30


@cache
def kiwi() -> Kiwi | None:
    """Returns Kiwi, which knows how words end; None where it is not installed."""
    if importlib.util.find_spec("kiwipiepy") is None:
        return None
    from kiwipiepy import Kiwi

    return Kiwi()


def join_soft_breaks(text: str) -> Iterator[str]:
    """Yields the lines of paragraphs, those in which a sentence goes on put together.

    Args:
        text: lines; a blank one parts paragraphs.
    """
    gathered = list[str]()
    for line in map(str.strip, f"{text}\n".translate(_AS_SHOWN).split("\n")):
        if gathered and (not line or not _goes_on(gathered[-1], line)):
            yield " ".join(gathered)
            gathered = []
        if line:
            gathered.append(line)


def _goes_on(line: str, following: str) -> bool:
    if goes_on(line, following):
        return True
    analyser = kiwi() if may_go_on(line, following) else None
    tokens = analyser.tokenize(line) if analyser else []
    return bool(tokens) and tokens[-1].tag.startswith(_CONTINUING_TAGS)


def is_within_word(before: str, after: str, analyser: Kiwi) -> bool:
    """Whether a line ends within a Korean word.

    Args:
        before: the line.
        after: the following one.
        analyser: takes both for one, and says of what a word consists.
    """
    if before[-1:].isascii() and after[:1].isascii():
        return False
    before, after = before[-_CONTEXT_CHARS:].lstrip(), after[:_CONTEXT_CHARS]
    for token in analyser.tokenize(before + after):
        if token.end > len(before):
            return bool(token.start < len(before) or token.tag.startswith(_BOUND_TAGS))
    return False
