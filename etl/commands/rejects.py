"""`etl rejects`: which rows are not in the dataset, and why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from etl.commands.choices import RAW
from etl.language.message import plural, tr

if TYPE_CHECKING:
    import polars as pl

    from etl.dataset.read import Dataset

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
    from etl.runtime import console
    from etl.runtime.files import write_atomic
    from etl.schema import row

    if reason is not None and reason not in row.reasons():
        raise SettingsError(
            tr("{reason!r} is not a reason", reason=reason),
            details=[tr("expected one of {reasons}", reasons=", ".join(row.reasons()))],
            next_step=tr("`etl rejects {dataset}` shows the reasons that occur.", dataset=dataset),
        )
    chosen = "jsonl" if is_json else layout
    if out is None and chosen == "xlsx":
        raise SettingsError(
            tr("a workbook needs a file"),
            next_step=tr("`etl rejects {dataset} --format xlsx --out FILE`", dataset=dataset),
        )
    if out is not None and chosen == "table":
        raise SettingsError(
            tr("a table is shown, not written"),
            next_step=tr(
                "`etl rejects {dataset} --format csv --out {out}`; or xlsx, or jsonl",
                dataset=dataset,
                out=out,
            ),
        )
    opened = open_dataset(dataset)
    _check_source(opened, source)
    found = read_rejects(opened, reason, source)
    if chosen == "table":
        _show(found, _SHOWN_ROWS if limit is None else limit, is_narrowed=bool(reason or source))
        return
    rows = (found if limit is None else found.head(limit)).drop("tokens", "tags").collect()
    content = rows.write_ndjson().encode() if chosen == "jsonl" else _as_sheet(rows, chosen, is_raw=is_raw)
    if out is not None:
        write_atomic(out, content)
        console.note(
            tr("{rows} in {path}", rows=plural("{number:,} row", "{number:,} rows", rows.height), path=out)
        )
    elif chosen == "jsonl":
        console.json_text(content.decode())
    else:
        sys.stdout.write(content.decode())
        sys.stdout.flush()


def _check_source(dataset: Dataset, source: str | None) -> None:
    """Refuses a corpus of which no row was read: "none was rejected" would be said of a misspelt name."""
    from etl.errors import SettingsError

    if source is not None and source not in dataset.manifest.counts:
        raise SettingsError(
            tr("{dataset} has no row of {source}", dataset=dataset.path, source=source),
            details=[tr("expected one of {sources}", sources=", ".join(dataset.manifest.counts))],
            next_step=tr("`etl rejects {dataset}` shows the sources that occur.", dataset=dataset.path),
        )


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


def _show(found: pl.LazyFrame, limit: int, *, is_narrowed: bool) -> None:
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
    if tally.is_empty():
        console.line(tr("no such row was rejected") if is_narrowed else tr("no row was rejected"))
        return
    console.table(
        tr("Rejected rows"),
        [tr("source"), tr("reason"), tr("rows"), tr("meaning")],
        [(*each, tr(row.reasons()[each[1]])) for each in tally.iter_rows()],
    )
    unknown = found.filter(pl.col("reason") == "unknown_label").group_by("source", "raw_label").agg(rows)
    labels = unknown.sort("rows", "source", "raw_label", descending=[True, False, False]).collect()
    if labels.height:
        title = tr(
            "Unknown labels: {shown:,} of {number:,}",
            shown=min(labels.height, _MOST_LABELS),
            number=labels.height,
        )
        header = [tr("source"), tr("label"), tr("rows")]
        console.table(title, header, labels.head(_MOST_LABELS).iter_rows())
    labelled = found.with_columns(label=pl.coalesce("label", "raw_label"))
    shown = labelled.select(_SHOWN).head(limit).collect()
    total = int(tally["rows"].sum())
    console.table(
        tr("The first {shown:,} of {number:,}", shown=shown.height, number=total),
        _SHOWN,
        [_cells(each) for each in shown.iter_rows(named=True)],
    )
    if total > limit:
        console.note(
            tr(
                "{number:,} more: `--limit N`, `--reason R`, or `--format csv --out FILE` for all of them",
                number=total - limit,
            )
        )


def _cells(row: dict[str, Any]) -> list[object]:
    """File and member stay whole, or the row could not be found; a sentence may be cut."""
    from etl.schema.details import said

    text = row["raw_text"] or ""
    cut = f"{text[:_SHOWN_CHARS]}…" if len(text) > _SHOWN_CHARS else text
    cells = row | {"detail": said(row["detail"] or ""), "raw_text": cut}
    return ["" if cell is None else cell for cell in cells.values()]
