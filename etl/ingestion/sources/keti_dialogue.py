"""KETI 한국어 연속적 대화 (`keti-dialogue`): a workbook whose header stands in the first data row.

    dialog # | 발화                  | 감정
    S        | 아 진짜! 사무실에서 …   | 분노
             | 그럴 때는 …            | 혐오

`S` marks the first utterance of a dialogue; the dialogue is the group. Copies exist that have lost that
column, and some have numbers for labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import polars as pl

from etl.ingestion.sources.copies import Copy, find_copy, has_name_of, read_copy
from etl.ingestion.sources.frame import filled, rows_frame, whole_number
from etl.ingestion.sources.raw import InputLog, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.language.message import tr
from etl.schema import contract, taxonomy
from etl.schema.text_ids import text_id
from etl.settings import Settings

SLUG = "keti-dialogue"
# Layouts of the contract: the whole one, and one without dialogues.
_DIALOGUES, _NUMBERED = "dialogues", "numbered"
_START, _STARTS = "dialog #", "S"
# Numbers for labels are in alphabetical order. Four fifths of the utterances are neutral, so this is the
# commonest number if they are; of 단발성 one sentence in eight is neutral.
_NEUTRAL_NUMBER = "4"
_MOSTLY, _FEW_LABELS = 0.6, 10


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has the columns, with labels of the corpus; without dialogues most must be neutral."""
    copy = find_copy(preview, SLUG)
    if copy is None or not (preview.is_named or _is_certain(copy, preview)):
        return None
    return copy.recognised(SLUG, preview)


def _is_certain(copy: Copy, preview: Preview) -> bool:
    name = copy.layout.name
    labels = copy.values(_label_column(copy.layout))
    if name == _NUMBERED:
        return _is_alphabetical(labels)
    return copy.has_labels(SLUG, _label_column(copy.layout)) and (
        name == _DIALOGUES or is_likely(preview.raw, labels)
    )


def is_likely(raw: RawFile, labels: Sequence[str]) -> bool:
    """Whether sentences with labels are this corpus, as the file is called so or most labels are neutral."""
    is_neutral = len(labels) >= _FEW_LABELS and labels.count(neutral_label()) > _MOSTLY * len(labels)
    return is_neutral or has_name_of(raw, SLUG)


def neutral_label() -> str:
    """Returns the label of the utterances that carry no emotion."""
    return taxonomy.label_table(SLUG).spellings[_NEUTRAL_NUMBER]


def _is_alphabetical(numbers: Sequence[str]) -> bool:
    """Whether the commonest number is that of neutral in alphabetical order."""
    return bool(numbers) and Counter(numbers).most_common(1)[0][0] == _NEUTRAL_NUMBER


def _label_column(layout: contract.Layout) -> str:
    return layout.columns[-1]


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the utterances, one frame a table. Each has its own label, so all turns are read."""

    for file in files:
        sentence, label = contract.load(SLUG).layouts[file.layout].columns[-2:]
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            for raw, frames in groupby(read_copy(file, open_file, log), key=itemgetter(0)):
                table = _with_dialogues(pl.concat(frame for _, frame in frames), sentence)
                log.warnings += _warnings(raw, table, label, file.layout)
                columns = table.with_columns(
                    pl.col(sentence).alias("raw_text"),
                    pl.col(label).alias("raw_label"),
                )
                yield rows_frame(raw, columns, source=SLUG, release=file.release)


def _with_dialogues(table: pl.DataFrame, sentence: str) -> pl.DataFrame:
    """Adds `turn` and `group`, made of how the dialogue opens, unless nothing says where one begins."""
    if _START not in table.columns or not table.select(filled(pl.col(_START)).is_not_null().any()).item():
        return table
    mark = filled(pl.col(_START)).str.to_uppercase()
    is_start = (mark == _STARTS).fill_null(value=False)
    # A copy may number the dialogues instead.
    dialogue = pl.when(is_start.any()).then(is_start.cum_sum()).otherwise(mark.forward_fill().rle_id())
    return table.with_columns(dialogue=dialogue).with_columns(
        pl.int_range(1, pl.len() + 1).over("dialogue").alias("turn"),
        text_id("dialogue", text=pl.col(sentence).first().over("dialogue")).alias("group"),
    )


def _warnings(raw: RawFile, table: pl.DataFrame, label: str, layout: str) -> Iterator[str]:
    if "group" not in table.columns:
        yield (
            tr(
                "{file} does not say where a dialogue begins: each utterance is a group of its "
                "own, so those of one dialogue may stand in train and in test",
                file=raw.name,
            )
        )
    if layout == _NUMBERED:
        numbers = table.select(filled(whole_number(pl.col(label))).drop_nulls()).to_series().to_list()
        names = taxonomy.label_table(SLUG).spellings
        order = ", ".join(f"{number} {name}" for number, name in names.items() if number.isdigit())
        said = tr(
            "{file} has numbers for labels, read in alphabetical order ({order})", file=raw.name, order=order
        )
        if not _is_alphabetical(numbers):
            said = tr("{said}, though {number} is not the commonest", said=said, number=_NEUTRAL_NUMBER)
        yield said
