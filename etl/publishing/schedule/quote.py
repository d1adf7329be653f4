"""Quotes paths and commands so that each scheduler reads them back unchanged: spaces, quotes, `%`, `$`."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata

from etl.errors import SettingsError
from etl.language.message import tr

_NEEDS_NO_QUOTES = re.compile(r"[\w@+=:,./-]+")
# Unicode categories: control, surrogate (bytes of a path that are not UTF-8), line and paragraph separators.
_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}


def check_writable(path: str) -> None:
    """Checks that a text file can hold the path on one line.

    Raises:
        SettingsError: it has a control character, or bytes that are not UTF-8.
    """
    if any(unicodedata.category(character) in _UNWRITABLE for character in path):
        raise SettingsError(
            tr("the path cannot be written into a schedule"),
            details=[tr("got {path!a}", path=path)],
            cause=tr("It has a line break or another control character, or bytes that are no UTF-8."),
            next_step=tr("rename that file or folder."),
        )


def for_systemd(words: list[str]) -> str:
    """Quotes a command for `ExecStart=:`; the colon turns off `$`. See systemd.service(5), command lines.

    Raises:
        SettingsError: the program's path has a quote or a backslash, which systemd refuses.
    """
    if set("\"'\\") & set(words[0]):
        raise SettingsError(
            tr("systemd runs no program whose path has a quote or a backslash"),
            details=[tr("got {program}", program=words[0])],
            next_step=tr("install etl somewhere else, or use `etl schedule cron`."),
        )
    return " ".join(_for_systemd(word) for word in words)


def _for_systemd(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return word if _NEEDS_NO_QUOTES.fullmatch(word) else f'"{escaped}"'


def for_crontab(words: list[str]) -> str:
    """Quotes a command for a line of a crontab, where a bare `%` is a line break. See crontab(5)."""
    return shlex.join(words).replace("%", r"\%")


def for_kubernetes(words: list[str]) -> str:
    """Quotes a command as a YAML list; `$` is doubled, as Kubernetes would expand `$(NAME)`."""
    return for_yaml([word.replace("$", "$$") for word in words])


def for_yaml(value: str | list[str]) -> str:
    """Quotes a string or a list of strings as JSON, which YAML includes."""
    return json.dumps(value, ensure_ascii=False)


def for_python(value: str | list[str]) -> str:
    """Quotes a string or a list of strings as a Python literal."""
    return json.dumps(value, ensure_ascii=False)
