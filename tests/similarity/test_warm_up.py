"""The compiled code of the index is loaded beside other work: all of it, and with the types that are used."""

import json
import subprocess
import sys
from pathlib import Path

from support.run_etl import environment
from support.small_tables import make_rows, write_lines

import etl

PATHS = [str(Path(__file__).parents[1]), str(Path(etl.__file__).parents[1])]
# Prints which specialisations of each kernel are there after the block, and after an ingest that follows.
SCRIPT = """
import json, sys
import etl
from etl.similarity.index.warm_up import warmed_up
from support.small_tables import settings_of_tables

with warmed_up(is_wanted=True):
    pass
from etl.similarity.index import join, kernels

def loaded():
    compiled = {**vars(kernels), **vars(join)}.items()
    return {name: sorted(map(str, of.signatures)) for name, of in compiled if hasattr(of, "signatures")}

print(json.dumps(loaded()))
etl.ingest(sys.argv[1], sys.argv[2], settings_of_tables(), workers=1)
print(json.dumps(loaded()))
"""


def test_ingest_needs_no_compiled_code_that_was_not_loaded_before(tmp_path: Path) -> None:
    rows = make_rows(300)
    rows += [row | {"text": f"{row['text']} 요", "group": f"{row['group']}-2"} for row in rows]
    table = write_lines(tmp_path / "table.jsonl", rows)
    command = [sys.executable, "-c", SCRIPT, table, tmp_path / "dataset"]
    run = subprocess.run(
        command, env=environment(PYTHONPATH=":".join(PATHS)), capture_output=True, text=True, check=True
    )
    before, after = map(json.loads, run.stdout.splitlines())
    assert before == after
    assert before["make_entries"] and before["join"] and before["verify"]
    assert etl.open_dataset(tmp_path / "dataset").manifest.counts["table"].rejected["leak_near"]
