"""`etl trace`: where a token came from, or what a row became."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl.language.message import Message, tr

if TYPE_CHECKING:
    from etl.ingestion.trace import TracedRow, TracedToken


def trace(
    dataset: Annotated[Path, typer.Argument(help="A dataset with a vocabulary (`etl build-vocab`).")],
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="TOKEN|ID...",
            help="Tokens, ids of tokens (`17`, or `id:17` where 17 is a token), or ids of rows.",
            show_default=False,
        ),
    ],
    limit: Annotated[int, typer.Option(min=1, help="How many rows of a token to list.")] = 10,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Follow a token to its id, the words it stands for and the rows it came from; or a row to its ids."""
    from etl.dataset.read import open_dataset
    from etl.ingestion.trace import TracedRow, trace
    from etl.runtime import console

    source, workers = open_dataset(dataset), os.cpu_count() or 1
    found = [trace(source, each, limit=limit, workers=workers) for each in what]
    if is_json:
        console.json_document([asdict(each) for each in found])
        return
    for each in found:
        if isinstance(each, TracedRow):
            _show_row(each)
        else:
            _show_token(each)


def _show_row(row: TracedRow) -> None:
    from etl.runtime import console

    console.line(
        tr(
            "{id}: {label} (raw label {raw_label}), {split}, {source}",
            id=row.id,
            label=row.label or tr("no label"),
            raw_label=row.raw_label,
            split=row.split,
            source=row.source,
        )
    )
    if row.label_votes:
        votes = ", ".join(f"{vote['label']} {float(vote['weight']):.2f}" for vote in row.label_votes)
        console.line(tr("  votes: {votes}", votes=votes))
    console.line(tr("  from {place}", place=_place(row.file, row.member, row.position)))
    console.line(tr("  raw:  {text}", text=row.raw_text))
    console.line(tr("  text: {text}", text=row.text))
    rows = list(zip(row.ids, row.tokens, row.tags, strict=True))
    header = [tr("id"), tr("token"), tr("tag")]
    console.table(tr("tokens"), header, [[str(number), *rest] for number, *rest in rows])


def _show_token(token: TracedToken) -> None:
    from etl.runtime import console

    console.line(
        tr(
            "{token}: id {id}, {times:,} times in train",
            token=token.token,
            id=token.token_id,
            times=token.in_train,
        )
    )
    rows = ", ".join(f"{split} {count:,}" for split, count in token.rows.items())
    console.line(tr("  rows:  {rows}", rows=rows))
    forms = ", ".join(f"{form} ({count:,})" for form, count in token.forms.items())
    console.line(tr("  words: {words}", words=forms or tr("none gives it when tagged alone")))
    console.table(
        tr("the first rows that have it"),
        [tr("id"), tr("split"), tr("label"), tr("from"), tr("times")],
        [
            [each.id, each.split, each.label, _place(each.file, each.member, each.position), each.times]
            for each in token.places
        ],
    )


def _place(file: str, member: str, position: int) -> Message:
    whole = f"{file} → {member}" if member else file
    return tr("{file}, position {position}", file=whole, position=position)
