"""Turns the columns of a corpus into frames of rows with the schema that ingest expects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables.table import TOO_LONG
from etl.schema import contract, row
from etl.schema.label_cells import NUMBER
from etl.schema.text_ids import text_id

# A cell of a one-hot column, in lower case.
_SET = ("1", "1.0", "true")
_NOT_SET = ("", "0", "0.0", "false")
_COUNT = r"^(\d{1,3})$"
_SHARE = rf"^{NUMBER}$"


def rows_frame(
    raw: RawFile | None, columns: pl.DataFrame, *, id_parts: Sequence[str] = (), **constants: Any
) -> pl.DataFrame:
    """Returns a frame with the schema of `etl.schema.row.read_schema`, one row for each row of `columns`.

    A row with a `detail` is a `bad_row`, or `text_too_long`; a row without an id gets one that is made of its
    `raw_text`, see `etl.schema.text_ids`; a row without a group is a group of its own.

    Args:
        raw: the file of the rows; None where `columns` has `file` and `member`.
        columns: what differs from row to row.
        id_parts: what an id that is made of the text begins with, after the source.
        constants: what is the same for all: source, release, split, …; the domain is by default that of the
            contract.
    """

    if raw is not None:
        constants = {"file": raw.file, "member": raw.member, **constants}
        constants["split"] = constants.get("split") or raw.split
    if "detail" in columns.columns:
        columns = columns.with_columns(reason=reason_of(pl.col("detail")))
    constants = {"turn": 1, "domain": contract.load(constants["source"]).domain, **constants}
    rows = columns.select(
        pl.col(name).cast(dtype, strict=False)
        if name in columns.columns
        else pl.lit(constants.get(name), dtype).alias(name)
        for name, dtype in row.read_schema().items()
    )
    if rows["id"].null_count():
        rows = rows.with_columns(id=pl.coalesce("id", text_id(constants["source"], *id_parts)))
    return rows.with_columns(pl.coalesce("group", "id").alias("group"))


def reason_of(detail: pl.Expr) -> pl.Expr:
    """The reason of a record that is no row, by its `detail`: see `OpenTable.frames`."""
    return (
        pl.when(detail == TOO_LONG)
        .then(pl.lit("text_too_long"))
        .when(detail.is_not_null())
        .then(pl.lit("bad_row"))
    )


def id_column(slug: str, *parts: str | pl.Expr) -> pl.Expr:
    """Returns the expression of the id `<slug>:<part>:<part>…`.

    Args:
        slug: of the corpus.
        parts: strings, or expressions, whose nulls become `?`.
    """

    as_expressions = [pl.lit(part) if isinstance(part, str) else part.cast(pl.String) for part in parts]
    return pl.concat_str([pl.lit(slug), *(part.fill_null("?") for part in as_expressions)], separator=":")


def key_id(slug: str, *parts: str, key: pl.Expr) -> pl.Expr:
    """Returns the expression of the id `<slug>:<part>:…:<key>`, null without a key."""
    return pl.when(key.is_not_null()).then(id_column(slug, *parts, key))


def one_hot_labels(columns: Sequence[str], separator: str = ",", *, has_counts: bool = False) -> pl.Expr:
    """Returns the expression of the raw label of one-hot columns: the names of those that are set.

    A column is set by 1 or true, not by 0, false or a blank cell, however they are written (`1.0`, `True`).
    Any other cell makes an unknown label, `<name>=<cell>`. Where no column is set the label is null.

    Args:
        columns: called by the labels.
        separator: between the names. If a name holds it, several names are written as a JSON list.
        has_counts: whether a whole number up to 999 says how many raters gave the label, which is repeated;
            a row with fractions has the shares of its labels, and is written as a JSON object of them.
    """
    cells = [pl.col(column).str.strip_chars().str.to_lowercase().fill_null("") for column in columns]
    names: list[pl.Expr] = [
        pl.when(cell.is_in(_SET))
        .then(pl.lit(column))
        .when(~cell.is_in(_NOT_SET))
        .then(pl.format("{}={}", pl.lit(column), cell))
        for column, cell in zip(columns, cells, strict=True)
    ]
    if has_counts:
        counts = [whole_number(cell).str.extract(_COUNT).cast(pl.Int64) for cell in cells]
        names = [
            pl.when(count.is_not_null())
            .then(pl.lit(column).repeat_by(count.fill_null(0)))
            .otherwise(pl.concat_list(name))
            for column, name, count in zip(columns, names, counts, strict=True)
        ]
    found = pl.concat_list(names).list.drop_nulls()
    joined = found.list.join(separator)
    shares = _write_shares(columns, cells) if has_counts else pl.lit(None, pl.String)
    if any(separator in column for column in columns):
        many = found.map_elements(lambda labels: json.dumps(list(labels), ensure_ascii=False), pl.String)
        joined = pl.when(found.list.len() > 1).then(many).otherwise(joined)
    return pl.coalesce(shares, pl.when(found.list.len() > 0).then(joined))


def _write_shares(columns: Sequence[str], cells: Sequence[pl.Expr]) -> pl.Expr:
    """Returns the expression of the JSON object of a row that has fractions and nothing else but numbers."""
    numbers = [cell.replace(dict.fromkeys(_SET, "1") | dict.fromkeys(_NOT_SET, "0")) for cell in cells]
    is_number = pl.all_horizontal(number.str.contains(_SHARE) for number in numbers)
    is_fraction = pl.any_horizontal(~whole_number(number).str.contains(_COUNT) for number in numbers)
    pairs = [
        pl.format("{}: {}", pl.lit(json.dumps(column, ensure_ascii=False)), number)
        for column, number in zip(columns, numbers, strict=True)
    ]
    # Only shares above 0: a taxonomy may have many labels.
    is_set = [number.cast(pl.Float64, strict=False) > 0 for number in numbers]
    some = [pl.when(own).then(pair) for own, pair in zip(is_set, pairs, strict=True)]
    inner = pl.concat_str(some, separator=", ", ignore_nulls=True)
    return pl.when(is_number & is_fraction & (inner != "")).then(pl.lit("{") + inner + pl.lit("}"))


def stem(raw: RawFile) -> str:
    """Returns the file's name without folder and suffix: part of the ids where a corpus has no ids."""
    return (raw.member or raw.file).rpartition("/")[2].split(".")[0]


def place(file: RawFile, part: RawFile) -> list[str]:
    """Returns the parts of an id that say where a row is: the file's stem, and its sheet if any.

    Args:
        file: the file.
        part: the same, or a sheet of it; see `RawFile.inside`.
    """
    sheet = part.member.removeprefix(file.member).removeprefix("/")
    return [stem(file), *([sheet] if sheet else [])]


def filled(cell: pl.Expr) -> pl.Expr:
    """Strips a cell; what is empty then is null."""
    return cell.str.strip_chars().replace("", None)


def whole_number(cell: pl.Expr) -> pl.Expr:
    """Takes the `.0` from a number that a spreadsheet made a float; any other cell stays as it is."""
    return cell.str.replace(r"^\s*(\d+)\.0+\s*$", "${1}")


def is_blank(expr: pl.Expr) -> pl.Expr:
    """Whether a cell is null or holds white space only."""
    return expr.is_null() | (expr.str.strip_chars() == "")
