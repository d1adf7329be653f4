"""Tells somebody what a run did: a command gets the run as JSON on its standard input.

No shell is involved. A command that fails is a note, since the dataset is no worse for it.
"""

from __future__ import annotations

import logging
import shlex
import subprocess

from etl.errors import SettingsError
from etl.language.message import joined, tr
from etl.publishing.record import Run, encode_run

_log = logging.getLogger(__name__)

_SECONDS = 60


def check(command: str) -> list[str]:
    """The words of the command.

    Raises:
        SettingsError: they cannot be told apart, or there are none.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        words, found = list[str](), str(error)
    else:
        found = tr("got no command")
    if not words:
        raise SettingsError(
            tr("the command to notify cannot be run"),
            details=[joined(": ", (found, repr(command)))],
            cause=tr("It is split into words as a shell would, but no shell runs it."),
            next_step=tr("quote its words, or name a script."),
        )
    return words


def notify(command: str, run: Run) -> None:
    """Runs the command; what goes wrong with it is logged, never raised."""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            check(command),
            input=encode_run(run),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning(tr("`{command}` was not notified: {error}", command=command, error=error))
        return
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        _log.warning(
            tr(
                "`{command}` ended with {code}: {said}",
                command=command,
                code=done.returncode,
                said="".join(said) or tr("it said nothing"),
            )
        )
