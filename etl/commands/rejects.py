"""`etl rejects`: which rows are not in the dataset, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_SHOWN_CHARS = 60


def rejects(
    dataset: Annotated[Path, typer.Argument(help="A dataset that `etl ingest` wrote.")],
    reason: Annotated[str | None, typer.Option(help="Only rows rejected for this reason.")] = None,
    source: Annotated[str | None, typer.Option(help="Only rows of this corpus.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many rows.")] = 20,
    is_json: Annotated[bool, typer.Option("--json", help="All of them, as JSON lines.")] = False,
) -> None:
    """Show rejected rows with file, position, reason and what was found."""
    import polars as pl

    from etl.dataset.read import open_dataset
    from etl.errors import SettingsError
    from etl.runtime import console
    from etl.schema import row

    if reason is not None and reason not in row.reasons():
        raise SettingsError(
            f"{reason!r} is not a reason",
            details=[f"expected one of {', '.join(row.reasons())}"],
            next_step=f"`etl rejects {dataset}` shows those that occur.",
        )
    rejected = open_dataset(dataset).scan_rejects()
    if reason is not None:
        rejected = rejected.filter(pl.col("reason") == reason)
    if source is not None:
        rejected = rejected.filter(pl.col("source") == source)
    if is_json:
        console.json_text(rejected.drop("tokens", "tags").collect().write_ndjson())
        return
    tally = (
        rejected.group_by("source", "reason").len().sort("source", "len", descending=[False, True]).collect()
    )
    console.table(
        "Rejected rows",
        ["source", "reason", "rows", "meaning"],
        [(*each, row.reasons()[each[1]]) for each in tally.iter_rows()],
    )
    columns = ["file", "member", "position", "reason", "detail", "raw_text"]
    shown = rejected.select(columns).head(limit).collect()
    console.table(f"The first {shown.height}", columns, [_shorten(each) for each in shown.iter_rows()])
    if tally["len"].sum() > limit:
        console.note(
            f"{tally['len'].sum() - limit:,} more: `--limit N`, `--reason R`, or `--json` for all of them"
        )


def _shorten(cells: tuple[object, ...]) -> list[object]:
    """File and member stay whole, or the row could not be found; a sentence may be cut."""
    *found, text = ["" if cell is None else cell for cell in cells]
    return [*found, f"{text[:_SHOWN_CHARS]}…" if isinstance(text, str) and len(text) > _SHOWN_CHARS else text]
