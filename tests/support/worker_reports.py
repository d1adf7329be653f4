"""What a worker of pytest-xdist reports can be sent, whatever is in it.

A worker sends its reports and warnings over a pipe that takes only UTF-8 and built-in types. Anything else,
such as a file name that is no UTF-8 in a message, or in an error that Python prints when it collects garbage,
ends the worker with an internal error, and the whole run with it, at whatever test comes then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

_AS_THEY_ARE = (bool, int, float, bytes, type(None))
# Said again at the end: the errors that follow the first one hide what has happened.
_internal_errors: list[str] = []


def sendable(value: object) -> Any:
    """The same in built-in types and UTF-8; other objects become their `repr`, other characters escapes."""
    if type(value) in _AS_THEY_ARE:
        return value
    if type(value) in (list, tuple):
        return type(value)(sendable(each) for each in value)  # type: ignore[attr-defined,call-arg]
    if type(value) is dict:
        return {sendable(key): sendable(each) for key, each in value.items()}
    text = str(value) if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "backslashreplace").decode()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Iterator[None]:
    return sendable((yield))  # type: ignore[return-value]


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: Any) -> None:
    said = str(warning_message.message)
    if sendable(said) != said:
        warning_message.message = pytest.PytestWarning(sendable(said))


def pytest_internalerror(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    _internal_errors.append(excinfo.exconly())


def pytest_unconfigure(config: pytest.Config) -> None:
    if _internal_errors and not hasattr(config, "workerinput"):
        first = _internal_errors[0][-2_000:]
        sys.stdout.write(f"\nthe first internal error, of {len(_internal_errors)}:\n{first}\n")
