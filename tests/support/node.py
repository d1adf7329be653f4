"""Runs JavaScript of the package in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

RUNTIME = Path(__file__).parents[2] / "etl" / "models" / "export" / "web" / "runtime"


def run_node(script: str, given: Any, folder: Path) -> Any:
    """What a module writes as `answer`, a variable, of `given`; skips the test where there is no Node.

    Args:
        script: the module; `runtime` in an import is the folder of the runtime.
        given: what JSON can hold.
        folder: an empty one.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: JavaScript is not run")
    source, answer = folder / "given.json", folder / "answer.json"
    source.write_text(json.dumps(given), encoding="utf-8")
    module = folder / "script.mjs"
    module.write_text(
        'import { readFileSync, writeFileSync } from "node:fs";\n'
        + script.replace('"runtime/', f'"{RUNTIME.as_uri()}/').replace(
            "GIVEN", f"JSON.parse(readFileSync({json.dumps(str(source))}, 'utf8'))"
        )
        + f"\nwriteFileSync({json.dumps(str(answer))}, JSON.stringify(answer));\n",
        encoding="utf-8",
    )
    subprocess.run([node, str(module)], check=True)
    return json.loads(answer.read_text(encoding="utf-8"))
