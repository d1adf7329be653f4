"""Reads the folder of an export, and checks that its files are those that its `metadata.json` lists."""

from __future__ import annotations

from pathlib import Path

import msgspec

from etl.errors import InputError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.models.export import metadata as metadatas
from etl.models.export import vectors
from etl.models.export.metadata import INPUT, Metadata
from etl.models.export.vectors import Vector
from etl.runtime.files import sha256_file
from etl.runtime.json_text import decode_json


def advise_export(folder: Path) -> str:
    """Returns the next step of an error: the command that writes the export again."""
    return tr("export the model again with `etl export MODEL --format FORMAT --out {folder}`", folder=folder)


def read_export(folder: Path) -> tuple[Metadata, list[Vector]]:
    """Reads `metadata.json` and the vectors of an export, and checks all files against their hashes.

    Raises:
        InputError: it is no export, has no vectors, or a file is missing, damaged or of another export.
    """
    metadata = metadatas.read(folder)
    if isinstance(metadata.vectors, msgspec.UnsetType):
        raise InputError(
            tr("{folder} holds no vectors", folder=folder),
            details=[tr("expected `vectors` in {file}", file=metadatas.FILE)],
            cause=tr("An older version of this tool exported it."),
            next_step=advise_export(folder),
        )
    how = metadata.preprocessing
    _check_files(
        folder,
        {
            metadata.file: metadata.sha256,
            how.vocabulary_file: how.vocabulary_sha256,
            how.preparation_file: how.preparation_sha256,
            metadata.vectors.file: metadata.vectors.sha256,
            **({} if isinstance(metadata.files, msgspec.UnsetType) else metadata.files),
        },
    )
    lines = (folder / metadata.vectors.file).read_bytes().splitlines()
    given = [_decode(folder, metadata, number, line) for number, line in enumerate(lines, start=1)]
    width = metadata.input.shape[-1]
    is_other_width = metadata.input.name == INPUT and metadata.max_len not in (None, width)
    if len(given) != metadata.vectors.count or is_other_width:
        raise InputError(
            tr(
                "{path} contradicts itself or {other}",
                path=folder / metadatas.FILE,
                other=metadata.vectors.file,
            ),
            details=[
                tr(
                    "expected {expected:,} vectors, got {got:,}",
                    expected=metadata.vectors.count,
                    got=len(given),
                ),
                tr("expected an input of {max_len} ids, got {width}", max_len=metadata.max_len, width=width),
            ],
            cause=tr("The file was edited or damaged."),
            next_step=advise_export(folder),
        )
    return metadata, given


def _check_files(folder: Path, listed: dict[str, str]) -> None:
    """Refuses files that are not those that `metadata.json` lists, by name to sha256."""
    wrong = []
    for name, expected in listed.items():
        try:
            found = f"sha256 {sha256_file(folder / name)}"
        except OSError as error:
            found = tr("no file that can be read ({why})", why=system_words(error))
        if found != f"sha256 {expected}":
            wrong.append(
                tr(
                    "{file}: expected sha256 {expected}, got {got}",
                    file=name,
                    expected=expected,
                    got=found,
                )
            )
    if wrong:
        raise InputError(
            tr("{folder} does not hold the files that its {file} lists", folder=folder, file=metadatas.FILE),
            details=wrong,
            cause=tr("A file was cut off, edited, removed, or copied from another export."),
            next_step=advise_export(folder),
        )


def _decode(folder: Path, metadata: Metadata, number: int, line: bytes) -> Vector:
    try:
        vector = decode_json(line, Vector)
        n_labels = 0 if vector.reason else len(metadata.labels)
        if len(vector.probabilities) != n_labels:
            raise msgspec.DecodeError(
                tr(
                    "expected {expected} probabilities, got {got}",
                    expected=n_labels,
                    got=len(vector.probabilities),
                )
            )
        if metadata.max_len is not None and len(vector.ids) > metadata.max_len:
            raise msgspec.DecodeError(
                tr("expected at most {most} ids, got {got}", most=metadata.max_len, got=len(vector.ids))
            )
    except msgspec.DecodeError as error:
        raise InputError(
            tr(
                "line {number} of {path} is no vector as {file} describes it",
                number=number,
                path=folder / vectors.FILE,
                file=metadatas.FILE,
            ),
            details=[error],
            cause=tr("The file was edited or damaged, or another version of this tool wrote it."),
            next_step=advise_export(folder),
        ) from error
    return vector
