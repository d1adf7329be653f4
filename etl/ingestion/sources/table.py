"""A table of the user's own (`table`): CSV, TSV, JSON lines, XLSX or Parquet with a text and a label column.

Which columns those are is said in the settings (`table.text_column`, `table.label_column`, …).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import polars as pl

from etl.errors import InputError, SettingsError
from etl.ingestion.sources import decode
from etl.ingestion.sources.frame import BATCH_ROWS, id_column, record_frames, rows_frame
from etl.ingestion.sources.header import column_name, column_names
from etl.ingestion.sources.raw import InputLog, OpenFile
from etl.ingestion.sources.recognised import Preview, RecognisedFile
from etl.ingestion.sources.sheet import with_header
from etl.schema import row
from etl.settings import Settings, Table

SLUG = "table"
_LAYOUTS = {".csv", ".tsv", ".txt", ".jsonl", ".xlsx", ".parquet"}


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file is of a kind that can hold a table. Only asked where the user names the columns."""
    if preview.suffix not in _LAYOUTS:
        return None
    return RecognisedFile(SLUG, preview.raw, preview.suffix[1:], part=preview.raw.path, cells=preview.cells)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:
    """The rows, in frames of bounded size.

    Raises:
        SettingsError: no text or label column is named.
        InputError: a named column is not there.
    """
    wanted = _wanted(settings.table)
    domain = settings.table.domain
    if domain not in row.domains():
        raise SettingsError(
            f"{domain!r} is not a domain",
            details=[f"expected one of {', '.join(row.domains())}"],
            next_step="name another with `--domain`.",
        )
    for file in files:
        with log.open_file(file.raw, source=SLUG, release="v1", split=None) as open_file:
            for table in _tables(file, open_file, list(wanted.values())):
                yield _rows(file, table, wanted, domain)


def _wanted(table: Table) -> dict[str, str]:
    """Our columns and the user's names for them."""
    if table.text_column is None or table.label_column is None:
        raise SettingsError(
            "a table needs to say which columns hold the sentence and the label",
            details=[f"got text_column={table.text_column}, label_column={table.label_column}"],
            next_step="name both: `etl ingest FILE --text-column NAME --label-column NAME --out DATASET`.",
        )
    columns = {
        "raw_text": table.text_column,
        "raw_label": table.label_column,
        "group": table.group_column,
        "split": table.split_column,
    }
    return {ours: theirs for ours, theirs in columns.items() if theirs is not None}


def _tables(file: RecognisedFile, open_file: OpenFile, columns: list[str]) -> Iterator[pl.DataFrame]:

    if file.layout == "jsonl":
        for frame in decode.json_lines(open_file, columns):
            if not open_file.rows:
                _check_keys(file, frame, columns)
            open_file.rows += frame.height
            problem = pl.col("problem")
            yield frame.with_columns(
                pl.when(problem.is_not_null()).then(pl.lit("bad_row")).alias("reason"),
                problem.alias("detail"),
            )
    elif file.layout in {"csv", "tsv", "txt"}:
        yield from record_frames(open_file, Preview(file.raw).delimiter)
    else:
        whole = _read_parquet(open_file) if file.layout == "parquet" else _sheet(file)
        open_file.rows = whole.height
        yield from whole.iter_slices(BATCH_ROWS)


def _check_keys(file: RecognisedFile, first: pl.DataFrame, columns: list[str]) -> None:
    """JSON lines have no header: a key that no line near the start has is a column that is not there."""
    preview = Preview(file.raw)
    for name in columns:
        if first[column_name(name)].null_count() == first.height and not preview.has_keys(name):
            keys = re.findall(rb'"([^"]+)"\s*:', preview.head.partition(b"\n")[0])
            raise _no_column(file, name, [decode.utf8(key, file.raw)[0].decode() for key in keys])


def _no_column(file: RecognisedFile, name: str, columns: list[str]) -> InputError:
    return InputError(
        f"{file.raw.name} has no column {name!r}",
        details=[f"its columns are {', '.join(columns)}"],
        cause="The name is misspelt, or this is another file.",
        next_step="name the right ones with `--text-column`, `--label-column` and so on.",
    )


def _sheet(file: RecognisedFile) -> pl.DataFrame:
    assert file.cells is not None
    return with_header(file.cells, 0)


def _read_parquet(open_file: OpenFile) -> pl.DataFrame:

    try:
        table = pl.read_parquet(io.BytesIO(open_file.stream.read()))
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"{open_file.raw.name} is not a readable Parquet file",
            details=[str(error).splitlines()[0]],
            cause="The download was cut off, or the file is something else with this ending.",
            next_step="write it again, or run with `--on-bad-file skip` to go on without it.",
        ) from error
    table = table.rename(dict(zip(table.columns, column_names(table.columns), strict=True)))
    return table.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("position"))


def _rows(file: RecognisedFile, table: pl.DataFrame, wanted: dict[str, str], domain: str) -> pl.DataFrame:

    missing = [theirs for theirs in wanted.values() if column_name(theirs) not in table.columns]
    if missing:
        raise _no_column(file, missing[0], [name for name in table.columns if name != "position"])
    nested = [theirs for theirs in wanted.values() if table.schema[column_name(theirs)].is_nested()]
    if nested:
        raise InputError(
            f"{file.raw.name} has no plain values in column {nested[0]!r}",
            details=[f"expected text or numbers, got {table.schema[column_name(nested[0])]}"],
            cause="The column holds lists or records.",
            next_step="name another column, or write the table again with text in it.",
        )
    ours = [
        pl.col(column_name(theirs)).cast(pl.String, strict=False).alias(name)
        for name, theirs in wanted.items()
    ]
    keep = [name for name in ("position", "reason", "detail") if name in table.columns]
    columns = table.select(*keep, *ours).with_columns(
        id_column(SLUG, file.raw.path, pl.col("position")).alias("id")
    )
    if "split" in wanted:
        columns = columns.with_columns(_split_name(pl.col("split")))
    return rows_frame(file.raw, columns, source=SLUG, release="v1", domain=domain)


def _split_name(split: pl.Expr) -> pl.Expr:
    """`dev`, `val` and the like are validation; what is no split's name is left to the splitter."""

    name = split.str.strip_chars().str.to_lowercase()
    return (
        pl.when(name.is_in(["train", "training"]))
        .then(pl.lit("train"))
        .when(name.is_in(["validation", "valid", "val", "dev"]))
        .then(pl.lit("validation"))
        .when(name.is_in(["test", "testing"]))
        .then(pl.lit("test"))
        .alias("split")
    )
