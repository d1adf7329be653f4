"""AIHub 웰니스 대화 스크립트 (`wellness`): what people tell a counsellor, by topic.

    구분              | 유저                          | 챗봇
    감정/걱정/미래    | 앞으로 어떻게 될지 모르겠어요. | 걱정이 많으시군요. …
    증상/불면         | 밤새 뒤척였어요.               |

The topic is a path; it stays whole in `raw_label`, and the label table says which part of it decides. What
the chatbot answers is no row.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import Copy, find_copy, read_copy
from etl.ingestion.sources.frame import rows_frame
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.schema import contract
from etl.schema.taxonomy import label_table
from etl.settings import Settings

SLUG = "wellness"
_TOPIC, _USER = 0, 1  # the columns in the order of the contract


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has sentences and, for more than half of them, topics of the tree."""
    copy = find_copy(preview, SLUG)
    if copy is None or not (preview.is_named or _has_topics(copy)):
        return None
    return copy.recognised(SLUG, preview)


def _has_topics(copy: Copy) -> bool:
    labels = label_table(SLUG)
    topics = [topic.split(labels.levels)[0] for topic in copy.values(copy.layout.columns[_TOPIC])]
    roots = {code.split(labels.levels)[0] for code in labels.codes}
    return 2 * sum(topic in roots for topic in topics) > len(topics) or not topics


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the sentences, in frames of bounded size."""
    for file in files:
        names = contract.load(SLUG).layouts[file.layout].columns
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            for raw, table in read_copy(file, open_file, log):
                columns = table.with_columns(
                    pl.col(names[_USER]).alias("raw_text"),
                    pl.col(names[_TOPIC]).alias("raw_label"),
                )
                yield rows_frame(raw, columns, source=SLUG, release=file.release)
