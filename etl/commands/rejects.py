"""`etl rejects`: which rows are not in the dataset, and why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from etl.commands.choices import RAW

if TYPE_CHECKING:
    import polars as pl

_SHOWN_CHARS = 60
_SHOWN_ROWS = 20
_MOST_LABELS = 20
# What a table for people shows; the files have all columns.
_SHOWN = (
    *("file", "member", "position", "reason", "detail"),
    *("label", "counterpart", "counterpart_label", "raw_text"),
)


def rejects(
    dataset: Annotated[Path, typer.Argument(help="A dataset that `etl ingest` wrote.")],
    reason: Annotated[str | None, typer.Option(help="Only rows rejected for this reason.")] = None,
    source: Annotated[str | None, typer.Option(help="Only rows of this corpus.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"At most so many rows.  [default: {_SHOWN_ROWS} in a table, else all]"),
    ] = None,
    layout: Annotated[
        Literal["table", "csv", "xlsx", "jsonl"], typer.Option("--format", help="How the rows are shown.")
    ] = "table",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to write csv, xlsx or jsonl, which has to be named for xlsx."
        ),
    ] = None,
    is_raw: Annotated[bool, RAW] = False,
    is_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Show rejected rows with file, position, reason, label, and the row that each repeats or contradicts."""
    from etl.dataset.read import open_dataset
    from etl.dataset.rejects import read_rejects
    from etl.errors import SettingsError
    from etl.runtime.console import json_text
    from etl.runtime.files import write_atomic
    from etl.schema import row

    if reason is not None and reason not in row.reasons():
        raise SettingsError(
            f"{reason!r} is not a reason",
            details=[f"expected one of {', '.join(row.reasons())}"],
            next_step=f"`etl rejects {dataset}` shows those that occur.",
        )
    chosen = "jsonl" if is_json else layout
    if out is None and chosen == "xlsx":
        raise SettingsError(
            "a workbook needs a file", next_step=f"`etl rejects {dataset} --format xlsx --out FILE`"
        )
    if out is not None and chosen == "table":
        raise SettingsError(
            "a table is shown, not written",
            next_step=f"`etl rejects {dataset} --format csv --out {out}`; or xlsx, or jsonl",
        )
    found = read_rejects(open_dataset(dataset), reason, source)
    if chosen == "table":
        _show(found, _SHOWN_ROWS if limit is None else limit)
        return
    rows = (found if limit is None else found.head(limit)).drop("tokens", "tags").collect()
    content = rows.write_ndjson().encode() if chosen == "jsonl" else _as_sheet(rows, chosen, is_raw=is_raw)
    if out is not None:
        write_atomic(out, content)
    elif chosen == "jsonl":
        json_text(content.decode())
    else:
        sys.stdout.write(content.decode())
        sys.stdout.flush()


def _as_sheet(rows: pl.DataFrame, layout: str, *, is_raw: bool) -> bytes:
    """Returns CSV in UTF-8 with a byte order mark, or a workbook; no cell is run as a formula."""
    import io

    from etl.schema import votes
    from etl.text.spreadsheet import guard_cells

    cells = rows.drop(votes.COLUMN)
    written = io.BytesIO()
    if layout == "xlsx":
        cells.write_excel(written, worksheet="rejects")  # which writes texts as texts
    else:
        (cells if is_raw else guard_cells(cells)).write_csv(written, include_bom=True)
    return written.getvalue()


def _show(found: pl.LazyFrame, limit: int) -> None:
    import polars as pl

    from etl.runtime import console
    from etl.schema import row

    rows = pl.len().alias("rows")
    tally = (
        found.group_by("source", "reason")
        .agg(rows)
        .sort("source", "rows", "reason", descending=[False, True, False])
        .collect()
    )
    console.table(
        "Rejected rows",
        ["source", "reason", "rows", "meaning"],
        [(*each, row.reasons()[each[1]]) for each in tally.iter_rows()],
    )
    unknown = found.filter(pl.col("reason") == "unknown_label").group_by("source", "raw_label").agg(rows)
    labels = unknown.sort("rows", "source", "raw_label", descending=[True, False, False]).collect()
    if labels.height:
        title = f"Unknown labels: {min(labels.height, _MOST_LABELS):,} of {labels.height:,}"
        console.table(title, ["source", "label", "rows"], labels.head(_MOST_LABELS).iter_rows())
    labelled = found.with_columns(label=pl.coalesce("label", "raw_label"))
    shown = labelled.select(_SHOWN).head(limit).collect()
    total = int(tally["rows"].sum())
    console.table(
        f"The first {shown.height:,} of {total:,}", _SHOWN, [_shorten(each) for each in shown.iter_rows()]
    )
    if total > limit:
        console.note(
            f"{total - limit:,} more: `--limit N`, `--reason R`, or `--format csv --out FILE` for all of them"
        )


def _shorten(cells: tuple[object, ...]) -> list[object]:
    """File and member stay whole, or the row could not be found; a sentence may be cut."""
    *found, text = ["" if cell is None else cell for cell in cells]
    return [*found, f"{text[:_SHOWN_CHARS]}…" if isinstance(text, str) and len(text) > _SHOWN_CHARS else text]
