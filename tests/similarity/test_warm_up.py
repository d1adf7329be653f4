"""The compiled code of the index is loaded beside other work: all of it, and with the types that are used."""

import json
import subprocess
import sys
from pathlib import Path

from support.run_etl import environment
from support.small_tables import make_rows, write_lines

import etl

PATHS = [str(Path(__file__).parents[1]), str(Path(etl.__file__).parents[1])]
# Prints which specialisations of each kernel are there after the block, and after a run and an addition.
SCRIPT = """
import json, shutil, sys
from pathlib import Path
import etl
from etl.similarity.index.warm_up import warmed_up
from support.small_tables import settings_of_tables

with warmed_up(is_wanted=True):
    pass
from etl.similarity.index import join, kernels

CALLED = [kernels.find_keys, kernels.count_classes, kernels.count_entries, kernels.make_entries, kernels.deal]
CALLED += [join.size_limits, join.join, kernels.copy_texts, kernels.verify]

def loaded():
    return {each.__name__: sorted(map(str, each.signatures)) for each in CALLED}

print(json.dumps(loaded()))
raw, scratch = map(Path, sys.argv[1:])
for name in sorted(path.name for path in raw.iterdir()):
    (scratch / "raw").mkdir(parents=True, exist_ok=True)
    shutil.copy(raw / name, scratch / "raw" / name)
    out, index = scratch / "dataset", scratch / "index"
    etl.ingest(scratch / "raw", out, settings_of_tables(), workers=1, near_index=index)
print(json.dumps(loaded()))
"""


def test_ingest_needs_no_compiled_code_that_was_not_loaded_before(tmp_path: Path) -> None:
    rows = make_rows(300)
    write_lines(tmp_path / "raw" / "a.jsonl", rows)
    more = [row | {"text": f"{row['text']} 요", "group": f"{row['group']}-2"} for row in rows]
    write_lines(tmp_path / "raw" / "b.jsonl", more)
    command = [sys.executable, "-c", SCRIPT, tmp_path / "raw", tmp_path / "run"]
    run = subprocess.run(
        command, env=environment(PYTHONPATH=":".join(PATHS)), capture_output=True, text=True, check=True
    )
    before, after = map(json.loads, run.stdout.splitlines())
    assert all(before.values())
    assert before == after
    assert etl.open_dataset(tmp_path / "run" / "dataset").manifest.counts["table"].rejected["leak_near"]
