"""AIHub 감성대화 말뭉치 (`aihub-dialogue`): final and raw files, as JSON, XLSX, and cp949 re-exports.

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
from typing import TYPE_CHECKING, Any

import msgspec

from etl import contract
from etl.errors import InputError
from etl.settings import Settings
from etl.sources import decode, sheet
from etl.sources.found import Found, Peek
from etl.sources.frame import id_column, in_batches, is_blank, record_frames, rows_frame
from etl.sources.raw import Account, RawFile, Reading

if TYPE_CHECKING:
    import polars as pl

SLUG = "aihub-dialogue"
_RAW_NAMES = ("원시데이터", "원시")
_PERSON = re.compile(r"^HS(\d{2})$")
_PERSON_COLUMN = "사람문장"
_PAIR = ("감정_대분류", "감정_소분류")
_ABOUT = {"연령": "age", "성별": "gender", "상황키워드": "situation", "신체질환": "disease"}


class _Emotion(msgspec.Struct):
    type: str | None = None
    situation: list[str] | None = None
    emotion_id: str | None = msgspec.field(name="emotion-id", default=None)


class _Persona(msgspec.Struct):
    human: list[str] | None = None


class _Profile(msgspec.Struct):
    emotion: _Emotion
    persona: _Persona | None = None


class _TalkId(msgspec.Struct):
    profile: str | None = msgspec.field(name="profile-id", default=None)
    talk: str | None = msgspec.field(name="talk-id", default=None)


class _Talk(msgspec.Struct):
    id: _TalkId
    content: dict[str, str | None]


class _Dialogue(msgspec.Struct):
    profile: _Profile
    talk: _Talk


def recognise(peek: Peek) -> Found | None:
    """Whether a file belongs to this corpus, and which copy of which part it is."""
    if peek.suffix == ".json":
        if not (peek.head.lstrip()[:1] == b"[" and peek.has_keys("emotion-id", "talk")):
            return None
        is_raw = any(name in peek.raw.path for name in _RAW_NAMES)
        layout, release, header_index = "json", _release_hint(peek.raw), 0
    else:
        match, header_index = _match_table(peek)
        if match is None:
            return None
        layout = match
        release, is_raw = layout.split("-")[1], "raw" in layout
    rank = ("json", "xlsx", "csv", "tsv", "txt").index(peek.suffix[1:]) + 10 * is_raw
    split = "validation" if "validation" in peek.raw.path.lower() else "train"
    return Found(
        SLUG, peek.raw, layout, release, split, rank=rank, cells=peek.cells, header_index=header_index
    )


def _match_table(peek: Peek) -> tuple[str | None, int]:
    layouts = contract.load(SLUG)
    for index, header in enumerate([peek.header or peek.sheet_header(0), peek.sheet_header(1)]):
        match = contract.match_layout(layouts, header)
        if match:
            return match.name, index
    return None, 0


def _release_hint(raw: RawFile) -> str:
    """JSON has the same shape in both releases; the folders of the second carry its date and number."""
    return "v2" if re.search(r"221115|018\.\s*감성대화|라벨링\s*데이터", raw.path) else "v1"


def read(found: list[Found], settings: Settings, account: Account) -> Iterator[pl.DataFrame]:
    """The sentences of the chosen files, in frames of bounded size."""
    for each in found:
        with account.reading(each.raw, source=SLUG, release=each.release, split=each.split) as reading:
            if each.layout == "json":
                yield from _read_json(each, reading, settings, account)
            elif each.cells is not None:
                table = sheet.with_header(each.cells, each.header_index)
                reading.rows = table.height
                yield from _read_table(each, table, settings)
            else:
                for table in record_frames(reading, Peek(each.raw).delimiter):
                    yield from _read_table(each, table, settings)


def _read_json(
    found: Found, reading: Reading, settings: Settings, account: Account
) -> Iterator[pl.DataFrame]:
    content, reading.encoding = decode.utf8(reading.stream.read(), found.raw)
    try:
        dialogues: list[Any] = msgspec.json.decode(content, type=list[_Dialogue])
    except msgspec.ValidationError:
        # Some dialogue is not as the contract says: take them one by one and reject only those.
        dialogues = [_decode_one(each) for each in msgspec.json.decode(content, type=list[msgspec.Raw])]
    except msgspec.DecodeError as error:
        raise _cut_off(found.raw, len(content), error) from error
    mismatches = 0
    start = 0
    seen: set[str] = set()
    for batch in in_batches(dialogues):
        yield _json_frame(found, batch, start, settings.read.turns, seen)
        reading.rows += len(batch)
        start += len(batch)
        mismatches += sum(
            1 for dialogue in batch if isinstance(dialogue, _Dialogue) and _is_mismatch(dialogue)
        )
    if mismatches:
        account.warnings.append(
            f"{found.raw.name}: {mismatches:,} emotion-ids are not situation + type; type was used"
        )


def _cut_off(raw: RawFile, size: int, error: msgspec.DecodeError) -> InputError:
    return InputError(
        f"{raw.name} is not the corpus its contract describes",
        details=[f"expected one JSON array of dialogues, got {size:,} bytes: {error}"],
        cause="The file was edited, or the download was cut off.",
        next_step="download it again, or run with `--on-bad-file skip` to go on without it.",
    )


def _decode_one(content: msgspec.Raw) -> _Dialogue | str:
    try:
        return msgspec.json.decode(content, type=_Dialogue)
    except msgspec.ValidationError as error:
        return str(error)


def _is_mismatch(dialogue: _Dialogue) -> bool:
    emotion = dialogue.profile.emotion
    parts = [*(emotion.situation or []), emotion.type or ""]
    return emotion.emotion_id is not None and emotion.emotion_id != "_".join(parts)


def _json_frame(
    found: Found, batch: list[_Dialogue | str], start: int, turns: str, seen: set[str]
) -> pl.DataFrame:
    import polars as pl

    rows: list[tuple[Any, ...]] = []
    for position, dialogue in enumerate(batch, start=start):
        if isinstance(dialogue, str):
            rows.append((position, f"row{position}", None, 1, None, None, None, "bad_row", dialogue))
            continue
        emotion, talk = dialogue.profile.emotion, dialogue.talk
        about = ";".join(
            [
                *((dialogue.profile.persona and dialogue.profile.persona.human) or []),
                *(emotion.situation or []),
            ]
        )
        talk_id = talk.id.talk or f"row{position}"
        # talk-id is not proven unique: a repeat in this file is told apart by its index.
        unique_id = f"{talk_id}~{position}" if talk_id in seen else talk_id
        seen.add(talk_id)
        for turn, sentence in _turns(talk.content, turns):
            rows.append(
                (position, unique_id, talk.id.profile, turn, sentence, emotion.type, about, None, None)
            )
    names = ("position", "talk", "group", "turn", "raw_text", "raw_label", "annotations", "reason", "detail")
    types = (pl.Int64, pl.String, pl.String, pl.Int64, *[pl.String] * 5)
    frame = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
    return rows_frame(
        found.raw,
        frame.with_columns(id_column(SLUG, found.release, pl.col("talk"), pl.col("turn")).alias("id")),
        source=SLUG,
        release=found.release,
        domain="dialogue",
        split=found.split,
    )


def _turns(content: dict[str, str | None], turns: str) -> Iterator[tuple[int, str | None]]:
    """The person's sentences. The third turn may be empty, which means that there was none."""
    if turns == "first":
        yield 1, content.get("HS01")
        return
    for key, sentence in content.items():
        match = _PERSON.match(key)
        if match and (int(match[1]) <= 2 or (sentence or "").strip()):
            yield int(match[1]), sentence


def _read_table(found: Found, table: pl.DataFrame, settings: Settings) -> Iterator[pl.DataFrame]:
    import polars as pl

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
        if turn > 1 and "reason" in table.columns:
            spoken = spoken.filter(pl.col("reason").is_null())
        yield rows_frame(
            found.raw,
            spoken.with_columns(
                pl.col(column).alias("raw_text"),
                id_column(
                    SLUG, found.release, f"{found.layout}-{found.split}", pl.col("position"), str(turn)
                ).alias("id"),
            ),
            source=SLUG,
            release=found.release,
            domain="dialogue",
            split=found.split,
            turn=turn,
        )
