"""Which taggers are written again here."""

from __future__ import annotations

from importlib import import_module

from etl.tagging.native.native import Native

# Where each tagger's `NATIVE` is: imported when it is asked for.
_MODULES = {
    "okt": "etl.tagging.okt.native",
    "mecab": "etl.tagging.mecab.native",
    "komoran": "etl.tagging.komoran.native",
}


def names() -> list[str]:
    """The taggers, in the order in which they are listed."""
    return list(_MODULES)


def native_of(tagger: str) -> Native | None:
    """How a tagger of the settings runs natively; None if it does not."""
    if tagger not in _MODULES:
        return None
    found: Native = import_module(_MODULES[tagger]).NATIVE
    return found
