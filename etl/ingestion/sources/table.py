"""A table of the user's own (`table`) in any supported format, with a text and, mostly, a label column.

The settings name the columns, of all tables (`table`) or of each (`tables`); see `etl.schema.own_tables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from etl.errors import InputError, SettingsError
from etl.ingestion.sources import document
from etl.ingestion.sources.frame import filled, key_id, one_hot_labels, rows_frame, whole_number
from etl.ingestion.sources.named_splits import splits_of_parts
from etl.ingestion.sources.raw import InputLog, OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables import form
from etl.ingestion.tables.dialect import parse_dialect
from etl.ingestion.tables.header import column_name, others_called, own_names, without_columns
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.reader import OPENERS, is_json_table, is_metadata, open_tables
from etl.ingestion.tables.table import LeftAside, OpenTable
from etl.language.message import joined, plural, tr
from etl.runtime.console import shortened
from etl.schema import taxonomy
from etl.schema.own_tables import find_table
from etl.schema.splits import UNLABELLED, split_names
from etl.settings import Settings, Table

SLUG = "table"
# Why a sheet is left aside.
_OTHER_COLUMNS = tr("it has other columns")
# Of a value that a warning quotes.
_MOST_CHARS = 40


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether the format of a file is that of a table. Only called where the user names the columns."""
    if preview.suffix not in OPENERS:
        return None
    if preview.suffix in {".json", ".arrow"} and is_metadata(preview.raw.path):
        return None
    if preview.suffix == ".json" and not is_json_table(preview):  # settings of some program
        return None
    return RecognisedFile(
        SLUG, preview.raw, preview.suffix[1:], part=preview.raw.path, workbook=preview.workbook
    )


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:
    """Reads the rows, in frames of bounded size.

    Raises:
        SettingsError: no text column is named.
        InputError: a named column is not there.
    """
    for file in files:
        if file.layout == document.LAYOUT:
            with log.open_file(file.raw, source=SLUG, release="v1") as open_file:
                yield from document.read(file.raw, open_file, settings.read.documents or "line")
            continue
        table = find_table(settings, file.raw.path)
        if table is None or table.text_column is None:
            raise _no_columns()
        if not _label_columns(table):
            log.warnings.append(
                tr(
                    "{file}: no label column is named, so its rows have no label: they are in the split "
                    "{split}",
                    file=file.raw.name,
                    split=UNLABELLED,
                )
            )
        with log.open_file(file.raw, source=SLUG, release="v1") as open_file:
            for raw, frame in _frames(file, open_file, table, settings, log):
                yield _rows(raw, frame, table)


def _no_columns() -> SettingsError:
    return SettingsError(
        tr("a table needs to say which column holds the sentence"),
        details=[tr("got no text_column")],
        next_step=tr(
            "name it: `etl ingest FILE --text-column NAME --label-column NAME --out DATASET`; "
            "without a label column the rows wait for labels."
        ),
    )


def _named_columns(table: Table) -> list[str]:
    """The names that the user gives of columns."""
    others = (table.group_column, table.split_column, table.id_column)
    named = [table.text_column, *_label_columns(table), *others]
    return [name for name in named if name is not None]


def _label_columns(table: Table) -> tuple[str, ...]:
    if isinstance(table.label_column, str):
        return (table.label_column,)
    return table.label_column or table.label_columns


