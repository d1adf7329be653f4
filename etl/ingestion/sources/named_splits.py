"""Official splits from the names of files and folders: `train.tsv`, `dev/part-1.csv`, `검증.json`.

`etl.schema.splits` knows the names. What an adapter or the settings of a table say goes before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.language.lists import join_with_or
from etl.language.message import tr
from etl.schema.own_tables import find_table
from etl.schema.splits import split_in_path
from etl.schema.taxonomy import TABLE
from etl.settings import Settings, Table


def with_named_splits(
    found: dict[str, list[RecognisedFile]], settings: Settings, log: InputLog
) -> dict[str, list[RecognisedFile]]:
    """Returns the files of each corpus with the splits that settings of tables, or names, give them.

    Names are not used where all rows would be train, or none: then rows are split as if there were no names.
    """
    if settings.split.mode == "grouped":
        return found
    return {slug: _of_one_corpus(slug, files, settings, log) for slug, files in found.items()}


def _of_one_corpus(
    slug: str, files: list[RecognisedFile], settings: Settings, log: InputLog
) -> list[RecognisedFile]:
    said = [file.split or _said(file, settings) for file in files]
    named = [
        split or (None if _says_otherwise(file, settings) else split_in_path(file.raw.path))
        for file, split in zip(files, said, strict=True)
    ]
    if named != said and not _tell_apart(named):
        log.warnings.append(
            tr(
                "{corpus}: all files are called {splits}, so their names are not taken for official splits",
                corpus=slug,
                splits=join_with_or(sorted({str(split) for split in named})),
            )
        )
        named = said
    return [
        replace(file, raw=replace(file.raw, split=split)) for file, split in zip(files, named, strict=True)
    ]


def splits_of_parts(parts: Sequence[str], table: Table, settings: Settings) -> list[str | None]:
    """Returns the official splits that sheets of a workbook, or arrays of a JSON document, are named after.

    Args:
        parts: their names.
        table: the settings of the file.
        settings: those of the run.
    """
    named = [split_in_path(part) for part in parts]
    is_named = settings.split.mode == "official" and table.split_column is None and _tell_apart(named)
    return named if is_named else [None] * len(named)


def _tell_apart(splits: Sequence[str | None]) -> bool:
    """Whether there would be rows for train and for something else."""
    return None in splits or ("train" in splits and len({*splits}) > 1)


def _said(file: RecognisedFile, settings: Settings) -> str | None:
    table = find_table(settings, file.raw.path) if file.slug == TABLE else None
    return table.split if table else None


def _says_otherwise(file: RecognisedFile, settings: Settings) -> bool:
    """Whether a column holds the splits, or the name of the file means something else."""
    table = find_table(settings, file.raw.path) if file.slug == TABLE else None
    return file.is_known_by_name or (table is not None and table.split_column is not None)
