"""Tries again what failed for a moment: the errors of network file systems, and no others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from etl.errors import EtlError, is_transient
from etl.language.message import tr

Done = TypeVar("Done")

_log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 1.0
_EACH_TIME_LONGER = 4


def with_retries(
    action: Callable[[], Done], retries: int, *, first_wait_seconds: float = FIRST_WAIT_SECONDS
) -> Done:
    """Returns what `action` returns; tries again up to `retries` times, after 1, 4, 16, … seconds.

    Raises:
        Exception: what `action` raised last, or at once if trying again would not help.
    """
    wait = first_wait_seconds
    for left in range(retries, -1, -1):
        try:
            return action()
        except Exception as error:
            if not left or not is_transient(error):
                raise
            what = error.what if isinstance(error, EtlError) else str(error).split("\n", 1)[0]
            _log.warning(tr("{what}; trying again in {wait:.0f} s", what=what, wait=wait))
        time.sleep(wait)
        wait *= _EACH_TIME_LONGER
    raise AssertionError("unreachable")
