"""Names of columns: as headers say, stripped and composed, each once, none that readers add themselves."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# A table of the user's own may well have a column called `position` or `detail`.
_ADDED = {"position", "reason", "detail", "problem"}


def column_name(header: str) -> str:
    """The name of a column in our frames; a name that readers use themselves gets a star."""
    name = unicodedata.normalize("NFC", header).strip()
    return f"{name}*" if name in _ADDED else name


def column_names(headers: Iterable[str]) -> list[str]:
    """The names of all columns; a name that was there before (often blank) becomes `#<index>`."""
    names: list[str] = []
    for index, header in enumerate(headers):
        name = column_name(header)
        names.append(f"#{index}" if name in names else name)
    return names
