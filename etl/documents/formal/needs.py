"""Packages that readers of documents need, and what they raise for damaged files."""

from __future__ import annotations

import importlib.util
import zipfile
import zlib

from etl.errors import InputError
from etl.language.message import tr

_INSTALL = "pip install 'korean-emotion-etl[documents]'"
# What parsers raise for a file that is damaged in a way that its form does not foresee; an error of XML is a
# SyntaxError.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    OSError,
)


def require(module: str, package: str, name: str) -> None:
    """Checks that a package is installed.

    Args:
        module: what is imported.
        package: what is installed.
        name: of the file, for the error.

    Raises:
        InputError: it is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise InputError(
            tr("{name} cannot be read: a package is not installed", name=name),
            details=[tr("expected {package}, got nothing", package=package)],
            next_step=tr("install it: {command}", command=_INSTALL),
        )


def damaged(name: str, form: str, error: Exception) -> InputError:
    """The error for a damaged file.

    Args:
        name: of the file.
        form: what it should be, such as `DOCX`.
        error: what the parser raised.
    """
    return InputError(
        tr("{name} cannot be read as {form}", name=name, form=form),
        details=[
            tr(
                "{kind}: {error}",
                kind=type(error).__name__,
                error=error if str(error) else tr("no more is known"),
            )
        ],
        cause=tr("It is damaged, was cut off, or is something else."),
        next_step=tr("open it in the program that wrote it and save it again, or save its text as .txt."),
    )
