"""Writes words down so that each scheduler reads them back as they were: spaces, quotes, `%`, `$` and all."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata

from etl.errors import SettingsError

_NEEDS_NO_QUOTES = re.compile(r"[\w@+=:,./-]+")
# Control characters, halves of surrogates (bytes of a path that are no UTF-8), ends of lines and paragraphs.
_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}


def check_writable(path: str) -> None:
    """Refuses a path that no text file can hold on one line.

    Raises:
        SettingsError: it has a control character, or bytes that are no UTF-8.
    """
    if any(unicodedata.category(character) in _UNWRITABLE for character in path):
        raise SettingsError(
            "the path cannot be written into a schedule",
            details=[f"got {path!a}"],
            cause="It has a line break or another control character, or bytes that are no UTF-8.",
            next_step="rename that file or folder.",
        )


def for_systemd(words: list[str]) -> str:
    """A command for `ExecStart=:`; the colon turns off `$`. See systemd.service(5), command lines.

    Raises:
        SettingsError: the program's path has a quote or a backslash, which systemd refuses.
    """
    if set("\"'\\") & set(words[0]):
        raise SettingsError(
            "systemd runs no program whose path has a quote or a backslash",
            details=[f"got {words[0]}"],
            next_step="install etl somewhere else, or use `etl schedule cron`.",
        )
    return " ".join(_for_systemd(word) for word in words)


def _for_systemd(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return word if _NEEDS_NO_QUOTES.fullmatch(word) else f'"{escaped}"'


def for_crontab(words: list[str]) -> str:
    """A command for a line of a crontab, where a bare `%` is a line break. See crontab(5)."""
    return shlex.join(words).replace("%", r"\%")


def for_kubernetes(words: list[str]) -> str:
    """A command as a YAML list; Kubernetes would take `$(NAME)` for a variable."""
    return for_yaml([word.replace("$", "$$") for word in words])


def for_yaml(value: str | list[str]) -> str:
    """A string or a list of strings in YAML, of which JSON is a part."""
    return json.dumps(value, ensure_ascii=False)


def for_python(value: str | list[str]) -> str:
    """A literal."""
    return json.dumps(value, ensure_ascii=False)
