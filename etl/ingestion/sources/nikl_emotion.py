"""국립국어원 감정 분석 2023 (`nikl-emotion`): JSON lines, a sentence with up to four of eight emotions.

    {"id": "nikluge-2023-ea-dev-000000", "input": {"form": "…", "target": {"form": "…", …}},
     "output": {"joy": "False", "anticipation": "True", "trust": "False", …}}

`raw_label` lists the emotions that are "True". The emotion is towards the target, which may be null; the same
sentence may come with several targets, so the sentence is the group. The split stands in the id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.frame import key_id, rows_frame
from etl.ingestion.sources.raw import InputLog, OpenFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import in_batches
from etl.ingestion.tables.json_records import array_elements
from etl.ingestion.tables.preview import Preview
from etl.language.message import tr
from etl.settings import Settings
from etl.text.encoding import to_utf8

SLUG = "nikl-emotion"
_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
_ID = re.compile(r"nikluge-2023-ea-(train|dev|test)-")

Row = tuple[int, str | None, str | None, str | None, str | None, str | None]
_NAMES = ("position", "number", "raw_text", "raw_label", "annotations", "detail")


class _Target(msgspec.Struct, gc=False):
    form: str | None = None


class _Input(msgspec.Struct, gc=False):
    form: str | None = None
    target: _Target | None = None


class _Record(msgspec.Struct, gc=False):
    input: _Input
    id: str | None = None
    output: dict[str, str | bool | None] | None = None


_DECODER = msgspec.json.Decoder(_Record)


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file holds sentences with eight emotions, or such as are still to be labelled."""
    if preview.suffix not in {".json", ".jsonl"} or not preview.has_keys("input", "form"):
        return None
    match = _ID.search(preview.head.decode("utf-8", "ignore"))
    if not (match or preview.has_keys("output", "joy", "sadness")):
        return None
    return RecognisedFile(SLUG, preview.raw, "lines", split=_SPLITS[match[1]] if match else None)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the sentences, in frames of bounded size."""
    schema = {name: pl.Int64 if name == "position" else pl.String for name in _NAMES}
    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            for batch in in_batches(_rows(open_file)):
                open_file.rows += len(batch)
                rows = pl.DataFrame(batch, schema=schema, orient="row")
                columns = rows.with_columns(
                    key_id(SLUG, key=pl.col("number")).alias("id"),
                    pl.col("raw_text").str.replace_all(r"\s+", "").replace("", None).alias("group"),
                    pl.coalesce(
                        pl.col("number").str.extract(_ID.pattern).replace(_SPLITS),
                        pl.lit(file.official_split, pl.String),
                    ).alias("split"),
                )
                yield rows_frame(file.raw, columns, source=SLUG, release=file.release)


def _rows(open_file: OpenFile) -> Iterator[Row]:
    content, open_file.encoding = to_utf8(open_file.stream.read(), open_file.raw.name)
    for position, element in _elements(content, open_file):
        try:
            record = _DECODER.decode(element)
        except (msgspec.DecodeError, RecursionError) as error:
            yield (position, None, None, None, None, str(error))
            continue
        target = record.input.target.form if record.input.target else None
        about = f"target={target}" if target else None
        yield (position, record.id, record.input.form, _label(record), about, None)


def _elements(content: bytes, open_file: OpenFile) -> Sequence[tuple[int, bytes | msgspec.Raw]]:
    """The records with their positions: indexes in an array, from 0, or numbers of lines, from 1."""
    if content.lstrip().startswith(b"["):
        try:
            return list(enumerate(array_elements(content)))
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(
                tr("{file} is not the array of sentences its contract describes", file=open_file.raw.name),
                details=[error],
                cause=tr("The file was edited, or the download was cut off."),
                next_step=tr("download it again, or run with `--on-bad-file skip` to go on without it."),
            ) from error
    return [(number, line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()]


def _label(record: _Record) -> str | None:
    """The emotions that are true; another value than true and false is kept, and no known label."""
    answers = {name: str(value).strip().lower() for name, value in (record.output or {}).items()}
    names = [
        name if answer == "true" else f"{name}={answer}"
        for name, answer in answers.items()
        if answer not in {"false", "none", ""}
    ]
    return ",".join(names) or None