def _frames(
    file: RecognisedFile, open_file: OpenFile, how: Table, settings: Settings, log: InputLog
) -> Iterator[tuple[RawFile, pl.DataFrame]]:
    """Reads the wanted columns of all tables in a file that have them.

    Args:
        file: the file.
        open_file: the same, open.
        how: how the table is written, and which columns hold what.
        settings: those of the run, for what becomes of labels.
        log: learns which sheets are left aside.

    Yields:
        Frames, each with the file that its rows are of: its member is the sheet, where there are several.

    Raises:
        InputError: no table has all of the columns.
    """
    names = dict.fromkeys(map(column_name, _named_columns(how)))
    preview = file.preview(parse_dialect(how.delimiter, header=how.header))
    opened = open_tables(open_file, preview, lambda columns: names.keys() <= {*columns})
    if not opened.tables:
        raise _no_table(file.raw, preview.suffix, [*names], opened.left_aside)
    for left in opened.left_aside:
        log.leave_aside(file.raw.inside(left.part), _OTHER_COLUMNS, left.describe(), rows=left.rows)
    splits = splits_of_parts([table.part for table in opened.tables], how, settings)
    for table, split in zip(opened.tables, splits, strict=True):
        raw = replace(file.raw.inside(table.part), split=file.raw.split or split)
        if table.rows_above:
            log.warnings.append(
                tr(
                    "{file}: not read above its header: {rows}",
                    file=raw.name,
                    rows=plural("{number:,} row", "{number:,} rows", table.rows_above),
                )
            )
        if table.is_hidden:
            log.warnings.append(tr("{file} is read, although it is hidden in the workbook", file=raw.name))
        blank_ids, unknown_splits, example = 0, 0, ""
        for frame in _table_frames(raw, table, preview, how, settings, log):
            blank_ids += _count_blank_ids(frame, how)
            unknown = _unknown_splits(frame, how, settings)
            unknown_splits += len(unknown)
            example = example or next(iter(unknown), "")
            yield raw, frame
        log.warnings += _warnings(raw, how, blank_ids, unknown_splits, example)


def _table_frames(
    raw: RawFile, table: OpenTable, preview: Preview, how: Table, settings: Settings, log: InputLog
) -> Iterator[pl.DataFrame]:
    """Reads the wanted columns of a table.

    Raises:
        InputError: one of them is not there. JSON has no header: a key that neither the first objects nor any
            other near the start has is a column that is not there.
    """
    wanted = _named_columns(how)
    missing = [name for name in wanted if column_name(name) not in table.columns]
    if missing and table.has_fixed_columns:
        raise _no_column(raw, missing[0], table.columns)
    is_first = True
    for name in wanted:
        if others := others_called(column_name(name), table.columns):
            log.warnings.append(
                tr(
                    "{file} has several columns {name!r}: the first is read, not {others}",
                    file=raw.name,
                    name=name,
                    others=", ".join(others),
                )
            )
    columns = list(dict.fromkeys(map(column_name, wanted)))
    lists = [column_name(name) for name in _label_columns(how)]
    classes = [table.class_names[name] for name in lists if name in table.class_names]
    has_names = not any(_is_mapped_by_number(len(names), how, settings) for names in classes)
    for frame in table.frames(columns, has_class_names=has_names, lists=lists):
        for name in missing if is_first else ():
            is_empty = frame[column_name(name)].null_count() == frame.height
            if is_empty and not preview.has_keys(*name.split(".")):
                raise _no_column(raw, name, table.columns)
        is_first = False
        yield frame


def _is_mapped_by_number(n_classes: int, how: Table, settings: Settings) -> bool:
    """Whether the labels are mapped from the numbers of classes, not from their names."""
    mapped = how.labels.keys() | taxonomy.load(settings.taxonomy).maps.get(SLUG, {}).keys()
    return any(str(number) in mapped for number in range(n_classes))


def _no_table(raw: RawFile, suffix: str, names: Sequence[str], left_aside: Sequence[LeftAside]) -> InputError:
    """Returns the error for a workbook or JSON document in which nothing has all of the columns."""
    if len(left_aside) == 1:
        missing = next(name for name in names if name not in left_aside[0].columns)
        return _no_column(raw, missing, left_aside[0].columns)
    return InputError(
        tr("{file} has no table with the columns {columns}", file=raw.name, columns=", ".join(names)),
        details=[joined(": ", (each.part, each.describe())) for each in left_aside]
        or [tr("it is {said} without a table", said=form.SAID.get(suffix, tr("a file")))],
        cause=tr("A name is misspelt, or this is another file."),
        next_step=tr("name the right ones with `--text-column` and `--label-column`, or leave the file out."),
    )


