"""AIHub 감성대화 말뭉치 (`aihub-dialogue`): final and raw files, as JSON, XLSX, and copies in any format.

The label belongs to the dialogue. JSON, one array of

    {"profile": {"persona-id": "Pro_05349", "persona": {"human": ["A02", "G02"], …},
                 "emotion": {"emotion-id": "S06_D02_E18", "type": "E18", "situation": ["S06", "D02"]}},
     "talk": {"id": {"profile-id": "Pro_05349", "talk-id": "Pro_05349_00053"},
              "content": {"HS01": "…", "SS01": "…", "HS02": "…", "SS02": "…", "HS03": "", "SS03": ""}}}

Tables have 감정_대분류 and 감정_소분류, of which only the pair is unambiguous, and 사람문장1 … 사람문장4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.copies import Copy, are_labels, find_copy, read_copy
from etl.ingestion.sources.frame import filled, id_column, is_blank, rows_frame
from etl.ingestion.sources.raw import InputLog, OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.json_tables import Elements, array_elements, find_tables
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.table import BATCH_ROWS
from etl.language.message import tr
from etl.settings import Settings
from etl.text.composition import composed
from etl.text.encoding import to_utf8

SLUG = "aihub-dialogue"
_RAW_NAMES = ("원시데이터", "원시")
_KEYS = {"profile", "talk"}
_PERSON = re.compile(r"^HS(\d{2})$")
_PERSON_COLUMN = "사람문장"
_PAIR = ("감정_대분류", "감정_소분류")
_NUMBER = "번호"
# Layouts of the contract: the array of dialogues, and tables, some of them without the replies of the system.
_JSON, _NO_REPLIES = "json", "no-replies"
_TABLES = ("xlsx-v1-final", "xlsx-v1-raw", "xlsx-v2-final", _NO_REPLIES)
# Of copies of the same rows the first of these is read.
_RANKS = (
    *(".json", ".jsonl", ".parquet", ".arrow", ".feather"),
    *(".xlsx", ".xlsm", ".xls", ".csv", ".tsv", ".txt"),
)
_ABOUT = {"연령": "age", "성별": "gender", "상황키워드": "situation", "신체질환": "disease"}


# gc=False: nothing here refers back, so the garbage collector need not look at half a million objects.
class _Emotion(msgspec.Struct, gc=False):
    type: str | None = None
    situation: list[str] | None = None
    emotion_id: str | None = msgspec.field(name="emotion-id", default=None)


class _Persona(msgspec.Struct, gc=False):
    human: list[str] | None = None


class _Profile(msgspec.Struct, gc=False):
    emotion: _Emotion
    persona: _Persona | None = None


class _TalkId(msgspec.Struct, gc=False):
    profile: str | None = msgspec.field(name="profile-id", default=None)
    talk: str | None = msgspec.field(name="talk-id", default=None)


class _Opening(msgspec.Struct, gc=False):
    """The content of a dialogue of which only the first turn is wanted."""

    first: str | None = msgspec.field(name="HS01", default=None)


_AllTurns = dict[str, str | None]
Content = TypeVar("Content", _Opening, _AllTurns)


class _Talk(msgspec.Struct, Generic[Content], gc=False):
    id: _TalkId
    content: Content


class _Dialogue(msgspec.Struct, Generic[Content], gc=False):
    profile: _Profile
    talk: _Talk[Content]


Dialogue = _Dialogue[_Opening] | _Dialogue[_AllTurns]


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file belongs to this corpus, and which copy of which part it is."""
    path = composed(preview.raw.path)
    is_raw = any(name in path for name in _RAW_NAMES)
    split = "validation" if "validation" in preview.raw.path.lower() else "train"
    if preview.suffix in {".json", ".jsonl"} and preview.has_keys("emotion-id", "talk"):
        rank = _RANKS.index(preview.suffix) + len(_RANKS) * is_raw
        return RecognisedFile(SLUG, preview.raw, _JSON, _release_hint(preview.raw), split, rank=rank)
    copy = find_copy(preview, SLUG, *_TABLES)
    if copy is None or not (preview.is_named or _has_pairs(copy)):
        return None
    is_raw = is_raw or "raw" in copy.layout.name
    rank = _RANKS.index(preview.suffix) + len(_RANKS) * is_raw
    return copy.recognised(SLUG, preview, release=_release(copy), split=split, rank=rank)


