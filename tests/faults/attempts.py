"""Attempts of a command in which one call fails: the server that makes them, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from faults.server import Order, Outcome

# For libraries that start threads when they are imported; forks do not have them.
_SINGLE_THREADED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "background_thread:false",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
SHIM = Path(__file__).with_name("shim.c")


def has_compiler() -> bool:
    """Whether the shim can be compiled here."""
    return sys.platform == "linux" and shutil.which("cc") is not None


class Server:
    """A process that carries out orders; see `faults.server`."""

    def __init__(self, process: subprocess.Popen[bytes]):
        self._process = process

    def run(self, order: Order) -> Outcome:
        """Carries out one order."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the server has ended"
        return msgspec.json.decode(line, type=Outcome)


@contextlib.contextmanager
def open_server() -> Iterator[Server]:
    """Compiles the shim and starts a server with it."""
    with tempfile.TemporaryDirectory() as folder:
        shim = Path(folder, "shim.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, SHIM, "-ldl"], check=True)
        paths = [SHIM.parents[1], SHIM.parents[2], os.environ.get("PYTHONPATH", "")]
        process = subprocess.Popen(
            [sys.executable, "-m", "faults.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ
            | _SINGLE_THREADED
            | {"LD_PRELOAD": str(shim), "PYTHONPATH": os.pathsep.join(map(str, paths))},
        )
        with process:
            yield Server(process)
            assert process.stdin
            process.stdin.close()
