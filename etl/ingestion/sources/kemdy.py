"""KEMDy19 and KEMDy20 of ETRI (`kemdy`): annotated sessions as CSV, and a text beside each recording.

    annotation/Sess01_eval.csv                                  a header of two rows
        Numb,Wav, ,Segment ID,Total Evaluation, , ,Eval01F, , ,…
         ,start,end, ,Emotion,Valence,Arousal,Emotion,Valence,Arousal,…
        1,0.5,2.1,Sess01_script01_User002M_001,happy;neutral,3.4,3.1,…
    wav/Session01/Sess01_script01_User002M_001.txt              cp949, one sentence

The name of a text is the segment to which it belongs. Emotions with equally many votes are joined by `;`.
KEMDy19 lists each segment twice, in the file of either speaker; that of its own speaker is read first, and
the other row becomes a duplicate. The two speakers of a session are in no other session: it is the group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.frame import filled, id_column, rows_frame
from etl.ingestion.sources.raw import InputLog, RawFile, read_ahead
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.preview import Preview
from etl.language.message import tr
from etl.schema import contract
from etl.settings import Settings
from etl.text.encoding import decode_text

SLUG = "kemdy"
SAME_SEGMENT = tr("the text of the same segment is read from another file")
_SEGMENT = r"Sess\d+_[A-Za-z]+\d+_(?:User\d+)?([MF])_?\d+"
_ID, _EMOTION = "Segment ID", "Total Evaluation"
_SUBHEADER = 2  # the number of its record


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a text is called like a segment, or a table has annotations of segments."""
    segment = _segment(preview.raw) if preview.suffix == ".txt" else None
    if segment:
        return RecognisedFile(SLUG, preview.raw, "text", _release(segment), is_known_by_name=True)
    if preview.suffix != ".csv" or not contract.match_layout(contract.load(SLUG), preview.header):
        return None
    release = _release(preview.head.decode("utf-8", "ignore"))
    return RecognisedFile(SLUG, preview.raw, "annotation", release, is_known_by_name=True)


def _segment(raw: RawFile) -> str | None:
    name = PurePosixPath(raw.path).stem
    return name if re.fullmatch(_SEGMENT, name) else None


def _release(text: str) -> str:
    """KEMDy20 numbers its 80 speakers, `User002M_001`; a session of KEMDy19 has one of each sex, `M001`."""
    return "kemdy20" if "_User" in text else "kemdy19"


def group_files(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    """All files together: a text and its annotation are in different ones."""
    return [files]


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the segments. An annotation without a text is a bad row, a text without one has no label."""
    annotations = [file for file in files if file.layout == "annotation"]
    rated = _read_annotations(annotations, log)
    said = _read_texts([file for file in files if file.layout == "text"], log)
    if said.is_empty() and not rated.is_empty():
        raw = annotations[0].raw
        log.raise_or_skip(raw.file, raw.member, _no_texts(raw))
        return
    joined = rated.join(said, on="segment", how="full", coalesce=True, maintain_order="left_right")
    rows = joined.with_columns(pl.coalesce(name, f"{name}_right") for name in ("file", "member", "release"))
    place = pl.format("{}/{}:{}", "file", "member", "position")
    yield rows_frame(
        None,
        rows.with_columns(
            id_column(SLUG, pl.coalesce(pl.format("{}:{}", "release", "segment"), place)).alias("id"),
            pl.format("{}-{}", "release", pl.col("segment").str.extract(r"^(Sess\d+)")).alias("group"),
            pl.col("position").fill_null(1),
            pl.coalesce("detail", _missing()).alias("detail"),
        ),
        source=SLUG,
    )


def _missing() -> pl.Expr:
    """What a row lacks to be one; null where it lacks nothing. A text that is blank is there."""
    return (
        pl.when(pl.col("segment").is_null())
        .then(pl.lit("there is no Segment ID"))
        .when(pl.col("raw_text").is_null())
        .then(pl.format("there is no text {}.txt", "segment"))
    )


def _read_annotations(files: list[RecognisedFile], log: InputLog) -> pl.DataFrame:
    """Reads the emotions of all segments, those in the file of the other speaker last."""
    strings = ("file", "member", "release", "segment", "raw_label", "annotations", "detail")
    schema = {"position": pl.Int64, **dict.fromkeys(strings, pl.String), "is_of_other": pl.Boolean}
    frames = [pl.DataFrame(schema=schema)]
    for file in files:
        speaker = re.search(r"_([MF])_", PurePosixPath(file.raw.path).name)
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            for records in record_frames(open_file):
                segments = records.filter(~_is_subheader())
                open_file.rows -= records.height - segments.height
                facts = {"file": file.raw.file, "member": file.raw.member, "release": file.release}
                columns = segments.with_columns(
                    **{name: pl.lit(fact) for name, fact in facts.items()},
                    segment=filled(pl.col(_ID)),
                    raw_label=pl.col(_EMOTION),
                    annotations=_affect(records.columns),
                    is_of_other=pl.col(_ID).str.extract(_SEGMENT)
                    != pl.lit(speaker[1] if speaker else None, pl.String),
                )
                frames.append(columns.select(pl.col(name).cast(kind) for name, kind in schema.items()))
    return pl.concat(frames).sort(pl.col("is_of_other").fill_null(value=False), maintain_order=True)


def _is_subheader() -> pl.Expr:
    has_segment = pl.concat_str(_ID, "bad_record", ignore_nulls=True).str.contains(_SEGMENT)
    return (pl.col("position") == _SUBHEADER) & ~has_segment


def _affect(columns: Sequence[str]) -> pl.Expr:
    """Valence and arousal, the means of all raters; they stand behind the emotion, without a name."""
    after = [*columns].index(_EMOTION) + 1
    values = zip(("valence", "arousal"), columns[after : after + 2], strict=False)
    return pl.concat_str(
        [
            pl.lit(None, pl.String),
            *(pl.format("{}={}", pl.lit(key), filled(pl.col(name))) for key, name in values),
        ],
        separator=";",
        ignore_nulls=True,
    ).replace("", None)


def _read_texts(files: list[RecognisedFile], log: InputLog) -> pl.DataFrame:
    """Reads the text of each segment."""
    texts: dict[str, tuple[RecognisedFile, str]] = {}
    for file, raw in zip(files, read_ahead([file.raw for file in files]), strict=True):
        segment = _segment(raw)
        if segment in texts:
            log.leave_aside(raw, SAME_SEGMENT, texts[segment][0].raw.name)
            continue
        with log.open_file(raw, source=SLUG, release=file.release, split=None) as open_file:
            text, open_file.encoding = decode_text(open_file.stream.read(), raw.name)
            texts[str(segment)] = (file, text.strip())
    rows = [
        (segment, text, file.raw.file, file.raw.member, file.release)
        for segment, (file, text) in texts.items()
    ]
    names = ("segment", "raw_text", "file", "member", "release")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _no_texts(raw: RawFile) -> InputError:
    return InputError(
        tr("{file} has emotions, but no sentences", file=raw.name),
        details=[
            tr("expected a text for each segment, such as Sess01_script01_User001F_001.txt, and found none")
        ],
        cause=tr("The texts of KEMDy lie beside the recordings, in the folder wav."),
        next_step=tr("give the folder that holds both annotation and wav."),
    )