def _has_pairs(copy: Copy) -> bool:
    """Whether more than half of the first emotions are pairs of the corpus."""
    pairs = (
        copy.rows.select(pl.concat_str([filled(pl.col(name)) for name in _PAIR], separator="/"))
        .to_series()
        .drop_nulls()
    )
    return copy.rows.is_empty() or are_labels(SLUG, pairs.to_list())


def _release(copy: Copy) -> str:
    """The release of a table, by what it calls the replies; without replies only the first has numbers."""
    if copy.layout.name != _NO_REPLIES:
        return copy.layout.name.split("-")[1]
    return "v1" if _NUMBER in copy.columns else "v2"


def _release_hint(raw: RawFile) -> str:
    """JSON has the same shape in both releases; the folders of the second carry its date and number."""
    return "v2" if re.search(r"221115|018\.\s*감성대화|라벨링\s*데이터", raw.path) else "v1"


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:
    """Reads the sentences of the chosen files, in frames of bounded size."""
    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            if file.layout == _JSON:
                yield from _read_json(file, open_file, settings, log)
            else:
                for raw, table in read_copy(file, open_file, log):
                    yield from _read_table(file, raw, table, settings)


def _read_json(
    file: RecognisedFile, open_file: OpenFile, settings: Settings, log: InputLog
) -> Iterator[pl.DataFrame]:
    content, open_file.encoding = to_utf8(open_file.stream.read(), file.raw.name)
    one: Any = _Dialogue[_Opening] if settings.read.turns == "first" else _Dialogue[_AllTurns]
    dialogues = _decode(content, one, file.raw)
    mismatches = sum(_is_mismatch(each.profile.emotion) for each in dialogues if not isinstance(each, str))
    if mismatches:
        log.warnings.append(
            tr(
                "{file}: {mismatches:,} emotion-ids are not situation + type; type was used",
                file=file.raw.name,
                mismatches=mismatches,
            )
        )
    ids = _talk_ids(dialogues)
    for start in range(0, len(dialogues), BATCH_ROWS):
        batch = dialogues[start : start + BATCH_ROWS]
        open_file.rows += len(batch)
        yield _json_frame(file, batch, ids, start)


def _decode(content: bytes, one: Any, raw: RawFile) -> list[Dialogue | str]:
    """The dialogues; in the place of one that is not as the contract says, what is wrong with it."""
    try:
        if content.lstrip()[:1] != b"[":
            return [_decode_one(each, one) for each in _elements_of_copy(content)]
        try:
            return list(msgspec.json.decode(content, type=list[one]))
        except msgspec.DecodeError:
            return [_decode_one(each, one) for each in array_elements(content)]
    except msgspec.DecodeError as error:
        raise InputError(
            tr("{file} is not the corpus its contract describes", file=raw.name),
            details=[
                tr(
                    "expected one JSON array of dialogues, got {size:,} bytes: {error}",
                    size=len(content),
                    error=error,
                )
            ],
            cause=tr("The file was edited, or the download was cut off."),
            next_step=tr("download it again, or run with `--on-bad-file skip` to go on without it."),
        ) from error


def _elements_of_copy(content: bytes) -> Elements:
    """The dialogues of a copy that is no array: one a line, or an array within an object."""
    lines = [line for line in content.split(b"\n") if line.strip()]
    try:
        if msgspec.json.decode(lines[0], type=dict[str, msgspec.Raw]).keys() >= _KEYS:
            return lines
    except msgspec.DecodeError:  # the line is broken, or an object goes on on the next
        pass
    try:
        tables = find_tables(content, lambda keys: {*keys} >= _KEYS)
    except (msgspec.DecodeError, RecursionError):
        return lines
    return next(iter(tables.values()), lines)


def _decode_one(content: bytes | msgspec.Raw, one: Any) -> Dialogue | str:
    try:
        dialogue: Dialogue = msgspec.json.decode(content, type=one)
    except msgspec.DecodeError as error:
        return str(error)
    return dialogue


def _is_mismatch(emotion: _Emotion) -> bool:
    if emotion.emotion_id is None:
        return False
    return emotion.emotion_id != "_".join([*(emotion.situation or []), emotion.type or ""])


def _talk_ids(dialogues: list[Dialogue | str]) -> list[str]:
    """An id for each dialogue: talk-id is not proven unique, so a repeat is told apart by its index."""
    seen: set[str] = set()
    ids = []
    for index, dialogue in enumerate(dialogues):
        talk_id = None if isinstance(dialogue, str) else dialogue.talk.id.talk
        unique = talk_id or f"row{index}"
        if unique in seen:
            unique = f"{unique}~{index}"
        seen.add(unique)
        ids.append(unique)
    return ids


