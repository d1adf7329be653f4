"""`etl init`: writes a commented `etl.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("etl.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented `etl.yaml` with every setting at its default."""
    from etl.errors import SettingsError
    from etl.runtime import console
    from etl.runtime.files import write_atomic
    from etl.schema import resources

    if path.exists() and not force:
        raise SettingsError(f"{path} is already there", next_step="name another file, or add `--force`.")
    write_atomic(path, resources.path("schemas", "etl.yaml").read_text(encoding="utf-8"))
    console.line(
        f"{path} written. Next: edit it, then run `etl ingest PATH... --config {path} --out DATASET`."
    )
