"""The errors of documents of Hangul that cannot be read."""

from __future__ import annotations

import importlib.util

from etl.documents.file import SAVE_TEXT
from etl.errors import InputError
from etl.language.message import tr
from etl.runtime.unpacking import too_large

_SAVE = tr("open it in Hangul and save it again, as .hwpx.")


def damaged(name: str, form: str, found: str) -> InputError:
    """An error: the file breaks the rules of its form.

    Args:
        name: of the file.
        form: HWP or HWPX.
        found: what is wrong.
    """
    return InputError(
        tr("{name} cannot be read as {form}", name=name, form=form),
        details=[found],
        cause=tr("It is damaged, was cut off, or is another file with the name of a {form}.", form=form),
        next_step=_SAVE,
    )


def encrypted(name: str) -> InputError:
    """An error: the file asks for a password, or for the rights to open it."""
    return InputError(
        tr("{name} is encrypted", name=name),
        details=[tr("expected a document that opens without a password")],
        next_step=tr("open it in Hangul with its password and save it without one."),
    )


def beyond(name: str, found: str) -> InputError:
    """An error: the file holds more than any document does.

    Args:
        name: of the file.
        found: which limit is passed.
    """
    return too_large(name, found, SAVE_TEXT)


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
            tr("{name} cannot be read: a package is not installed", name=name),
            details=[tr("expected {package}, got nothing", package=package)],
            next_step=tr("install it: pip install 'korean-emotion-etl[documents]'"),
        )
