"""Whenever a signal comes, what works on threads is known and ends; a run can then remove what it wrote."""

import subprocess
import sys
from pathlib import Path

from support.patience import PATIENCE
from support.run_etl import environment

TESTS = Path(__file__).parents[1]
# In a process of its own: a lock that was never given back would block it for ever.
WORK = """
import time
from etl.runtime.threads import ordered_map, wait_for_threads
from support.each_step import interrupt_at_each_step

running = []

def work(item):
    running.append(item)
    time.sleep(0.002)
    running.remove(item)

def map_all():
    for _ in ordered_map(work, range(3), 2):
        pass

def check(is_stopped):
    wait_for_threads()
    assert running == [], running

print(interrupt_at_each_step(map_all, check))
"""


def test_nothing_runs_on_whenever_a_signal_comes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        capture_output=True,
        text=True,
        env=environment(PYTHONPATH=f"{TESTS.parent}:{TESTS}"),
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 100
