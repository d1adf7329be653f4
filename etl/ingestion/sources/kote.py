"""KOTE, Korean Online That-gul Emotions (`kote`): TSV without a header, one comment a line.

    5954<TAB>음료가 몇푼이나 한다고..<TAB>0,6,10,22,23,36

The third field lists label ids 0-43; the first layout had the same as 44 zeros and ones in a fourth. The
official split is the name of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import polars as pl

from etl.ingestion.sources.copies import are_labels, find_copy, has_csv_quotes, has_name_of, read_copy
from etl.ingestion.sources.frame import key_id, rows_frame, stem
from etl.ingestion.sources.raw import InputLog, OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "kote"
_IDS = re.compile(r"\d{1,2}(?:,\d{1,2})*")
_ONE_HOT = r"^[01](?:,[01]){43}$"
# The fields of the layouts without a header; copies with one are a layout of their own.
_FIELDS = {"tsv": ["number", "raw_text", "raw_label"]}
_FIELDS["tsv-one-hot"] = [*_FIELDS["tsv"], "one_hot"]
_TABLE = "table"
_SPLITS = {"train": "train", "val": "validation", "test": "test"}


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether most of the first lines are an id, a text and a list of label ids, or these are columns."""
    split = _SPLITS.get(stem(preview.raw))
    is_certain = preview.is_named or has_name_of(preview.raw, SLUG)
    copy = find_copy(preview, SLUG, _TABLE)
    if copy and (is_certain or _are_lists(copy.values("labels"))):
        return copy.recognised(SLUG, preview, split=split)
    # Between tabs quotes are text.
    is_tsv = preview.delimiter == "\t"
    rows = [line.split("\t") for line in preview.lines] if is_tsv else preview.first_records
    for layout, fields in _FIELDS.items():
        comments = [row for row in rows if len(row) == len(fields) and _is_comment(row)]
        if 2 * len(comments) > len(rows) and (is_certain or _are_lists([row[2] for row in comments])):
            return RecognisedFile(SLUG, preview.raw, layout, split=split)
    return None


def _is_comment(row: Sequence[str]) -> bool:
    """Whether fields are an id, a text, a list of label ids and, if there is a fourth, zeros and ones."""
    has_ids = row[0].isdecimal() and _IDS.fullmatch(row[2]) is not None
    return has_ids and all(re.fullmatch(_ONE_HOT, more) for more in row[3:])


def _are_lists(lists: Sequence[str]) -> bool:
    """Whether labels are lists of ids: a comment has eight on average, and one in a hundred has only one."""
    ids = [re.findall(r"\d+", each) for each in lists]
    flat = [number for each in ids for number in each]
    return 2 * sum(len(each) > 1 for each in ids) > len(ids) and are_labels(SLUG, flat)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the comments, in frames of bounded size."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            for raw, records in _records(file, open_file, log):
                row_id = key_id(SLUG, key=pl.col("number"))
                yield rows_frame(
                    raw,
                    records.with_columns(row_id.alias("id"), _ids(records["raw_label"])),
                    source=SLUG,
                    release=file.release,
                    split=file.split,
                )


def _records(
    file: RecognisedFile, open_file: OpenFile, log: InputLog
) -> Iterator[tuple[RawFile, pl.DataFrame]]:
    """The comments with `number`, `raw_text` and `raw_label`."""
    if file.layout == _TABLE:
        for raw, table in read_copy(file, open_file, log):
            number = pl.col("ID") if "ID" in table.columns else pl.lit(None, pl.String)
            yield raw, table.with_columns(number=number, raw_text=pl.col("text"), raw_label=pl.col("labels"))
        return
    preview = file.preview()
    delimiter, names = preview.delimiter, _FIELDS[file.layout]
    # The publisher's files put comments that hold quotation marks in quotes, and double these.
    is_quoted = delimiter != "\t" or has_csv_quotes(preview)
    for records in record_frames(open_file, delimiter, names, is_quoted=is_quoted):
        yield file.raw, records


def _ids(labels: pl.Series) -> pl.Series:
    """Label ids with commas, from a list as Python, numpy or JSON writes it, or from 44 zeros and ones."""
    if labels.str.contains(r"[\s\[\](){}'\"]").any():
        labels = labels.str.strip_chars(" \t[](){}").str.replace_all(r"[\s,'\"]+", ",").str.strip_chars(",")
    is_one_hot = labels.str.contains(_ONE_HOT)
    if is_one_hot.any():
        ids = labels.str.split(",").list.eval(pl.element().eq("1").arg_true().cast(pl.String)).list.join(",")
        labels = ids.zip_with(is_one_hot, labels)
    return labels
