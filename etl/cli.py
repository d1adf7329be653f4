"""The command `etl`: parses, calls, shows, and turns every error into a text and an exit code.

Each command is one file in `etl/commands/`. Nothing heavy is imported here, so that `etl --help` is instant.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from typer.main import get_command

import etl
from etl.commands import (
    build_vocab,
    cache,
    corrections,
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
    review,
    rollback,
    sample,
    schedule,
    serve,
    sources,
    tokens,
    trace,
    train_baseline,
    train_transformer,
    validate,
    versions,
)
from etl.errors import EtlError, FindingsError, SettingsError, WriteError
from etl.language import catalogue, choice, help_texts, usage
from etl.language.lists import join_with_or
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime import console, failures, signals
from etl.runtime.streams import guard_outputs
from etl.runtime.supervision import supervise

_ENDED_WELL = (0, FindingsError.exit_code)

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
    review.review,
    review.view,
    build_vocab.build_vocab,
    trace.trace,
    train_baseline.train_baseline,
    train_transformer.train_transformer,
    export.export,
    predict.predict,
    serve.serve,
    refresh.refresh,
    schedule.schedule,
    versions.versions,
    diff.diff,
    rollback.rollback,
    prune.prune,
    cache.cache,
):
    app.command()(command)
app.add_typer(corrections.corrections, name="corrections")


def _show_version(is_asked: bool) -> None:
    if is_asked:
        sys.stdout.write(f"korean-emotion-etl {etl.__version__}\n")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show details of what is done.")] = False,
    lang: Annotated[  # noqa: ARG001 - taken out of the command line before typer is loaded, see etl.__main__
        str,
        typer.Option(
            "--lang",
            metavar="ko|en",
            help="The language of what people read; it may also stand after the command.",
            show_default=False,
        ),
    ] = "",
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Options of all commands."""
    if debug:
        os.environ["ETL_DEBUG"] = "1"
    console.show_log(is_verbose=verbose)
    failures.check_address_space(context.invoked_subcommand)


def main() -> None:
    """Runs a command; the process ends with the exit code of `etl.errors`, never with a traceback."""
    sys.exit(supervise(_run_guarded))


def _run_guarded() -> int:
    with guard_outputs() as stdout:
        exit_code = _run()
        stdout.flush()
        if stdout.is_lost and exit_code in _ENDED_WELL:
            exit_code = _explain(_unshown(stdout.error))
    return exit_code


def _run() -> int:
    """Runs the command of `sys.argv`, explains what goes wrong, and returns the exit code."""
    try:
        signals.end_like_interrupt()
        _check_language()
        command = get_command(app)
        help_texts.translate(command)
        ending = command(prog_name="etl", standalone_mode=False)
        # The code of a `typer.Exit`, into which typer has turned Ctrl-C, too.
        return _say_stopped() if ending == signals.INTERRUPTED else ending or 0
    except typer.TyperException as error:
        return _explain(_wrong_usage(error)) if str(error) else SettingsError.exit_code
    except EtlError as error:
        is_shortage = error.exit_code == EtlError.exit_code and failures.is_shortage(error)
        return _explain(failures.shortage(error) if is_shortage else error, error)
    except KeyboardInterrupt:  # where typer does not see it
        return _say_stopped()
    except BaseException as error:  # noqa: BLE001 - the last resort; Rust's panics are no `Exception`
        if signals.were_received():  # torch, for one, makes its own error of what the handler raises
            _show_traceback(error)
            return _say_stopped()
        # Typer calls sys.exit where a pipe breaks. It is none of ours: those to our outputs raise nothing.
        origin = (error.__context__ or error) if isinstance(error, SystemExit) else error
        return _explain(failures.explain(origin) or _unexpected(origin), origin)


def _check_language() -> None:
    """Refuses a language that nobody wrote; says so where the catalogues are not compiled."""
    language = choice.asked_for(os.environ)
    if language == choice.MISSING:
        raise SettingsError(
            tr("Option {name} requires an argument.", name=repr(choice.OPTION)),
            next_step=tr("see `{command_path} --help`.", command_path="etl"),
        )
    if language not in catalogue.LANGUAGES:
        raise SettingsError(
            tr("there are no texts in the language {language}", language=os.environ[choice.VARIABLE]),
            details=[tr("expected {languages}", languages=join_with_or(catalogue.LANGUAGES))],
            cause=tr("It was asked for by --lang or by the environment variable ETL_LANG."),
            next_step=tr("see `{command_path} --help`.", command_path="etl --lang ko"),
        )
    if not catalogue.is_compiled(language):
        console.note(tr("note: the Korean texts of this checkout are not compiled: make messages"))


def _say_stopped() -> int:
    signals.forget_interrupt()
    console.note(signals.STOPPED)
    return signals.exit_code()


def _wrong_usage(error: typer.TyperException) -> EtlError:
    context: typer.Context | None = getattr(error, "ctx", None)
    if context is None:  # of an option without its value, for one: the parser knows no command
        commands = getattr(get_command(app), "commands", {})
        called = next((f" {word}" for word in sys.argv[1:] if word in commands), "")
        return SettingsError(
            usage.describe(error), next_step=tr("see `{command_path} --help`.", command_path="etl" + called)
        )
    return SettingsError(
        usage.describe(error),
        details=[usage.of(context)],
        next_step=tr("see `{command_path} --help`.", command_path=context.command_path),
    )


def _unexpected(error: BaseException) -> EtlError:
    return EtlError(
        tr("something unexpected happened: {name}: {error}", name=type(error).__name__, error=error),
        cause=tr("This is a defect of the tool, not of your files."),
        next_step=tr("run the command again as `etl --debug …` and report what it shows."),
    )


def _unshown(error: OSError | None) -> WriteError:
    return WriteError(
        tr("standard output cannot be written"),
        details=[system_words(error)] if error else [],
        cause=tr("All else was done: if the command writes files, your dataset, model or report is written."),
        next_step=tr("make room where the output goes, or send it elsewhere: `etl … > FILE`."),
    )


def _explain(error: EtlError, origin: BaseException | None = None) -> int:
    console.error(error)
    _show_traceback(origin)
    return error.exit_code


def _show_traceback(origin: BaseException | None) -> None:
    """Shows where an error came from, with `--debug`."""
    if origin is not None and os.environ.get("ETL_DEBUG"):
        import traceback

        traceback.print_exception(origin)


if __name__ == "__main__":
    main()
