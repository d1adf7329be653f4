"""Naver sentiment movie corpus (`nsmc`): the labelled TSV files, or the raw reviews as JSON or JSON lines.

    id<TAB>document<TAB>label                       ratings_train.txt, quoting off, label 0 or 1
    {"review": "…", "rating": "10", "review_id": "10109915", "movie_id": "52515", …}

The raw label says which scale it is on: `label:1` or `rating:10`. The movie is the group; the TSV files do
not name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.copies import (
    are_labels,
    find_copy,
    has_csv_quotes,
    has_name_of,
    locate,
    read_copy,
)
from etl.ingestion.sources.frame import filled, key_id, rows_frame, stem
from etl.ingestion.sources.raw import InputLog, OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables import json_records
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.header import column_names
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.table import OpenTable
from etl.language.message import tr
from etl.settings import Settings
from etl.text.encoding import to_utf8

SLUG = "nsmc"
_KEYS = ("review", "rating", "movie_id")
_FIELDS = [*_KEYS, "review_id"]
_SPLITS = {"ratings_train": "train", "ratings_test": "test"}
_LABELS = {"0", "1"}
# Of the fields of files without a header.
_ORDERS = (("id", "document", "label"), ("document", "label"), ("label", "document"))
# Layouts of copies in any format.
_COPIES = ("table", "pairs", "raw-table")
# What `header_index` is where there is no header.
_NO_HEADER = -1


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file is one of the TSV files, holds raw reviews, or is a copy of either as a table."""
    is_json = preview.suffix in {".json", ".jsonl"} and not preview.is_json_document
    if is_json and preview.has_keys(*_KEYS):
        # Some copies of the raw reviews end in .json but hold one object a line.
        layout = "raw-array" if preview.head.lstrip()[:1] == b"[" else "raw-lines"
        return RecognisedFile(SLUG, preview.raw, layout, release="raw", part=stem(preview.raw))
    if lines := _recognise_lines(preview):
        return lines
    copy = find_copy(preview, SLUG, *_COPIES)
    if copy is None:
        return None
    if copy.layout.name == "raw-table":
        return copy.recognised(SLUG, preview, release="raw", part=stem(preview.raw))
    if not _is_certain(preview, copy.values("id"), copy.values("label")):
        return None
    return copy.recognised(SLUG, preview, split=_SPLITS.get(stem(preview.raw)), part=stem(preview.raw))


def _recognise_lines(preview: Preview) -> RecognisedFile | None:
    """Whether lines with tabs, in which quotes are text, or lines without a header are reviews."""
    has_tabs = preview.delimiter == "\t"
    rows = [line.split("\t") for line in preview.lines] if has_tabs else preview.first_records
    if not rows:
        return None
    places, header_index = _locate_columns(rows[0]), 0
    if places is not None and not has_tabs:
        return None
    if places is None and (preview.is_named or _has_name(preview.raw)):
        places, header_index = _guess_columns(rows), _NO_HEADER
    if places is None:
        return None
    records = [row for row in rows[header_index + 1 :] if len(row) == len(rows[0])]
    values = {name: [row[at] for row in records] for name, at in places.items()}
    if not _is_certain(preview, values.get("id", []), values["label"]):
        return None
    names = column_names(rows[0]) if header_index == 0 else sorted(places, key=lambda name: places[name])
    return RecognisedFile(
        SLUG,
        preview.raw,
        "ratings-tsv",
        # ratings.txt is ratings_train.txt and ratings_test.txt in one.
        split=_SPLITS.get(stem(preview.raw)),
        part=stem(preview.raw),
        header_index=header_index,
        columns={name: names[at] for name, at in places.items()},
    )


def _locate_columns(header: Sequence[str]) -> dict[str, int] | None:
    """Where the columns stand in a header; some copies have lost the id."""
    places = locate(("id", "document", "label"), header)
    return places if places.keys() >= {"document", "label"} else None


def _guess_columns(rows: Sequence[Sequence[str]]) -> dict[str, int] | None:
    """Where the columns stand in a file without a header: the label is 0 or 1, in the first line already."""
    for order in _ORDERS:
        at = order.index("label")
        has_label = [len(row) == len(order) and row[at].strip() in _LABELS for row in rows]
        if has_label[0] and 2 * sum(has_label) > len(rows):
            return {name: place for place, name in enumerate(order)}
    return None


def _is_certain(preview: Preview, ids: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether labels are those of reviews, and the name or the ids say that they are of this corpus.

    Other tables have these three columns too, and the ids of reviews are numbers.
    """
    if preview.is_named or not labels:
        return preview.is_named or _has_name(preview.raw)
    is_numbered = bool(ids) and 2 * sum(each.isdecimal() for each in ids) > len(ids)
    is_called = _has_name(preview.raw)
    return are_labels(SLUG, labels, "label:", is_called=is_called) and (is_numbered or is_called)


def _has_name(raw: RawFile) -> bool:
    return has_name_of(raw, SLUG) or stem(raw) == "ratings" or stem(raw).startswith(tuple(_SPLITS))


def group_files(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    """Official splits first: ratings.txt repeats the rows of ratings_train.txt and ratings_test.txt."""
    return [[file] for file in sorted(files, key=lambda file: file.split is None)]


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the reviews, in frames of bounded size."""
    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            to_rows = _review_rows if file.release == "raw" else _rating_rows
            for raw, frame in _frames(file, open_file, log):
                yield rows_frame(
                    raw,
                    to_rows(frame),
                    source=SLUG,
                    release=file.release,
                    split=file.split,
                )


def _frames(
    file: RecognisedFile, open_file: OpenFile, log: InputLog
) -> Iterator[tuple[RawFile, pl.DataFrame]]:
    """The records, columns named as in the contract."""
    if file.layout in _COPIES:
        yield from read_copy(file, open_file, log)
    elif file.release == "raw":
        for frame in _open_reviews(file, open_file).frames(_FIELDS):
            yield file.raw, frame
    else:
        names = [*file.columns.values()] if file.header_index == _NO_HEADER else None
        ours = {theirs: ours for ours, theirs in file.columns.items()}
        preview = file.preview()
        is_quoted = preview.delimiter != "\t" or has_csv_quotes(preview)
        for frame in record_frames(open_file, preview.delimiter, names, is_quoted=is_quoted):
            yield file.raw, frame.rename(ours)


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
        tr("{file} is not the array of reviews its contract describes", file=raw.name),
        details=[error],
        cause=tr("The file was edited, or the download was cut off."),
        next_step=tr("download it again, or run with `--on-bad-file skip` to go on without it."),
    )


def _review_rows(reviews: pl.DataFrame) -> pl.DataFrame:
    return reviews.with_columns(
        pl.col("review").alias("raw_text"),
        key_id(SLUG, key=filled(pl.col("review_id"))).alias("id"),
        pl.format("rating:{}", filled(pl.col("rating"))).alias("raw_label"),
        pl.format("movie{}", filled(pl.col("movie_id"))).alias("group"),
    )


def _rating_rows(ratings: pl.DataFrame) -> pl.DataFrame:
    key = filled(pl.col("id")) if "id" in ratings.columns else pl.lit(None, pl.String)
    return ratings.with_columns(
        pl.col("document").alias("raw_text"),
        key_id(SLUG, key=key).alias("id"),
        pl.format("label:{}", filled(pl.col("label"))).alias("raw_label"),
    )
