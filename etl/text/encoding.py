"""Bytes to text, strictly: a text in no known encoding is an error, never full of replacement characters.

UTF-16 is known by its BOM and ISO-2022-KR by its designator; all else is UTF-8, with or without a BOM, or
cp949, which includes EUC-KR.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import IO

import polars as pl

from etl.errors import InputError
from etl.language.message import tr

# Codecs of Python, in the order in which they are tried: what both can read is UTF-8.
ENCODINGS = ("utf-8-sig", "cp949")
CHUNK_BYTES = 4 << 20
_FEW_BYTES = 16 << 10
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Stands once, before the first Korean letter (RFC 1557).
_ISO_2022_KR, _DESIGNATOR_WITHIN_BYTES = b"\x1b$)C", 4096


def decode_text(content: bytes, name: str = tr("the text")) -> tuple[str, str]:
    """Decodes a whole text.

    Args:
        content: all its bytes.
        name: of the file, for the error.

    Returns:
        The text without a BOM, and the encoding it had: `utf-8`, `utf-16`, `iso2022_kr` or `cp949`.

    Raises:
        InputError: it is in none of these encodings.
    """
    errors: dict[str, UnicodeDecodeError] = {}
    for encoding in _candidates(content):
        try:
            return content.decode(encoding), plain_name(encoding)
        except UnicodeDecodeError as error:
            errors[encoding] = error
    raise _unknown_encoding(name, errors)


def is_text(content: bytes) -> bool:
    """Whether bytes are a text in a known encoding, without a NUL, which no text has."""
    try:
        return "\0" not in decode_text(content)[0]
    except InputError:
        return False


def to_utf8(content: bytes, name: str) -> tuple[bytes, str]:
    """Converts a whole text to UTF-8 without a BOM; see `decode_text`."""
    if _candidates(content) == ENCODINGS and is_utf8(content):
        return content.removeprefix(codecs.BOM_UTF8), "utf-8"
    text, encoding = decode_text(content, name)
    return text.encode("utf-8"), encoding


def sniff_encoding(stream: IO[bytes], name: str) -> str:
    """Finds the encoding of a text that may be too large to read at once.

    Reads on until only one encoding is left. The mark of UTF-16 or ISO-2022-KR is believed: whether the rest
    keeps its promise is seen when it is decoded.

    Args:
        stream: the text, at its beginning.
        name: of the file, for the error.

    Returns:
        The name of a codec of Python.

    Raises:
        InputError: neither UTF-8 nor cp949.
    """
    chunk = stream.read(CHUNK_BYTES)
    candidates = _candidates(chunk)
    decoders = {encoding: codecs.getincrementaldecoder(encoding)() for encoding in candidates}
    errors: dict[str, UnicodeDecodeError] = {}
    while len(decoders) > 1 and chunk:
        for encoding, decoder in list(decoders.items()):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                errors[encoding] = error
                del decoders[encoding]
        chunk = stream.read(CHUNK_BYTES) if len(decoders) > 1 else b""
    if not decoders:
        raise _unknown_encoding(name, {encoding: errors[encoding] for encoding in candidates})
    return next(iter(decoders))


def head_as_utf8(head: bytes) -> bytes:
    """Converts the beginning of a text, which may end inside a character: UTF-16 to UTF-8, and no BOM."""
    if head.startswith(_UTF_16):
        return head.decode("utf-16", "ignore").encode()
    return head.removeprefix(codecs.BOM_UTF8)


def plain_name(codec: str) -> str:
    """The name of an encoding as the manifest has it: `utf-8` for Python's `utf-8-sig`."""
    return codec.removesuffix("-sig")


def _candidates(head: bytes) -> tuple[str, ...]:
    """The encodings that a text may be in, by how it begins."""
    if head.startswith(_UTF_16):
        return ("utf-16",)
    if _ISO_2022_KR in head[:_DESIGNATOR_WITHIN_BYTES] and head.isascii():
        return ("iso2022_kr",)
    return ENCODINGS


def is_utf8(content: bytes) -> bool:
    """Whether bytes are UTF-8; of many the check of polars is several times faster than decoding them."""
    try:
        if len(content) < _FEW_BYTES:
            content.decode()
        else:
            pl.Series([content], dtype=pl.Binary).cast(pl.String)
    except (UnicodeDecodeError, pl.exceptions.PolarsError):
        return False
    return True


def _unknown_encoding(name: str, errors: Mapping[str, UnicodeDecodeError]) -> InputError:
    if ENCODINGS[0] in errors:
        what = tr("{name} is neither UTF-8 nor cp949", name=name)
    else:
        what = tr(
            "{name} is not the {encoding} that its first bytes promise",
            name=name,
            encoding=_shown(next(iter(errors))),
        )
    is_cut_off = next(iter(errors.values())).reason == "unexpected end of data"
    return InputError(
        what,
        details=[
            tr(
                "expected {encoding}, got byte {byte:#04x} at offset {offset}",
                encoding=_shown(encoding),
                byte=error.object[error.start],
                offset=error.start,
            )
            for encoding, error in errors.items()
        ],
        cause=tr("The download was cut off inside a character.")
        if is_cut_off
        else tr("The file was saved by a program that used another encoding, or it is damaged."),
        next_step=tr("save it as UTF-8, or run with `--on-bad-file skip` to go on without it."),
    )


def _shown(codec: str) -> str:
    return {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "iso2022_kr": "ISO-2022-KR"}.get(codec, codec)
