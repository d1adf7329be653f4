"""Bytes of a mail to text, in the charset that they are in, whatever the mail says.

Which name means which codec stands in `schemas/documents/mail.yaml`.
"""

from __future__ import annotations

import base64
import codecs
import quopri
import re
from functools import cache

from etl.schema import resources

# What has its own shifts in seven bits, or units of several bytes: UTF-8 would read it, and wrongly.
_NOT_ASCII = re.compile(r"utf-?(?:7|16|32)|iso2022|hz", re.IGNORECASE)
# Codecs of Python that are no charsets of mails; some take quadratic time.
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_DESIGNATES_KOREAN = b"\x1b$)C"
# RFC 2047, and `*language` of RFC 2231. Neighbours with nothing but white space between them are one text.
_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_WORDS = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=(?:\s*=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)*")
# Of these any bytes are letters: they say nothing about what the bytes are.
_SAY_NOTHING = {"ascii", "iso8859-1", "cp1252"}


def decode_charset(content: bytes, charset: str | None) -> str | None:
    """Text in the charset that it says, unless the bytes say better; None where none fits.

    UTF-8 proves itself: Korean in another encoding is never UTF-8 by chance.

    Args:
        content: the bytes.
        charset: as the mail names it, if it does.
    """
    for codec in _candidates(content, _codec(charset)):
        try:
            text = content.decode(codec)
            text.encode()  # UTF-7 may hold halves of characters
        except (UnicodeError, LookupError, ValueError):
            continue
        return text
    return None


def decode_header(raw: str) -> str:
    """The words of a header; also of one in Korean bytes that does not say so.

    Args:
        raw: as the parser gives it, with bytes beyond ASCII as surrogates, on one line or several.
    """
    content = re.sub(r"\r?\n(?=[ \t])", "", raw).encode("utf-8", "surrogateescape")
    text = decode_charset(content, None)
    if text is None:
        text = content.decode("utf-8", "replace")
    return _WORDS.sub(lambda found: _decode_words(found.group()), text)


def _decode_words(words: str) -> str:
    """Joins the bytes of neighbours of one charset: some programs cut them inside a character."""
    runs: list[tuple[str, bytes]] = []
    for charset, encoding, text in _WORD.findall(words):
        content = _word_bytes(encoding, text)
        if runs and runs[-1][0].casefold() == charset.casefold():
            runs[-1] = (charset, runs[-1][1] + content)
        else:
            runs.append((charset, content))
    decoded = [decode_charset(content, charset) for charset, content in runs]
    return words if None in decoded else "".join(filter(None, decoded))


def _word_bytes(encoding: str, text: str) -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    if encoding in "qQ":
        return quopri.decodestring(content, header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters  # cut off
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def _candidates(content: bytes, codec: str | None) -> list[str]:
    """The codecs to try, in their order."""
    said = [codec] if codec else []
    korean = ["euc_kr", "cp949"]  # the first reads syllables that are spelled in eight bytes
    if codec and _NOT_ASCII.match(codec):
        return [*said, "utf-8-sig", *korean]
    if _DESIGNATES_KOREAN in content and content.isascii():
        return ["iso2022_kr", "utf-8-sig"]
    if codec is None or codec in {"cp949", "utf-8"}:
        return ["utf-8-sig", *korean, *said]
    return ["utf-8-sig", *(korean + said if codec in _SAY_NOTHING else said + korean)]


def _codec(charset: str | None) -> str | None:
    """The codec of Python for a name of a charset; None where the name says nothing."""
    name = (charset or "").casefold().strip(" \"'").replace("_", "-")
    codec = _codecs().get(name, name)
    try:
        found = codecs.lookup(codec).name
    except (LookupError, ValueError):
        return None
    return None if found in _NO_CHARSETS else found


@cache
def _codecs() -> dict[str, str]:
    charsets: dict[str, list[str]] = resources.load("schemas", "documents", "mail.yaml")["charsets"]
    return {name: codec for codec, names in charsets.items() for name in names}
