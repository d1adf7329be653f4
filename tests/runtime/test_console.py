"""The log of the library, as a command shows it."""

import logging
from collections.abc import Iterator

import pytest

from etl.runtime.console import show_log


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


def test_details_are_shown_on_request_with_their_module(capsys: pytest.CaptureFixture[str]) -> None:
    show_log(is_verbose=True)
    log_all()
    assert capsys.readouterr().err.splitlines()[-1] == "etl.room: a detail"


def test_the_library_itself_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("etl").handlers[:] = [logging.NullHandler()]
    log_all()
    assert capfd.readouterr() == ("", "")
