"""Runs `etl`: in this process, which costs least, or as a user does, in a process of its own."""

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from etl import cli
from etl.language import catalogue, choice
from etl.validation.checks.output_contract import great_expectations
from support.small_tables import kept_rows

COMMAND = [sys.executable, "-m", "etl"]
TABLE = ["--text-column", "text", "--label-column", "label", "--tagger", "whitespace", "--workers", "1"]
Run = subprocess.CompletedProcess[str]
# These start a process that imports Great Expectations, unless their own process has done so.
VALIDATING = {"validate", "refresh", "demo"}


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment, with Korean output and some variables changed or, by None, removed."""
    wanted: dict[str, str | None] = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200", **changes}
    return {name: value for name, value in wanted.items() if value is not None}


def etl(*arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Run:
    """Runs a command to its end in this process, as `main` of a process of its own would.

    What Python looks at when it starts (PYTHONPATH, encodings) has no effect; see `etl_process`.
    """
    command = ["etl", *map(str, arguments)]
    if arguments and arguments[0] in VALIDATING:
        great_expectations()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as stdout,
        tempfile.TemporaryFile("w+", encoding="utf-8") as stderr,
    ):
        exit_code: object = 0
        with _as_process(command, cwd or Path.cwd(), env or environment()), _outputs(stdout, stderr):
            try:
                cli.main()
            except SystemExit as ending:
                exit_code = ending.code or 0
        assert isinstance(exit_code, int), exit_code
        return Run(command, exit_code, *(_content(file) for file in (stdout, stderr)))


def etl_process(*arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Run:
    """Runs a command to its end in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=env or environment(),
        timeout=600,
        check=False,
    )


@contextlib.contextmanager
def _as_process(command: list[str], cwd: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Arguments, folder and environment of a process, for as long as the block runs."""
    log = logging.getLogger("etl")
    before, handlers, level = (sys.argv, Path.cwd(), dict(os.environ)), log.handlers[:], log.level
    try:
        _forget_buckets()
        sys.argv = command
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        choice.speak(sys.argv)
        yield
    finally:
        sys.argv = before[0]
        os.chdir(before[1])
        os.environ.clear()
        os.environ.update(before[2])
        catalogue.use(catalogue.ENGLISH)
        _forget_buckets()
        log.handlers[:] = handlers
        log.setLevel(level)


def _forget_buckets() -> None:
    """A process begins without knowing where S3 is and what it holds."""
    if s3fs := sys.modules.get("s3fs"):
        s3fs.S3FileSystem.clear_instance_cache()


@contextlib.contextmanager
def _outputs(stdout: Any, stderr: Any) -> Iterator[None]:
    """Files in place of standard output and standard error, for child processes too."""
    with (
        _descriptor(1, stdout),
        _descriptor(2, stderr),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        yield


@contextlib.contextmanager
def _descriptor(number: int, file: Any) -> Iterator[None]:
    before = os.dup(number)
    os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        file.flush()
        os.dup2(before, number)
        os.close(before)


def _content(file: Any) -> str:
    file.seek(0)
    return str(file.read())


def ingest(*arguments: str | Path) -> Run:
    """`etl ingest` of a table with the white-space tagger."""
    return etl("ingest", *TABLE, *arguments)


def succeeded(run: Run) -> Run:
    """The run, which must have ended well."""
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    return run


def explained(run: Run, exit_code: int) -> str:
    """The error text of a run that must have failed with this exit code and said what to do next."""
    assert run.returncode == exit_code, (run.returncode, run.stdout, run.stderr)
    assert "Traceback" not in run.stderr + run.stdout
    _, _, text = run.stderr.partition("error: ")
    assert text, run.stderr
    assert "\n  Next: " in text, text
    return text


def make_rows(count: int) -> list[dict[str, Any]]:
    """Rows that are all kept, and after them one without a text, one without a label, one with an odd one."""
    return [
        *kept_rows(0, count),
        {"text": "  ", "label": "기쁨"},
        {"text": "라벨이 없는 문장 하나", "label": None},
        {"text": "모르는 라벨이 붙은 문장", "label": "심심"},
    ]
