"""The log of the library, as a command shows it."""

import contextlib
import io
import json
import logging
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import InputError
from etl.runtime.console import error, json_document, line, note, printable, show_log, table


@pytest.fixture(autouse=True)
def unchanged_logging() -> Iterator[None]:
    logger = logging.getLogger("etl")
    before, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = before
    logger.setLevel(level)


def log_all() -> None:
    log = logging.getLogger("etl.room")
    log.error("it fails")
    log.warning("it is odd")
    log.info("waiting")
    log.debug("a detail")


def test_notes_and_errors_are_shown_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    show_log()
    log_all()
    assert capsys.readouterr() == ("", "error: it fails\nnote: it is odd\nwaiting\n")


def test_messages_are_as_long_as_people_read_whatever_a_name_is(capsys: pytest.CaptureFixture[str]) -> None:
    error(
        InputError(f"a{'가' * 1_000_000}b cannot be read", details=["its columns are " + "\u202e" * 100_000])
    )
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("error: a가")
    assert first.endswith("가b cannot be read")
    assert len(first) < 5_000
    assert second.startswith("  its columns are ")
    assert len(second) < 30_000  # escaped


def test_details_are_shown_on_request_with_their_module(capsys: pytest.CaptureFixture[str]) -> None:
    show_log(is_verbose=True)
    log_all()
    assert capsys.readouterr().err.splitlines()[-1] == "etl.room: a detail"


def test_the_library_itself_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("etl").handlers[:] = [logging.NullHandler()]
    log_all()
    assert capfd.readouterr() == ("", "")


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_printed(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in shown)
    assert "\u202e" not in shown
    assert printable(shown) == shown


@pytest.mark.parametrize("text", ["오늘은 [bold]좋다[/]", "👨‍👩‍👧 ㅠㅠ", "a\u200bb", r"C:\new"])
def test_other_texts_are_printed_as_they_are(text: str) -> None:
    assert printable(text) == text


def test_a_table_a_line_a_note_and_an_error_escape_what_others_wrote(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "x\x1b[31m\x9b2J\n  Next: y"
    table(evil, [evil], [[evil]])
    line(evil)
    note(evil)
    error(InputError(evil, details=[evil], next_step="none"))
    out, err = capsys.readouterr()
    assert not set(out + err) & {"\x1b", "\x9b"}
    assert err.count("\n  Next: ") == 2  # of the note, and the error's own


@given(st.dictionaries(st.text(), st.text()))
def test_json_has_the_same_values_and_no_control_character(values: dict[str, str]) -> None:
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        json_document(values)
    assert json.loads(written.getvalue()) == values
    shown = written.getvalue().replace("\n", "")
    assert not any(unicodedata.category(each) == "Cc" or each == "\u202e" for each in shown)


def test_a_cell_of_several_lines_shows_each_and_escapes_what_is_in_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table("t", ["where", "n"], [[("https://a.example", "b\nc"), 1]])
    shown = capsys.readouterr().out
    assert [line.strip(" │").split("│")[0].strip() for line in shown.splitlines()[4:6]] == [
        "https://a.example",
        "b\\nc",
    ]
