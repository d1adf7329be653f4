"""`etl refresh`: brings a published dataset up to date, once or on a schedule."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl.language.message import by_english, joined, tr
from etl.settings import EngineName

if TYPE_CHECKING:
    from etl.publishing.changes import Changes, Event
    from etl.publishing.job import Job
    from etl.publishing.record import Run

# How the record calls what happened to a raw file, said to people.
_EVENTS = by_english(tr("added"), tr("changed"), tr("gone"))


def refresh(
    config: Annotated[
        Path,
        typer.Option(
            help="An etl.yaml: its section `refresh` says what is read, and where it is published.",
            show_default=False,
        ),
    ],
    is_once: Annotated[bool, typer.Option("--once", help="Once, and stop. This is the default.")] = False,
    every: Annotated[
        str | None, typer.Option(metavar="6h", help="Again and again, so far apart: 90s, 15m, 6h, 1d.")
    ] = None,
    cron: Annotated[
        str | None, typer.Option(metavar='"0 3 * * *"', help="Whenever a cron expression says so.")
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE",
            help="Publish although the new version differs so from the published one; several times.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Wait for a run that is in the way, instead of ending with exit code 5."),
    ] = False,
    notify: Annotated[
        str | None,
        typer.Option(metavar="CMD", help="A command that gets each run as JSON on its standard input."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Tagging processes.  [default: one a core]")
    ] = None,
    engine: Annotated[
        EngineName | None,
        typer.Option(help="Where the work is done: on this machine, or on a Ray cluster.  [default: local]"),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(help="… of the cluster: HOST:PORT, or auto.  [default: one is started]"),
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Each run as JSON on standard output.")] = False,
) -> None:
    """Bring a published dataset up to date: ingest, validate, build-vocab, train, export, publish.

    Only what changed is done again: raw files are compared by content, and so are settings, labels, tagger
    and code. The new version takes its place in one step, when it is whole and without errors. Otherwise the
    current one stays, the new one is kept in failed/, and the exit code says why. That is so, too, if it
    lacks sources, files, labels or many rows of the published one; docs/refresh.md lists these guards.

    Every run is a line of runs.jsonl. `etl versions`, `etl diff`, `etl rollback` and `etl prune` do the rest.
    """
    from etl import settings as settings_module
    from etl.errors import SettingsError
    from etl.publishing import notify as notifying
    from etl.publishing.job import make_job
    from etl.publishing.refresh import plan

    settings = settings_module.load(
        config, {"refresh.notify": notify, "refresh.engine": engine, "refresh.address": address}
    )
    is_lasting = every is not None or cron is not None
    if accept and is_lasting:
        raise SettingsError(
            tr("--accept is about one run"),
            details=[tr("got --accept with --every or --cron")],
            next_step=tr("run once with it, or set `refresh.guards` in etl.yaml, which holds for all runs."),
        )
    job = make_job(settings, config.parent, workers, (*(accept or ()),))
    if settings.refresh.notify:
        notifying.check(settings.refresh.notify)
    occasions = _occasions(every, cron, is_once=is_once)
    if dry_run:
        _show_plan(plan(job), is_json=is_json)
        return
    for _ in occasions:
        run = _run_once(job, wait=wait, is_lasting=is_lasting, is_json=is_json)
        if not is_lasting and run:
            raise typer.Exit(run.exit_code)


def _occasions(every: str | None, cron: str | None, *, is_once: bool) -> Iterator[None]:
    from etl.errors import SettingsError
    from etl.publishing import loop

    if sum([every is not None, cron is not None, is_once]) > 1:
        raise SettingsError(
            tr("--once, --every and --cron exclude each other"),
            next_step=tr("choose one; without any it is once."),
        )
    if every is not None:
        return loop.repeat_every(loop.parse_interval(every))
    if cron is not None:
        loop.check_cron(cron)
        return loop.repeat_by_cron(cron)
    return iter([None])


def _run_once(job: Job, *, wait: bool, is_lasting: bool, is_json: bool) -> Run | None:
    """One run, shown; None where another one was in the way and there will be more occasions."""
    import msgspec

    from etl.errors import LockError
    from etl.language.stored import in_english
    from etl.publishing import refresh as publishing
    from etl.runtime import console

    try:
        is_quiet = is_json or not sys.stderr.isatty()
        with console.progress(tr("refresh"), is_quiet=is_quiet) as progress:
            run = publishing.refresh(job, wait=wait, progress=progress)
    except LockError as error:
        if not is_lasting:
            raise
        console.note(tr("error: {message}", message=error.text()))
        return None
    if is_json:
        console.json_document(msgspec.to_builtins(run, enc_hook=in_english))
    else:
        _show(run, job.publish_dir)
    if run.error:
        console.note(tr("error: {message}", message=run.error))
    return run


def _show(run: Run, place: Path) -> None:
    from etl.runtime import console

    _show_events(run.events)
    for stage in run.stages:
        if stage.why:
            console.line(
                tr(
                    "{stage}: {seconds:.1f} s, since {why}",
                    stage=stage.stage,
                    seconds=stage.seconds,
                    why=joined("; ", stage.why),
                )
            )
        elif run.outcome != "unchanged":
            console.line(tr("{stage}: not needed", stage=stage.stage))
    for accepted in run.accepted:
        console.line(tr("accepted: {code}: {message}", code=accepted.code, message=accepted.message))
    link = place / "current"
    kept = (
        tr("{link} stays version {version}", link=link, version=run.version)
        if run.version
        else tr("nothing is published")
    )
    said = {
        "published": tr("{link} is version {version}", link=link, version=run.version),
        "unchanged": tr("nothing changed: {link} is version {version}", link=link, version=run.version),
        "withdrawn": tr(
            "{link} stays version {version}; the newer one was rolled back", link=link, version=run.version
        ),
        "refused": kept,
        "failed": kept,
    }
    console.line(tr("{what} ({seconds:.1f} s)", what=said[run.outcome], seconds=run.seconds))
    if run.kept:
        console.line(tr("the dataset of this run is kept in {kept}", kept=run.kept))


def _show_plan(changes: Changes, *, is_json: bool) -> None:
    import msgspec

    from etl.runtime import console

    if is_json:
        console.json_document(
            {
                "is_nothing": changes.is_nothing,
                "events": [msgspec.to_builtins(event) for event in changes.events],
                "stages": changes.why,
            }
        )
        return
    _show_events(changes.events)
    if changes.is_nothing:
        console.line(tr("nothing changed: nothing would be done"))
        return
    for stage in changes.stages:
        why = changes.why.get(stage) or [tr("if what comes before gives something new")]
        console.line(joined(": ", (stage, joined("; ", why))))


def _show_events(events: Iterable[Event]) -> None:
    from etl.runtime import console

    for event in events:
        console.line(joined(": ", (_EVENTS[event.event], event.file)))
