#!/usr/bin/env bash
# Python raises KeyboardInterrupt in the main thread alone, so a program that catches Ctrl-C there may let its other
# threads finish what they do. polars raises it, too, in every thread that is inside a query when the signal comes
# (joins, say): a worker thread ends by an exception that nobody there expects, and its work is lost.
# `etl/serving/batching.py` therefore asks again.
#
# Seen with polars 2.1.0 on Python 3.11: both threads end with KeyboardInterrupt, and with the same loop over numpy
# neither does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 numpy==2.4.0
cat > "$folder/threads.py" <<'PYTHON'
import os
import signal
import sys
import threading
import time

# As Python starts with it; a shell may have told it to ignore the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)

import numpy as np
import polars as pl

frame = pl.DataFrame({"a": pl.int_range(0, 30_000, eager=True)})
numbers = np.arange(30_000)
work = {
    "polars": lambda: frame.join(frame.with_columns(b=pl.col("a") + 1), on="a", how="left", maintain_order="left"),
    "numpy": lambda: np.sort(numbers[::-1]).sum(),
}[sys.argv[1]]
ended = []

def loop():
    end = time.monotonic() + 2
    try:
        while time.monotonic() < end:
            work()
        ended.append("finished")
    except BaseException as error:
        ended.append(type(error).__name__)

threads = [threading.Thread(target=loop) for _ in range(2)]
for thread in threads:
    thread.start()
n_caught = 0
for _ in range(20):
    try:
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
    except KeyboardInterrupt:
        n_caught += 1
for thread in threads:
    thread.join()
print("main caught it" if n_caught else "main never caught it", *ended)
PYTHON
"$folder/venv/bin/python" "$folder/threads.py" numpy | tee "$folder/numpy"
"$folder/venv/bin/python" "$folder/threads.py" polars | tee "$folder/polars"
grep -q "main caught it finished finished" "$folder/numpy"
if ! grep -q "KeyboardInterrupt" "$folder/polars"; then
  echo "changed: no thread but the main one is interrupted"
  exit 1
fi
