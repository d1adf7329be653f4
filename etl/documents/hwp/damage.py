"""The errors of documents of Hangul that cannot be read."""

from __future__ import annotations

import importlib.util

from etl.errors import InputError

_SAVE = "open it in Hangul and save it again, as .hwpx."


def damaged(name: str, form: str, found: str) -> InputError:
    """An error: the file breaks the rules of its form.

    Args:
        name: of the file.
        form: HWP or HWPX.
        found: what is wrong.
    """
    return InputError(
        f"{name} cannot be read as {form}",
        details=[found],
        cause=f"It is damaged, was cut off, or is another file with the name of a {form}.",
        next_step=_SAVE,
    )


def encrypted(name: str) -> InputError:
    """An error: the file asks for a password, or for the rights to open it."""
    return InputError(
        f"{name} is encrypted",
        details=["expected a document that opens without a password"],
        next_step="open it in Hangul with its password and save it without one.",
    )


def too_large(name: str, limit: int, what: str) -> InputError:
    """An error: the file holds more than any document does.

    Args:
        name: of the file.
        limit: that was passed.
        what: is counted.
    """
    return InputError(
        f"{name} would be far too large once unpacked",
        details=[f"expected at most {limit:,} {what}"],
        cause="No document is packed like this; it may be a zip bomb.",
        next_step="open it in Hangul, and save its text.",
    )


def require(package: str, name: str) -> None:
    """Refuses a file where the package that reads it is missing.

    Args:
        package: as it is imported and installed.
        name: of the file.

    Raises:
        InputError: it is not installed.
    """
    if importlib.util.find_spec(package) is None:
        raise InputError(
            f"{name} cannot be read: a package is not installed",
            details=[f"expected {package}, got nothing"],
            next_step="install it: pip install 'korean-emotion-etl[documents]'",
        )
