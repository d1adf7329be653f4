"""Says what a file is by its first bytes, so that errors need not guess.

The forms stand in `schemas/documents/formats.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from etl.language.message import tr
from etl.schema import resources

# Far more than any file of nothing but line breaks and blanks begins with.
_LOOKED_AT_BYTES = 1 << 12
_HTML = re.compile(rb"(?i)\s*<(?:!doctype\s+html|html|head|body|meta|script|table)\b")


def unread_form(head: bytes) -> dict[str, Any] | None:
    """Returns the form that nothing here reads of which these are the first bytes: `said`, maybe `next`."""
    return next(_forms("magic", head), None)


def describe_form(head: bytes) -> str | None:
    """Says what a file is; None where its first bytes are those of nothing that is known.

    Args:
        head: its first bytes, some thousand.
    """
    found = unread_form(head) or next(_forms("known", head), None)
    if found:
        return tr(found["said"])
    start = head[:_LOOKED_AT_BYTES].removeprefix(b"\xef\xbb\xbf")
    if not start.strip():
        return tr("blank") if head else tr("empty")
    return tr("a page of HTML") if _HTML.match(start) else None


def _forms(name: str, head: bytes) -> Iterator[dict[str, Any]]:
    for form in resources.load("schemas", "documents", "formats.yaml")[name]:
        parts = {0: form["begins"], **form.get("at", {})}
        if all(head.startswith(part.encode("latin-1"), at) for at, part in parts.items()):
            yield form
