#!/usr/bin/env bash
# A KeyboardInterrupt that is raised within `exec` of a string, and caught, ends the process all the same: of a program
# that runs by `python -m`, or simply ends, Python kills itself with SIGINT after the last line, although nothing is left
# to handle, and whatever exit code was asked for. `Py_RunMain` looks at a flag that the evaluation of a string sets and
# that only the next one clears. `dataclass`, `namedtuple` and many libraries evaluate strings, so a Ctrl-C while modules
# are loaded is enough. So `etl/runtime/signals.py` evaluates an empty string after it was stopped;
# `tests/runtime/test_signals.py` holds what is right.
#
# Seen with Python 3.11.7: "expected exit code 7, got -2 (killed by SIGINT)"
set -euo pipefail
python3 - <<'PYTHON'
import platform
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

CAUGHT = """
import sys
try:
    exec("raise KeyboardInterrupt")
except KeyboardInterrupt:
    pass
sys.exit(7)
"""
print("Python", platform.python_version())
with tempfile.TemporaryDirectory() as folder:
    Path(folder, "caught.py").write_text(CAUGHT)
    done = subprocess.run([sys.executable, "-m", "caught"], cwd=folder, check=False)
is_killed = done.returncode == -signal.SIGINT
print(f"expected exit code 7, got {done.returncode}{' (killed by SIGINT)' if is_killed else ''}")
if not is_killed:
    sys.exit("changed: an interrupt that was caught is over now")
PYTHON
