"""Which language a command speaks: `--lang`, else `ETL_LANG`, else the locale, else English."""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping, Sequence

from etl.language import catalogue

OPTION, VARIABLE = "--lang", "ETL_LANG"
# In the variable where the option has no value.
MISSING = '""'
# POSIX: the first of them that says anything decides about messages.
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


def speak(arguments: list[str]) -> None:
    """Speaks the language that the user asked for, and so do the commands that this one starts.

    Args:
        arguments: the words of the command line. `--lang` may stand before and after the command: it is taken
            out and put into `ETL_LANG`.
    """
    named = _option(arguments)
    if named is not None:
        os.environ[VARIABLE] = named or MISSING
        arguments[:] = _without_option(arguments)
    language = asked_for(os.environ)
    # What is wrong with the name of a language is said in that of the locale.
    catalogue.use(language if language in catalogue.LANGUAGES else _of_locale(os.environ))
    # The words of typer around a help text ask gettext, which goes by this variable. Children inherit it.
    os.environ["LANGUAGE"] = catalogue.current()
    gettext.bindtextdomain(catalogue.DOMAIN, str(catalogue.FOLDER))


def asked_for(environment: Mapping[str, str]) -> str:
    """Returns the language that the environment names; what `ETL_LANG` says may be none of ours.

    Args:
        environment: the environment variables.
    """
    if environment.get(VARIABLE):
        return _language(environment[VARIABLE])
    return _of_locale(environment)


def chosen(environment: Mapping[str, str]) -> str | None:
    """Returns the language that the user asked for, for a page that may ask the browser otherwise.

    Args:
        environment: the environment variables.

    Returns:
        That of `--lang` and `ETL_LANG`, else that of the locale if it is not English: many machines have an
        English one that nobody chose.
    """
    language = asked_for(environment)
    is_named = bool(environment.get(VARIABLE)) or language != catalogue.ENGLISH
    return language if is_named and language in catalogue.LANGUAGES else None


def _of_locale(environment: Mapping[str, str]) -> str:
    locale = next((environment[name] for name in _LOCALE if environment.get(name)), "")
    language = _language(locale)
    return language if language in catalogue.LANGUAGES else catalogue.ENGLISH


def _language(locale: str) -> str:
    """`ko` of `ko_KR.UTF-8`."""
    return locale.replace("-", "_").partition("_")[0].partition(".")[0].lower()


def _option(arguments: Sequence[str]) -> str | None:
    """The value of the last `--lang`, as of any other option; empty where it has none."""
    found = None
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word == OPTION:
            found = next(iter(arguments[place + 1 : place + 2]), "")
        elif word.startswith(f"{OPTION}="):
            found = word.removeprefix(f"{OPTION}=")
    return found


def _without_option(arguments: Sequence[str]) -> list[str]:
    kept: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            return [*kept, word, *rest]
        if word == OPTION:
            next(rest, None)
        elif not word.startswith(f"{OPTION}="):
            kept.append(word)
    return kept
