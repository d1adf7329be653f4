"""A mail, whatever file it came in: `mime` reads `.eml` and `.mbox`, `outlook` reads `.msg`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

# Mails in mails in mails: no person goes so deep.
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a mail carries.

    Args:
        name: as the mail calls it; its type where it has no name.
        media_type: such as `text/plain`.
        load: its bytes.
    """

    name: str
    media_type: str
    load: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail.

    Args:
        sender: who wrote it: a name, else an address.
        time: when, in ISO 8601.
        subject: with its `Re:`.
        text: all words of its body, quotes among them; lines end with a line feed.
        is_wrapped: whether a line of the text may go on in the next one.
        attached: mails and other files, in their order.
    """

    sender: str | None
    time: str | None
    subject: str
    text: str
    is_wrapped: bool = True
    attached: list[Mail | Attachment] = field(default_factory=list)