def _json_frame(
    file: RecognisedFile, batch: list[Dialogue | str], ids: list[str], start: int
) -> pl.DataFrame:
    """One row for each turn of the person; a dialogue that could not be decoded is one row."""

    positions = [index for index, each in enumerate(batch, start) if not isinstance(each, str)]
    dialogues = [each for each in batch if not isinstance(each, str)]
    strings = ("talk", "group", "raw_label", "annotations")
    rows = pl.DataFrame(
        {
            "position": positions,
            "talk": [ids[index] for index in positions],
            "group": [each.talk.id.profile for each in dialogues],
            "raw_label": [each.profile.emotion.type for each in dialogues],
            "annotations": [_about(each.profile) for each in dialogues],
        },
        schema={"position": pl.Int64, **dict.fromkeys(strings, pl.String)},
    )
    rows = _with_turns(rows, [each.talk.content for each in dialogues])
    bad = [(index, ids[index], each) for index, each in enumerate(batch, start) if isinstance(each, str)]
    if bad:
        problems = pl.DataFrame(bad, schema=["position", "talk", "detail"], orient="row")
        problems = problems.with_columns(pl.lit(1, pl.Int64).alias("turn"))
        rows = pl.concat([rows, problems], how="diagonal").sort("position", maintain_order=True)
    return rows_frame(
        file.raw,
        rows.with_columns(id_column(SLUG, file.release, pl.col("talk"), pl.col("turn")).alias("id")),
        source=SLUG,
        release=file.release,
        split=file.split,
    )


def _with_turns(rows: pl.DataFrame, contents: list[_Opening | _AllTurns]) -> pl.DataFrame:
    """Adds `turn` and `raw_text`: one row for each turn of the person, at least one for each dialogue."""

    if not contents or isinstance(contents[0], _Opening):
        openings = [each.first for each in contents if isinstance(each, _Opening)]
        return rows.with_columns(
            pl.lit(1, pl.Int64).alias("turn"), pl.Series("raw_text", openings, pl.String)
        )
    spoken = [_turns(each) for each in contents if isinstance(each, dict)]
    turns = pl.Series("turn", [[turn for turn, _ in each] for each in spoken], pl.List(pl.Int64))
    texts = pl.Series("raw_text", [[text for _, text in each] for each in spoken], pl.List(pl.String))
    return (
        rows.with_columns(turns, texts).explode("turn", "raw_text").with_columns(pl.col("turn").fill_null(1))
    )


def _about(profile: _Profile) -> str:
    human = profile.persona.human if profile.persona and profile.persona.human else []
    return ";".join([*human, *(profile.emotion.situation or [])])


def _turns(content: _AllTurns) -> list[tuple[int, str | None]]:
    """The person's sentences. The third turn may be empty, which means that there was none."""
    return [
        (int(match[1]), sentence)
        for key, sentence in content.items()
        if (match := _PERSON.match(key)) and (int(match[1]) <= 2 or (sentence or "").strip())
    ]


def _read_table(
    file: RecognisedFile, raw: RawFile, table: pl.DataFrame, settings: Settings
) -> Iterator[pl.DataFrame]:

    pair = [pl.when(~is_blank(pl.col(name))).then(pl.col(name).str.strip_chars()) for name in _PAIR]
    about = [
        pl.format("{}={}", pl.lit(key), pl.col(name).str.strip_chars())
        for name, key in _ABOUT.items()
        if name in table.columns
    ]
    opening = pl.col(f"{_PERSON_COLUMN}1")
    table = table.with_columns(
        # Tables have no profile; the same opening is the same dialogue, however it is spaced.
        group=opening.str.replace_all(r"\s+", ""),
        raw_label=pl.concat_str(pair, separator="/"),  # null where either is blank
        annotations=pl.concat_str(about, separator=";", ignore_nulls=True)
        if about
        else pl.lit(None, pl.String),
    )
    for turn in range(1, 5):
        column = f"{_PERSON_COLUMN}{turn}"
        if column not in table.columns or (turn > 1 and settings.read.turns == "first"):
            continue
        # As in JSON: the first two turns are always there, a later one that is empty never was.
        spoken = table if turn <= 2 else table.filter(~is_blank(pl.col(column)))
        if turn > 1 and "detail" in table.columns:
            spoken = spoken.filter(pl.col("detail").is_null())
        yield rows_frame(
            raw,
            spoken.with_columns(
                pl.col(column).alias("raw_text"),
            ),
            source=SLUG,
            release=file.release,
            split=file.split,
            turn=turn,
            id_parts=[file.release, str(turn)],
        )
