"""Decodes JSON that a program wrote into types, with one class of errors for whatever is wrong with it."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def decode_json(content: bytes | str, kind: type[T]) -> T:
    """Returns the content of a JSON document.

    Args:
        content: UTF-8, or text.
        kind: a type that msgspec knows.

    Raises:
        msgspec.DecodeError: it is no JSON, is nested too deeply, or holds bytes that are not UTF-8.
        msgspec.ValidationError: it is not of that type; also a `msgspec.DecodeError`.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error