def _no_column(raw: RawFile, name: str, columns: list[str]) -> InputError:
    if not any(columns):
        return without_columns(raw.name)
    return InputError(
        tr("{file} has no column {name!r}", file=raw.name, name=name),
        details=[tr("its columns are {columns}", columns=", ".join(own_names(columns)))],
        cause=tr("The name is misspelt, or this is another file."),
        next_step=tr("name the right ones with `--text-column`, `--label-column` and so on."),
    )


def _count_blank_ids(frame: pl.DataFrame, how: Table) -> int:
    if how.id_column is None:
        return 0
    is_blank = filled(pl.col(column_name(how.id_column))).is_null() & pl.col("detail").is_null()
    return int(frame.select(is_blank.sum()).item())


def _unknown_splits(frame: pl.DataFrame, how: Table, settings: Settings) -> pl.Series:
    """What the column of splits says where it says something else than the name of a split."""
    if how.split_column is None or settings.split.mode == "grouped":
        return pl.Series(dtype=pl.String)
    name = filled(pl.col(column_name(how.split_column)))
    is_unknown = _split_name(name).is_null() & pl.col("detail").is_null()
    return frame.select(name.filter(is_unknown).drop_nulls().alias("name"))["name"]


def _warnings(raw: RawFile, how: Table, blank_ids: int, unknown_splits: int, example: str) -> Iterator[str]:
    if blank_ids:
        yield plural(
            "{file}: {number:,} row with nothing in the column {name!r}; an id is made of the text",
            "{file}: {number:,} rows with nothing in the column {name!r}; an id is made of the text",
            blank_ids,
            file=raw.name,
            name=how.id_column,
        )
    if unknown_splits:
        yield plural(
            "{file}: {number:,} row names no split in the column {name!r}, but {example!r}: it is split "
            "by group",
            "{file}: {number:,} rows name no split in the column {name!r}, but values such as {example!r}: "
            "they are split by group",
            unknown_splits,
            file=raw.name,
            name=how.split_column,
            example=shortened(example, _MOST_CHARS),
        )


def _rows(raw: RawFile, frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    named = {
        "raw_text": table.text_column,
        "group": table.group_column,
        "split": table.split_column,
        "key": table.id_column,
    }
    columns = frame.select(
        "position",
        "detail",
        _raw_label(table).alias("raw_label"),
        *(pl.col(column_name(theirs)).alias(ours) for ours, theirs in named.items() if theirs is not None),
    )
    names = [table.name] if table.name else []
    if table.id_column is not None:
        key = filled(whole_number(pl.col("key")))
        columns = columns.with_columns(key_id(SLUG, *names, key=key).alias("id"))
    if table.split_column is not None:
        columns = columns.with_columns(_split_name(pl.col("split")).alias("split"))
    if not _label_columns(table):
        columns = columns.with_columns(pl.lit(UNLABELLED).alias("split"))
    return rows_frame(raw, columns, id_parts=names, source=SLUG, release="v1", domain=table.domain)


def _raw_label(table: Table) -> pl.Expr:
    names = [column_name(name) for name in _label_columns(table)]
    if not names:
        return pl.lit(None, pl.String)
    if table.label_columns:
        return one_hot_labels(names, has_counts=True)
    if len(names) == 1:
        return pl.col(names[0])
    joined = pl.concat_str([filled(pl.col(name)) for name in names], separator="/", ignore_nulls=True)
    return joined.replace("", None)


def _split_name(split: pl.Expr) -> pl.Expr:
    """Maps `dev`, `val` and the like to validation; any other name is null, and left to the splitter."""
    name = split.str.strip_chars().str.to_lowercase()
    return name.replace_strict(split_names(), default=None, return_dtype=pl.String)
