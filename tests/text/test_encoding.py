"""Which encoding a text is in; what is in none of them is refused, never guessed."""

from __future__ import annotations

import io

import pytest

from etl.errors import InputError
from etl.text.encoding import CHUNK_BYTES, decode_text, sniff_encoding, to_utf8

TEXT = "뷁, 똠방각하도 쓴다.\n"
ISO_2022_KR_TEXT = "오늘은 기분이 좋다.\n"  # KS X 1001 has no 뷁


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp949", "cp949"), ("utf-16", "utf-16")],
)
def test_each_encoding_is_known(codec: str, encoding: str) -> None:
    assert decode_text(TEXT.encode(codec)) == (TEXT, encoding)
    assert to_utf8(TEXT.encode(codec), "a.txt") == (TEXT.encode(), encoding)
    assert sniff_encoding(io.BytesIO(TEXT.encode(codec)), "a.txt").removesuffix("-sig") == encoding


def test_iso_2022_kr_is_known_by_its_designator() -> None:
    content = ISO_2022_KR_TEXT.encode("iso2022_kr")
    assert content.isascii()
    assert decode_text(content) == (ISO_2022_KR_TEXT, "iso2022_kr")
    assert sniff_encoding(io.BytesIO(content), "a.txt") == "iso2022_kr"


def test_ascii_and_nothing_are_utf8() -> None:
    for content in (b"", b"plain"):
        assert decode_text(content) == (content.decode(), "utf-8")
        assert sniff_encoding(io.BytesIO(content), "a.txt") == "utf-8-sig"


def test_sniffing_reads_until_one_encoding_is_left() -> None:
    content = b"a" * (CHUNK_BYTES + 7) + "뷁".encode("cp949") + b"a" * CHUNK_BYTES
    assert sniff_encoding(io.BytesIO(content), "a.txt") == "cp949"


@pytest.mark.parametrize("content", [b"ab\xff\xff", "가나".encode()[:-1]])
def test_what_is_in_no_encoding_is_refused_with_the_place(content: bytes) -> None:
    for refuse in (
        lambda: decode_text(content, "a.txt"),
        lambda: to_utf8(content, "a.txt"),
        lambda: sniff_encoding(io.BytesIO(content), "a.txt"),
    ):
        try:
            refuse()
        except InputError as error:
            assert error.what == "a.txt is neither UTF-8 nor cp949"
            assert [detail[:15] for detail in error.details] == ["expected UTF-8,", "expected cp949,"]
        else:  # the end of a stream may be cut off: that is seen when it is decoded
            assert content == "가나".encode()[:-1]


def test_utf16_that_breaks_its_promise_is_told_as_such() -> None:
    with pytest.raises(InputError, match="is not the UTF-16 that its first bytes promise"):
        decode_text(b"\xff\xfea", "a.txt")
