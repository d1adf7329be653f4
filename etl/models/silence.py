"""Keeps messages of converters and tokenizers out of the output of a command."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Discards standard output and standard error within the block, those of compiled code included.

    Warnings of the converters concern themselves: whether the file is right is measured. Exceptions pass.
    """
    level = logging.root.manager.disable
    with tempfile.TemporaryFile("w+") as sink, warnings.catch_warnings(), _redirect(sink.fileno()):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
                yield
        finally:
            logging.disable(level)


@contextlib.contextmanager
def _redirect(sink: int) -> Iterator[None]:
    """Redirects the file descriptors 1 and 2, which compiled code writes to."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = os.dup(1), os.dup(2)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        for descriptor, saved in enumerate(before, start=1):
            os.dup2(saved, descriptor)
            os.close(saved)
