"""What libraries say of bad input, which is English and one string, as messages.

Each text is known by its form. Its message has the same English, so that nothing changes for who reads that;
a text of no known form stays as it is.
"""

from __future__ import annotations

from etl.language.forms import forms_of, recognise
from etl.language.message import Message, tr
from etl.language.system_words import WORDS

# Codecs of Python.
_CODECS = (
    tr("'{codec}' codec can't decode byte {byte} in position {place}: {what}"),
    tr("'{codec}' codec can't decode bytes in position {place}: {what}"),
    tr("truncated data"),
    tr("invalid start byte"),
    tr("invalid continuation byte"),
    tr("unexpected end of data"),
    tr("illegal multibyte sequence"),
    tr("incomplete multibyte sequence"),
)
# zipfile, zlib, gzip.
_PACKED = (
    tr("File is not a zip file"),
    tr("Bad CRC-32 for file {name}"),
    tr("Bad magic number for {part}"),
    tr("Bad offset for central directory"),
    tr("File name in directory {name} and header {found} differ."),
    tr("central directory"),
    tr("file header"),
    tr("Truncated {part}"),
    tr("That compression method is not supported"),
    tr("Error {code} while decompressing data: {what}"),
    tr("Not a gzipped file {start}"),
    tr("Compressed file ended before the end-of-stream marker was reached"),
    tr("CRC check failed {numbers}"),
    tr("Unknown compression method"),
)
# Arrow and Parquet, OLE, XML, calamine, PDFium: the files that hold tables and documents.
_FILES = (
    tr("Not an Arrow file"),
    tr(
        "Parquet magic bytes not found in footer. Either the file is corrupted or this is not a parquet file."
    ),
    tr("Could not open Parquet input source '{source}': {what}"),
    tr("not an OLE2 structured storage file"),
    tr("incomplete OLE sector"),
    tr("OLE directory index out of range"),
    tr("{what}, line {line}, column {column} (<string>, line {line})"),
    tr("{what}: line {line}, column {column}"),
    tr("not well-formed (invalid token)"),
    tr("unclosed token"),
    tr("no element found"),
    tr("mismatched tag"),
    tr("calamine error: Cannot detect file format"),
    tr("Failed to load document (PDFium: Data format error)."),
)
_OF_SYSTEM = (
    tr("[Errno {number}] {words}: {path}"),
    tr("[Errno {number}] {words}"),
    *WORDS,
)
# msgspec.
_MSGSPEC = (
    tr("{what} - at `{where}`"),
    tr("Object contains unknown field `{field}`"),
    tr("Object missing required field `{field}`"),
    tr("Expected `{wanted}`, got `{found}`"),
    tr("Expected `array` of {bound} length {length}, got {found}"),
    tr("Expected `array` of length {length}, got {found}"),
    tr("at least"),
    tr("at most"),
    tr("Expected `{kind}` of length {bound}"),
    tr("Expected `{kind}` matching regex {pattern}"),
    tr("Expected `{kind}` with a timezone component"),
    tr("Expected `{kind}` {bound}"),
    tr("Invalid enum value {value}"),
    tr("Invalid RFC3339 encoded datetime"),
    tr("Invalid value {value}"),
    tr("Integer value out of range"),
    tr("Number out of range"),
    tr("Input data was truncated"),
    tr("JSON is malformed: {what} (byte {byte})"),
    tr("expected '\"'"),
    tr("expected ':'"),
    tr("expected ',' or {mark}"),
    tr("invalid character"),
    tr("invalid character in unicode escape"),
    tr("invalid escape character in string"),
    tr("invalid escaped character"),
    tr("invalid number"),
    tr("invalid utf-16 surrogate pair"),
    tr("object keys must be strings"),
    tr("trailing characters"),
    tr("unexpected end of hex escape"),
    tr("unexpected end of escaped utf-16 surrogate pair"),
)
# The first that fits decides; what msgspec says has the widest forms.
FORMS = forms_of((*_CODECS, *_PACKED, *_FILES, *_OF_SYSTEM, *_MSGSPEC))


def said(what: object) -> str:
    """Returns the message that something is, or its text where nobody knows it.

    Args:
        what: a message; an error, whose own message counts if it was raised with one; or what a library says.
    """
    if isinstance(what, Message):
        return what
    if isinstance(what, BaseException):
        first, _, _ = str(what).strip().partition("\n\n")  # polars tells below it what it was doing
        return own_message(what) or recognise(" ".join(first.splitlines()), FORMS)
    return recognise(str(what), FORMS)


def own_message(error: BaseException | None) -> Message | None:
    """Returns the message that an error was raised with, if it says just that."""
    if isinstance(error, OSError) and isinstance(error.strerror, Message):
        number, words, path = error.errno, error.strerror, error.filename
        if path is None:
            return tr("[Errno {number}] {words}", number=number, words=words)
        return tr("[Errno {number}] {words}: {path}", number=number, words=words, path=repr(path))
    first = error.args[0] if error and error.args else None
    return first if isinstance(first, Message) and first == str(error) else None
