"""Keeps what converters say to themselves out of what the command says."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Inside, nothing reaches standard output and standard error, from compiled code either.

    Warnings and messages of the converters are about themselves: what matters is whether the file is right,
    and that is measured. An exception still says what went wrong.
    """
    level = logging.root.manager.disable
    with tempfile.TemporaryFile("w+") as sink, warnings.catch_warnings(), _redirected(sink.fileno()):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
                yield
        finally:
            logging.disable(level)


@contextlib.contextmanager
def _redirected(sink: int) -> Iterator[None]:
    """Points the file descriptors 1 and 2, which compiled code writes to, elsewhere."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = os.dup(1), os.dup(2)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        for place, kept in enumerate(before, start=1):
            os.dup2(kept, place)
            os.close(kept)
