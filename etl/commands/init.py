"""`etl init`: writes a commented `etl.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl.language.message import tr


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("etl.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented `etl.yaml` with every setting at its default."""
    from etl.errors import SettingsError
    from etl.language import comments
    from etl.runtime import console
    from etl.runtime.files import write_atomic
    from etl.schema import resources

    if path.is_dir():
        raise SettingsError(
            tr("{path} is a folder", path=path),
            next_step=tr("name the file: `etl init {path}`", path=path / "etl.yaml"),
        )
    if path.exists() and not force:
        raise SettingsError(
            tr("{path} is already there", path=path), next_step=tr("name another file, or add `--force`.")
        )
    content = resources.path("schemas", "etl.yaml").read_text(encoding="utf-8")
    write_atomic(path, comments.translate(content))
    console.line(
        tr(
            "{path} written. Next: edit it, then run `etl ingest PATH... --config {path} --out DATASET`.",
            path=path,
        )
    )
