#!/usr/bin/env bash
# A ThreadPoolExecutor that Ctrl-C interrupts while it starts a thread does not know of that thread: it is not yet in
# the list of those that `shutdown(wait=True)` waits for, but already works. `with ThreadPoolExecutor() as pool:` then
# ends while a job of it still runs, and what the program does next, such as removing the folder that the job writes
# into, happens beside it. So `etl/runtime/threads.py` has signals wait until a job is submitted;
# `tests/runtime/test_threads.py` sends one at each step.
#
# Seen with Python 3.11.7, 3.12.1 and 3.13.0: "the pool was left after 0.0 s; the job was still running"
set -euo pipefail
python3 - <<'PYTHON'
import platform
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

signal.signal(signal.SIGINT, signal.default_int_handler)
ended = []

def job():
    time.sleep(2)
    ended.append("job")

def interrupt_behind_the_start(frame, event, function):
    """SIGINT when the operating system has started the thread, and Python goes on in `Thread.start`."""
    if event == "c_return" and "start" in function.__name__ and "thread" in function.__name__:
        sys.setprofile(None)
        signal.raise_signal(signal.SIGINT)

begun = time.monotonic()
try:
    with ThreadPoolExecutor(1) as pool:
        sys.setprofile(interrupt_behind_the_start)
        pool.submit(job)
        sys.exit("not interrupted: the thread is started by something else now")
except KeyboardInterrupt:
    seconds, was_running = time.monotonic() - begun, not ended
print(f"Python {platform.python_version()}")
print(f"the pool was left after {seconds:.1f} s; the job was {'still running' if was_running else 'done'}")
if not was_running:
    sys.exit("changed: the executor waits for a thread that it was starting")
PYTHON
