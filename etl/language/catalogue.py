"""The language in use, and what is said in it: gettext catalogues, compiled from `translations/*.po`."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

ENGLISH = "en"
LANGUAGES = (ENGLISH, "ko")
# gettext's own name for a domain that nobody named: typer looks for its words there too.
DOMAIN = "messages"
FOLDER = Path(__file__).with_name("compiled")

_current = ENGLISH


def current() -> str:
    """Returns the language that `translated` speaks: English until `use` was called."""
    return _current


def use(language: str) -> None:
    """Speaks a language from now on, in this process.

    Args:
        language: one of `LANGUAGES`.

    Raises:
        ValueError: it is none of them.
    """
    global _current  # noqa: PLW0603 - what people read is in one language, whoever says it
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}, expected one of {LANGUAGES}")
    _current = language


def look_up(
    template: str, template_of_many: str = "", number: int | None = None, language: str | None = None
) -> str:
    """Returns a template in a language, by default the one in use, or the English one where it has none."""
    if not template:  # under which gettext keeps what is said about the catalogue
        return ""
    translations = _translations(language or _current)
    if number is None:
        return translations.gettext(template)
    return translations.ngettext(template, template_of_many, number)


def is_compiled(language: str) -> bool:
    """Whether a language can be spoken: a checkout has no catalogues before `make messages`."""
    return language == ENGLISH or gettext.find(DOMAIN, str(FOLDER), [language]) is not None


@cache
def _translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; English where there is none."""
    return gettext.translation(DOMAIN, str(FOLDER), [language], fallback=True)
