"""BEEP! (`beep`): TSV files with a comment, the bias in it, and whether it is hateful.

    comments<TAB>contain_gender_bias<TAB>bias<TAB>hate
    오늘 방송 재밌었다<TAB>False<TAB>none<TAB>none

The label is `hate`; the bias is kept in annotations. `test.no_label.tsv` has the comments only.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import find_copy
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.sentences import read_sentences
from etl.ingestion.tables.preview import Preview
from etl.schema.splits import split_in_path
from etl.settings import Settings

SLUG = "beep"
_TEXT, _LABEL = "comments", "hate"
# The layouts of the contract: of the test file the second.
_LABELLED, _UNLABELLED = "labelled", "unlabelled"
_BIAS = ("contain_gender_bias", "bias")


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has comments and their labels, or is the test file, which has the comments only."""
    copy = find_copy(preview, SLUG, _LABELLED)
    if copy is not None and (preview.is_named or copy.has_labels(SLUG, _LABEL)):
        return copy.recognised(SLUG, preview)
    if preview.header == [_TEXT] and split_in_path(preview.raw.path) == "test":
        return RecognisedFile(SLUG, preview.raw, _UNLABELLED, split="test")
    return None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the comments, in frames of bounded size."""
    bias = pl.concat_str(
        [pl.format(f"{name}={{}}", name) for name in _BIAS], separator=";", ignore_nulls=True
    )
    yield from read_sentences(
        files,
        log,
        raw_text=pl.col(_TEXT),
        raw_label=pl.col(_LABEL),
        annotations=bias.replace("", None),
    )
