"""`etl sample`: writes made-up corpora in the formats of the real ones, shows what ingest should count."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl.language.message import tr


def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; empty, or not there yet.")],
    dialogues: Annotated[
        int, typer.Option(min=0, help="Dialogues of 감성대화; the planted defects come on top.")
    ] = 600,
    clips: Annotated[int, typer.Option(min=3, help="Clips of 멀티모달, about ten utterances each.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 7,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Write AIHub-shaped corpora with made-up Korean sentences, to try the tool without a licence.

    Folders, files, columns and encodings are those of the real corpora, and so are their defects.
    DIR/truth.json says how many rows of each source `etl ingest DIR` should read, keep, and reject, and why.
    """
    from etl.runtime import console
    from etl.sample.corpora import write_sample

    truth = write_sample(folder, dialogues=dialogues, clips=clips, seed=seed)
    if is_json:
        console.json_document(truth)
        return
    console.table(
        tr("{folder}: what `etl ingest` should count", folder=folder),
        [tr("source"), tr("read"), tr("kept"), tr("rejected")],
        [
            [
                slug,
                counts["read"],
                counts["kept"],
                ", ".join(f"{reason} {n}" for reason, n in counts["rejected"].items()),
            ]
            for slug, counts in truth["sources"].items()
        ],
    )
    console.line(tr("Next: `etl ingest {folder} --out DATASET`", folder=folder))
