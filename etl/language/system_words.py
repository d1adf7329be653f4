"""The words of the operating system for what went wrong, which are English here, as messages."""

from __future__ import annotations

from etl.language.message import by_english, tr

# What users meet; anything else stays as the system says it.
WORDS = (
    tr("Address already in use"),
    tr("Cannot allocate memory"),
    tr("Connection refused"),
    tr("Disk quota exceeded"),
    tr("File exists"),
    tr("File name too long"),
    tr("Input/output error"),
    tr("Is a directory"),
    tr("No space left on device"),
    tr("No such file or directory"),
    tr("Not a directory"),
    tr("Operation not permitted"),
    tr("Permission denied"),
    tr("Read-only file system"),
    tr("Stale file handle"),
    tr("Too many levels of symbolic links"),
    tr("Too many open files"),
)
_KNOWN = by_english(*WORDS)


def system_words(error: OSError) -> str:
    """Returns what the system says about an error, without the path."""
    said = error.strerror or str(error)
    return _KNOWN.get(said, said)
