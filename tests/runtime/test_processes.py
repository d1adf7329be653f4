"""Worker processes never receive Ctrl-C, not even while they start."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

STARTS_A_WORKER = """
import multiprocessing, signal
from etl.runtime import processes

def show():
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))

if __name__ == "__main__":
    with processes.block_interrupts():
        worker = processes.KeepLocksContext().Process(target=show)
        worker.start()
    worker.join()
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no masks of signals")
def test_the_first_worker_of_a_program_is_started_without_ctrl_c(tmp_path: Path) -> None:
    # In a program of its own: this one has long started what multiprocessing starts with its first worker.
    script = tmp_path / "script.py"
    script.write_text(STARTS_A_WORKER, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.stdout == "True\nFalse\n", done.stderr
