"""`python -m faults [KIND…]` tries all faults, or those of some kinds, and prints what came of it as a table.

A kind is a module of this package with a function `run(prepared, folder, say)`, which returns a list of
`Count`: `prepared` is the folder of `faults.prepared.prepare`, which it leaves as it is, `folder` an empty
one for its copies, and `say` takes a line for people to follow. A new kind is one name in `KINDS`.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from faults.counts import Count, as_markdown
from faults.prepared import prepare

KINDS = ("calls", "damages", "odd_files", "stopped", "pairs", "s3")


def main(kinds: list[str]) -> int:
    """Tries these kinds, by default all of them; returns the exit code."""
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {line}\n")

    counts: list[Count] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        os.environ["ETL_CACHE_DIR"] = str(Path(name, "cache"))
        prepared = prepare(Path(name, "prepared"))
        for kind in kinds or KINDS:
            folder = Path(name, kind)
            folder.mkdir()
            counts += importlib.import_module(f"faults.{kind}").run(prepared, folder, say)
    sys.stdout.write(as_markdown(counts))
    for count in counts:
        sys.stdout.writelines(f"{failure}\n" for failure in count.failures)
    return int(any(count.failures for count in counts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
