"""What libraries say of bad input is said in the user's language; its English stays what it was."""

import errno
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.errors import InputError
from etl.language import library_words
from etl.language.forms import LONGEST
from etl.language.library_words import said
from etl.language.message import Message, tr, translated
from etl.schema import details


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """A type of msgspec with every kind of rule that settings and decisions have."""

    text: str
    share: msgspec.UnsetType | float = msgspec.UNSET
    names: list[str] = []


def decode(content: str) -> Callable[[], Any]:
    return lambda: msgspec.json.decode(content, type=Row)


RAISING = {
    "a wrong type": decode('{"text": 1}'),
    "a wrong type inside": decode('{"text": "a", "names": ["b", 2]}'),
    "an unknown key": decode('{"text": "a", "labl": 1}'),
    "a missing key": decode("{}"),
    "JSON that breaks off": decode('{"text": "a"'),
    "a comma that is missing": decode('{"text": "a" "names": []}'),
    "a comma that is missing in a list": decode('{"text": "a", "names": ["b" "c"]}'),
    "a colon that is missing": decode('{"text" "a"}'),
    "what follows the end": decode('{"text": "a"} b'),
    "a word that is no JSON": decode("text"),
    "bytes that are not UTF-8": lambda: b"\xb1\xe2".decode("utf-8"),
    "half a character": lambda: "가".encode()[:2].decode("utf-8"),
    "bytes that are not cp949": lambda: b"\xff\xff".decode("cp949"),
    "no zip": lambda: zipfile.ZipFile(io.BytesIO(b"text")),
    "no Parquet": lambda: pq.read_table(io.BytesIO(b"x" * 100)),
    "no Arrow": lambda: pa.ipc.open_file(io.BytesIO(b"x" * 100)),
    "no such file": lambda: open("/none/such"),  # noqa: SIM115, PTH123
}


@pytest.mark.parametrize("kind", RAISING)
def test_what_a_library_raises_is_said_in_korean(kind: str) -> None:
    with pytest.raises(Exception) as caught:
        RAISING[kind]()
    error = caught.value
    assert said(error) == said(str(error)) == str(error)
    in_korean = translated(said(error), "ko")
    assert re.search("[가-힣]", in_korean)
    assert not re.search(r"\b[a-z]{3,} [a-z]{3,} [a-z]{3,}", in_korean)


def test_an_error_among_the_details_of_another_is_said_in_korean() -> None:
    found = InputError(
        "a", details=[ValueError("Input data was truncated"), "File is not a zip file", "다른 말"]
    )
    assert found.details == ["Input data was truncated", "File is not a zip file", "다른 말"]
    assert [translated(each, "ko") for each in found.details] == [
        "내용이 중간에 끊겼습니다",
        "ZIP 파일이 아닙니다",
        "다른 말",
    ]


def test_the_message_that_an_error_was_raised_with_counts() -> None:
    message = tr("{name} is encrypted", name="a.zip")
    assert said(ValueError(message)) is message


@pytest.mark.parametrize("text", ["", "심심", "text: a", "a\nb", "something else entirely"])
def test_what_nobody_knows_stays_as_it_is(text: str) -> None:
    assert said(text) == text
    assert not isinstance(said(text), Message)


def test_an_error_of_the_system_keeps_the_words_that_it_was_raised_with() -> None:
    error = OSError(errno.EINVAL, tr("it is a pipe, not a file"), "a")
    assert said(error) == str(error)
    assert translated(said(error), "ko") == "[Errno 22] 파일이 아니라 파이프입니다: 'a'"


def test_what_polars_was_doing_is_left_out() -> None:
    assert said(ValueError("Input data was truncated\n\nThis error occurred here:\n\t[1] a")) == (
        "Input data was truncated"
    )


def test_every_form_is_recognised_as_itself_and_not_as_a_wider_one() -> None:
    for forms, say in ((library_words.FORMS, said), (details.FORMS, details.said)):
        for _, message in forms:
            text = message.template.format_map(defaultdict(lambda: "x1"))
            found = say(text)
            assert isinstance(found, Message), text
            assert found.template == message.template, text


def test_what_quotes_a_long_value_stays_as_it_is() -> None:
    short, long = (f"Invalid enum value '{'x' * length}'" for length in (10, LONGEST))
    assert said(short) == short
    assert isinstance(said(short), Message)
    assert said(long) == long
    assert not isinstance(said(long), Message)
