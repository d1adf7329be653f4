"""Checks that every shard has the columns and Parquet types of `etl.schema.row`.

Reads the footers of the files only. Where a column is missing, no other check can read the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.language.lists import listing
from etl.language.message import joined, tr
from etl.schema import row
from etl.validation.check import Check
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View, parquet_files, unreadable_file


@dataclass(frozen=True)
class SchemaDifferences:
    """Shards and rejects that differ from the schema.

    Attributes:
        columns: by file, how its columns differ.
        types: each wrong type, described, with the first file that has it.
    """

    columns: dict[str, str]
    types: dict[str, str]


def measure(view: View) -> SchemaDifferences:
    """Compares columns and Parquet types of shards and rejects with those of `etl.schema.row`.

    Raises:
        InputError: a file is not Parquet.
    """
    wrong_columns: dict[str, str] = {}
    wrong_types: dict[str, str] = {}
    for file in parquet_files(view.dataset):
        name = file.relative_to(view.dataset.path).as_posix()
        expected = row.arrow_schema(is_reject=name.startswith("rejects/"), of_format=view.manifest.format)
        actual = _read_schema(file)
        if actual.names != expected.names:
            wrong_columns[name] = _column_difference(expected.names, actual.names)
            continue
        for field in expected:
            kind = actual.field(field.name).type
            if kind != field.type:
                wrong_types.setdefault(
                    tr(
                        "`{column}` is {type}, expected {expected}",
                        column=field.name,
                        type=_short(kind),
                        expected=_short(field.type),
                    ),
                    name,
                )
    return SchemaDifferences(wrong_columns, wrong_types)


def judge(differences: SchemaDifferences, rules: Rules) -> list[Finding]:
    """Judges how many files have wrong columns, and how many types are wrong."""
    columns, types = differences.columns, differences.types
    first_difference = next(iter(columns.values()), "")
    return [
        *rules.judge("columns", len(columns), names=listing([*columns]), difference=first_difference),
        *rules.judge("types", len(types), difference=listing([*types])),
    ]


def _read_schema(file: Path) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise unreadable_file(file, error) from error


def _column_difference(expected: list[str], actual: list[str]) -> str:
    missing = [name for name in expected if name not in actual]
    unknown = [name for name in actual if name not in expected]
    facts = [tr("missing {names}", names=", ".join(missing))] if missing else []
    facts += [tr("unknown {names}", names=", ".join(unknown))] if unknown else []
    return joined("; ", facts) if facts else tr("another order")


def _short(kind: pa.DataType) -> str:
    """Returns an Arrow type in a few words: `dictionary<string>` for its long form."""
    return f"dictionary<{kind.value_type}>" if pa.types.is_dictionary(kind) else str(kind)


CHECK = Check(
    "columns",
    measure,
    codes=("columns", "types"),
    judge=judge,
    stage="files",
    is_applicable=lambda view: not view.is_external,
)
