"""Writes schemas/okt_patterns.yaml anew: the patterns that a JVM takes out of the installed library."""

import json
import tempfile
from pathlib import Path

import yaml

from etl.schema import resources
from etl.tagging.okt import patterns
from etl.tagging.okt.dump import dump_in_process

if __name__ == "__main__":
    path = resources.path("schemas", "okt_patterns.yaml")
    comment = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    with tempfile.TemporaryDirectory() as folder:
        dump_in_process(Path(folder))
        rules = json.loads(Path(folder, "rules.json").read_text(encoding="utf-8"))
    found = patterns.shortened([(kind, pattern) for kind, pattern in rules["patterns"]])
    written = yaml.safe_dump(found, sort_keys=False, width=10**6)
    path.write_text("\n".join([*comment, written]), encoding="utf-8")
