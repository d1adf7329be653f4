"""Is every file of the dataset there, unchanged, and of the right columns and Parquet types?

Looks at files only, never at rows.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.dataset.manifest import Manifest
from etl.dataset.read import Dataset
from etl.errors import InputError
from etl.runtime.files import sha256_file
from etl.schema import row
from etl.validation.findings import Finding, judge, listing


def check_files(dataset: Dataset, manifest: Manifest) -> list[Finding]:
    """Files that are missing, that the manifest does not list, or whose sha256 is another.

    Raises:
        InputError: a file cannot be read.
    """
    listed = {name: dataset.path / name for name in sorted(manifest.files)}
    found = {file.relative_to(dataset.path).as_posix() for file in parquet_files(dataset)}
    missing = [name for name, file in listed.items() if not file.is_file()]
    unlisted = sorted(found - set(listed))
    changed = [
        name
        for name, file in listed.items()
        if name not in missing and sha256(file) != manifest.files[name].sha256
    ]
    return [
        *judge("file_missing", len(missing), names=listing(missing)),
        *judge("file_unlisted", len(unlisted), names=listing(unlisted)),
        *judge("file_hash", len(changed), names=listing(changed)),
    ]


def check_schema(dataset: Dataset) -> list[Finding]:
    """Shards and rejects whose columns or Parquet types are not those of `etl.schema.row`.

    Raises:
        InputError: a file is not Parquet.
    """
    wrong_columns: dict[str, str] = {}
    wrong_types: dict[str, str] = {}
    for file in parquet_files(dataset):
        name = file.relative_to(dataset.path).as_posix()
        expected = row.arrow_schema(is_reject=name.startswith("rejects/"))
        found = _read_schema(file)
        if found.names != expected.names:
            wrong_columns[name] = _column_difference(expected.names, found.names)
            continue
        for field in expected:
            kind = found.field(field.name).type
            if kind != field.type:
                wrong_types.setdefault(
                    f"`{field.name}` is {_short(kind)}, expected {_short(field.type)}", name
                )
    first_difference = next(iter(wrong_columns.values()), "")
    return [
        *judge("columns", len(wrong_columns), names=listing([*wrong_columns]), difference=first_difference),
        *judge("types", len(wrong_types), difference=listing([*wrong_types])),
    ]


def rows_by_file(dataset: Dataset) -> dict[str, int]:
    """How many rows each Parquet file has, by its name in the manifest."""

    return {
        file.relative_to(dataset.path).as_posix(): pq.read_metadata(file).num_rows
        for file in parquet_files(dataset)
    }


def unreadable(file: Path, error: Exception) -> InputError:
    """The error for a file of the dataset that cannot be read."""
    return InputError(
        f"{file.parent.name}/{file.name} cannot be read as part of the dataset",
        details=[str(error).splitlines()[0] if str(error) else type(error).__name__],
        cause="The file was damaged, edited, or cut off while it was copied.",
        next_step="copy the dataset again, or write it again with `etl ingest`",
    )


def parquet_files(dataset: Dataset) -> list[Path]:
    """The shards and rejects that are there, listed or not."""
    return sorted([*dataset.path.glob("data/*.parquet"), *dataset.path.glob("rejects/*.parquet")])


def _read_schema(file: Path) -> pa.Schema:

    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise unreadable(file, error) from error


def sha256(file: Path) -> str:
    """The hash of a file, as the manifest lists it.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return sha256_file(file)
    except OSError as error:
        raise unreadable(file, error) from error


def _column_difference(expected: list[str], found: list[str]) -> str:
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected]
    facts = [f"missing {', '.join(missing)}"] if missing else []
    facts += [f"unknown {', '.join(unknown)}"] if unknown else []
    return "; ".join(facts) or "another order"


def _short(kind: pa.DataType) -> str:
    """An Arrow type in a few words: `dictionary<string>` for its long form."""

    return f"dictionary<{kind.value_type}>" if pa.types.is_dictionary(kind) else str(kind)
