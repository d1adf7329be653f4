"""Packages that readers of documents need, and what they raise for damaged files."""

from __future__ import annotations

import importlib.util
import zipfile
import zlib

from etl.errors import InputError

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
            f"{name} cannot be read: a package is not installed",
            details=[f"expected {package}, got nothing"],
            next_step=f"install it: {_INSTALL}",
        )


def damaged(name: str, form: str, error: Exception) -> InputError:
    """The error for a damaged file.

    Args:
        name: of the file.
        form: what it should be, such as `DOCX`.
        error: what the parser raised.
    """
    return InputError(
        f"{name} cannot be read as {form}",
        details=[f"{type(error).__name__}: {str(error) or 'no more is known'}"],
        cause="It is damaged, was cut off, or is something else.",
        next_step="open it in the program that wrote it and save it again, or save its text as .txt.",
    )
