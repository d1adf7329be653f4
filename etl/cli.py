"""The command `etl`: parses, calls, shows, and turns every error into a text and an exit code.

Each command is one file in `etl/commands/`. Nothing heavy is imported here, so that `etl --help` is instant.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import etl
from etl.commands import (
    build_vocab,
    cache,
    demo,
    diff,
    doctor,
    export,
    ingest,
    init,
    labels,
    predict,
    prune,
    refresh,
    rejects,
    rollback,
    sample,
    schedule,
    sources,
    tokens,
    trace,
    train_baseline,
    train_transformer,
    validate,
    versions,
)
from etl.errors import EtlError
from etl.runtime import console

INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Raw Korean emotion corpora in, one dataset that can be trusted out.",
)

# In the order in which a newcomer needs them.
for command in (
    doctor.doctor,
    demo.demo,
    sample.sample,
    sources.sources,
    labels.labels,
    init.init,
    tokens.tokens,
    ingest.ingest,
    rejects.rejects,
    validate.validate,
    build_vocab.build_vocab,
    trace.trace,
    train_baseline.train_baseline,
    train_transformer.train_transformer,
    export.export,
    predict.predict,
    refresh.refresh,
    schedule.schedule,
    versions.versions,
    diff.diff,
    rollback.rollback,
    prune.prune,
    cache.cache,
):
    app.command()(command)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        sys.stdout.write(f"korean-emotion-etl {etl.__version__}\n")
        raise typer.Exit


@app.callback()
def common(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show details of what is done.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Options of all commands."""
    if debug:
        os.environ["ETL_DEBUG"] = "1"
    console.show_log(is_verbose=verbose)


def main() -> None:
    """Runs a command; the process ends with the exit code of `etl.errors`, never with a traceback."""
    try:
        app(standalone_mode=True)
    except EtlError as error:
        _explain(error.text(), error.exit_code, error)
    except SystemExit as ending:
        if ending.code == INTERRUPTED:  # typer has turned Ctrl-C into this
            _explain("stopped; nothing half-written was left behind", INTERRUPTED, None)
        raise
    except BrokenPipeError:
        # The reader of our output has gone (`etl rejects … | head`); the interpreter must not notice at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last resort; --debug shows where it came from
        text = (
            f"something unexpected happened: {type(error).__name__}: {error}\n"
            "  This is a defect of the tool, not of your files.\n"
            "  Next: run the command again as `etl --debug …` and report what it shows."
        )
        _explain(text, 1, error)


def _explain(text: str, exit_code: int, error: BaseException | None) -> None:
    sys.stderr.write(f"error: {text}\n")
    if error is not None and os.environ.get("ETL_DEBUG"):
        import traceback

        traceback.print_exception(error)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
