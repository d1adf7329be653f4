"""Naver sentiment movie corpus (`nsmc`): the labelled TSV files, or the raw reviews as JSON or JSON lines.

    id<TAB>document<TAB>label                       ratings_train.txt, quoting off, label 0 or 1
    {"review": "…", "rating": "10", "review_id": "10109915", "movie_id": "52515", …}

The raw label says which scale it is on: `label:1` or `rating:10`. The movie is the group; the TSV files do
not name it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.frame import filled, id_column, rows_frame, stem
from etl.ingestion.sources.raw import InputLog, OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables import json_records
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.table import OpenTable
from etl.schema import contract
from etl.settings import Settings
from etl.text.encoding import to_utf8

SLUG = "nsmc"
_KEYS = ("review", "rating", "movie_id")
_FIELDS = [*_KEYS, "review_id"]
_SPLITS = {"ratings_train": "train", "ratings_test": "test"}


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file is one of the TSV files or holds raw reviews."""
    if preview.suffix in {".json", ".jsonl"} and preview.has_keys(*_KEYS):
        # Some copies of the raw reviews end in .json but hold one object a line.
        layout = "raw-array" if preview.head.lstrip()[:1] == b"[" else "raw-lines"
        return RecognisedFile(SLUG, preview.raw, layout, release="raw", part=stem(preview.raw))
    match = contract.match_layout(contract.load(SLUG), preview.header) if preview.delimiter == "\t" else None
    if match is None:
        return None
    # ratings.txt is ratings_train.txt and ratings_test.txt in one.
    return RecognisedFile(
        SLUG,
        preview.raw,
        match.name,
        release="v1",
        split=_SPLITS.get(stem(preview.raw)),
        part=stem(preview.raw),
    )


def group_files(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    """Official splits first: ratings.txt repeats the rows of ratings_train.txt and ratings_test.txt."""
    return [[file] for file in sorted(files, key=lambda file: file.split is None)]


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the reviews, in frames of bounded size."""
    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            if file.layout not in {"raw-array", "raw-lines"}:
                yield from _read_ratings(file, open_file)
                continue
            for frame in _open_reviews(file, open_file).frames(_FIELDS):
                yield _review_rows(file, frame)


def _open_reviews(file: RecognisedFile, open_file: OpenFile) -> OpenTable:
    if file.layout == "raw-lines":
        return json_records.open_lines(open_file, file.preview())
    content, open_file.encoding = to_utf8(open_file.stream.read(), file.raw.name)
    try:
        return json_records.open_elements(open_file, json_records.array_elements(content))
    except msgspec.DecodeError as error:
        raise _not_reviews(file.raw, error) from error


def _not_reviews(raw: RawFile, error: msgspec.DecodeError) -> InputError:
    return InputError(
        f"{raw.name} is not the array of reviews its contract describes",
        details=[str(error)],
        cause="The file was edited, or the download was cut off.",
        next_step="download it again, or run with `--on-bad-file skip` to go on without it.",
    )


def _review_rows(file: RecognisedFile, reviews: pl.DataFrame) -> pl.DataFrame:

    review_id = pl.coalesce(
        filled(pl.col("review_id")), pl.format("{}-{}", pl.lit(stem(file.raw)), "position")
    )
    columns = reviews.with_columns(
        id_column(SLUG, review_id).alias("id"),
        pl.col("review").alias("raw_text"),
        pl.format("rating:{}", filled(pl.col("rating"))).alias("raw_label"),
        pl.format("movie{}", filled(pl.col("movie_id"))).alias("group"),
    )
    return rows_frame(file.raw, columns, source=SLUG, release=file.release)


def _read_ratings(file: RecognisedFile, open_file: OpenFile) -> Iterator[pl.DataFrame]:

    for records in record_frames(open_file, "\t", is_quoted=False):
        number = pl.coalesce(filled(pl.col("id")), pl.format("{}-{}", pl.lit(stem(file.raw)), "position"))
        yield rows_frame(
            file.raw,
            records.with_columns(
                id_column(SLUG, number).alias("id"),
                pl.col("document").alias("raw_text"),
                pl.format("label:{}", filled(pl.col("label"))).alias("raw_label"),
            ),
            source=SLUG,
            release=file.release,
            split=file.split,
        )
