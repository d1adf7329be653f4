"""A passage: a piece of a document that is cut into sentences, with its place."""

from __future__ import annotations

from typing import Literal

import msgspec

from etl.settings import MAX_RAW_CHARS

# Of a text that is beyond all measure.
SHOWN_CHARS = 1000
Kind = Literal["text", "mail", "chat", "post", "formal"]
Part = Literal["body", "quote", "signature"]
Unit = Literal["line", "paragraph", "message", "row", "page"]


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A paragraph of a mail or a formal document, a message of a chat, or a post.

    Args:
        text: the words; in a message there may be line breaks.
        kind: of the document.
        unit: what `position` counts.
        position: from 1.
        document: the number of the mail or post in its file, from 1; 1 where the file is one document.
        speaker: who wrote it, if known.
        time: when, as the document says it; in ISO 8601 where it was understood.
        part: whether these are the writer's own words.
        reason: null, or the reason of `schemas/columns.yaml` for which there are none.
    """

    text: str
    kind: Kind
    unit: Unit
    position: int
    document: int = 1
    speaker: str | None = None
    time: str | None = None
    part: Part = "body"
    reason: str | None = None


def bounded(passage: Passage) -> Passage:
    """Returns a passage; of one beyond all measure its beginning, as a reject."""
    if len(passage.text) <= MAX_RAW_CHARS:
        return passage
    shown = passage.text[:SHOWN_CHARS]
    return msgspec.structs.replace(passage, text=shown, reason=passage.reason or "text_too_long")
