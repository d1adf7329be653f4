#!/usr/bin/env bash
# pyarrow 26.0.1 imports pandas, where it is installed, to make an array of a NumPy array of integers.
#
# `pa.array(numpy.arange(3))` looks whether what it got is an object of pandas, and loads all of pandas to do so, a quarter of
# a second once in a process that has no use for it; `Array.to_numpy` does likewise. `pa.Array.from_buffers` does not. So
# `etl/tagging/lists.py` builds arrays of buffers.
#
# Seen: not loaded by import or from_buffers, loaded by pa.array. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyarrow==26.0.1 pandas==3.1.1 numpy 2> /dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import pyarrow as pa

numbers = np.arange(3)
seen = ["pandas" in sys.modules]
pa.Array.from_buffers(pa.int64(), 3, [None, pa.py_buffer(numbers)])
seen.append("pandas" in sys.modules)
pa.array(numbers)
seen.append("pandas" in sys.modules)
print("pandas loaded: after import, from_buffers, array:", *seen)
sys.exit(0 if seen == [False, False, True] else "the behaviour has changed")
PYTHON
