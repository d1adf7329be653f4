"""Runs `etl` in forks of a process that has imported all of it, with one call of each fork made to fail.

`python -m faults.server`, with the shim preloaded, answers each line of its standard input, an `Order` as
JSON, with a line, an `Outcome`. A fork costs some ten milliseconds, where a new process costs seconds.
"""

from __future__ import annotations

import ctypes
import importlib
import mmap
import os
import pkgutil
import signal
import sys
import tempfile
from pathlib import Path

import msgspec

from etl.runtime.paths import keep_compiled_code

KILL = -1
NOT_PRELOADED = ("etl.__main__", "etl.runtime.engine.ray", "etl.models.export.litert")
PRELOADED = ("onnxscript", "sklearn.linear_model", "sklearn.feature_extraction.text", "great_expectations")
_STRUCK_BYTES = 1024


class Order(msgspec.Struct):
    """A command, and what is to go wrong.

    Args:
        words: of the command line.
        folder: where it runs; calls on files below it are counted.
        env: all of its environment.
        number: of the call that fails, from 1; 0: none.
        fault: an errno, or KILL.
        is_lasting: whether all later calls that need room on the disk fail as well.
        seconds: after which it is killed.
    """

    words: list[str]
    folder: str
    env: dict[str, str]
    number: int = 0
    fault: int = 0
    is_lasting: bool = False
    seconds: int = 120


class Outcome(msgspec.Struct):
    """How it ended: `struck` is the call that failed, `calls` how many there were."""

    exit_code: int
    calls: int
    struck: str
    stdout: str
    stderr: str


class _Told(ctypes.Structure):
    _fields_ = (("seen", ctypes.c_long), ("struck", ctypes.c_char * _STRUCK_BYTES))


def preload() -> None:
    """Imports what the commands import, and calls nothing: forks do not have the threads of their parent."""
    import etl

    keep_compiled_code()  # before numba is imported
    for module in pkgutil.walk_packages(etl.__path__, "etl."):
        if not module.name.startswith(NOT_PRELOADED):
            importlib.import_module(module.name)
    for name in PRELOADED:
        importlib.import_module(name)
    from numba.core.registry import cpu_target

    # Else each fork does so, in seconds, when it runs the first compiled function.
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


def execute(order: Order) -> Outcome:
    """Carries out one order."""
    with (
        tempfile.TemporaryFile() as stderr,
        Path(order.folder, "stdout").open("w+b") as stdout,
        mmap.mmap(-1, ctypes.sizeof(_Told)) as memory,
    ):
        told = _Told.from_buffer(memory)
        child = os.fork()
        if child == 0:
            os._exit(_run(order, stdout.fileno(), stderr.fileno(), told))
        status = _wait(child, order.seconds)
        stdout.seek(0)
        stderr.seek(0)
        outcome = Outcome(
            exit_code=os.waitstatus_to_exitcode(status),
            calls=told.seen,
            struck=told.struck.decode(errors="replace"),
            stdout=stdout.read().decode(errors="replace"),
            stderr=stderr.read().decode(errors="replace"),
        )
        del told
    Path(order.folder, "stdout").unlink()
    return outcome


def _run(order: Order, stdout: int, stderr: int, told: _Told) -> int:
    """Runs the command to its end in this process; returns its exit code."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", closefd=False)
        for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.env)
    tempfile.tempdir = None
    sys.argv = ["etl", *order.words]
    from etl.cli import main

    ctypes.CDLL(None).faults_arm(
        os.fsencode(order.folder), order.number, order.fault, order.is_lasting, ctypes.byref(told)
    )
    try:
        main()
    except SystemExit as ending:
        code = ending.code
        return code if isinstance(code, int) else int(code is not None)
    except BaseException:  # noqa: BLE001 - what `main` lets through is a defect
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    return 1


def _wait(child: int, seconds: int) -> int:
    """Waits for a child, and kills it with all that it has started when its time is over."""

    def end(*_: object) -> None:
        os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        return os.waitpid(child, 0)[1]
    finally:
        signal.alarm(0)


def main() -> None:
    """Answers orders until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    preload()
    for line in sys.stdin.buffer:
        answers.write(msgspec.json.encode(execute(msgspec.json.decode(line, type=Order))) + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
