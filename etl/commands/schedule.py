"""`etl schedule`: writes what systemd, cron, Kubernetes, Airflow or Dagster needs to run `etl refresh`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from etl.language.message import tr


def schedule(
    scheduler: Annotated[
        Literal["systemd", "cron", "kubernetes", "airflow", "dagster"],
        typer.Argument(help="Who shall run it.", show_default=False),
    ],
    config: Annotated[Path, typer.Option(help="An etl.yaml with a section `refresh`.", show_default=False)],
    every: Annotated[
        str | None, typer.Option(metavar="6h", help="So far apart: 15m, 6h, 1d. cron knows not all of them.")
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option(metavar='"0 3 * * *"', help="Whenever this says so.  [default: each day at three]"),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="Asia/Seoul",
            help="Of --cron.  [default: UTC; systemd, cron: the machine's own]",
        ),
    ] = None,
    name: Annotated[
        str, typer.Option(help="What units, jobs and files are called: one for each config.")
    ] = "etl-refresh",
    image: Annotated[
        str | None, typer.Option(help="The container that Kubernetes runs; it has `etl` on its PATH.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write files there, instead of showing them.")
    ] = None,
) -> None:
    """Print a unit and timer, a crontab line, a CronJob, a DAG or Dagster definitions for one etl.yaml.

    All of them run `etl refresh --once`, by absolute paths. Which raw files changed, what is done again and
    that no two runs get in each other's way is up to `etl refresh`, whoever starts it.
    """
    from etl import settings
    from etl.publishing.job import make_job
    from etl.publishing.schedule.files import ScheduledRefresh, render_files
    from etl.publishing.schedule.times import parse_timing
    from etl.runtime import console
    from etl.runtime.files import write_atomic

    make_job(settings.load(config, {}), config.parent, workers=1)  # what cannot run is not scheduled
    options = {} if image is None else {"image": image}
    planned = ScheduledRefresh(config, parse_timing(every, cron), name, time_zone, **options)
    files = render_files(scheduler, planned)
    for file, content in files.items():
        if out is not None:
            write_atomic(out / file, content)
            console.line(tr("{path} written; its first lines say what to do with it.", path=out / file))
        else:
            heading = f"# --- {file}\n" if len(files) > 1 else ""
            typer.echo(f"{heading}{content}", nl=False)
