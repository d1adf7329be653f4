"""The steps of a row from raw text to shard: one list, which everything that prepares text runs.

    read → clean → relabel → tag → key_tokens → split → (decide) → write

What needs the whole corpus is decided by `etl.ingestion.corpus.decide`, a partition of it at a time: what
people corrected, repeated ids, duplicates, conflicts and leaks. `etl.ingestion.ingest` reads, runs both and
writes. `etl predict`, `etl tokens` and the validation of
outside tables run the steps of the scopes that apply to them. No step drops a row: it adds columns, or marks
the row with the reason for which it will be rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from etl.ingestion.steps.clean import clean
from etl.ingestion.steps.key_tokens import key_tokens
from etl.ingestion.steps.relabel import relabel
from etl.ingestion.steps.split import split
from etl.ingestion.steps.tag import TagTexts, tag
from etl.schema import taxonomy
from etl.schema.taxonomy import Taxonomy
from etl.settings import Settings
from etl.tagging.policy import KEEP_ALL, Policy

# What a step applies to: the text of any sentence; its tokens, which need a tagger; a row of a corpus, which
# has a label; the keys of all rows of all corpora.
Scope = Literal["text", "tokens", "row", "corpus"]
TEXT: tuple[Scope, ...] = ("text",)
TOKENS: tuple[Scope, ...] = ("tokens",)
SENTENCE: tuple[Scope, ...] = ("text", "tokens")
BATCH: tuple[Scope, ...] = ("text", "row", "tokens")


def _no_tagger(texts: pl.Series) -> pl.DataFrame:
    raise RuntimeError(f"{len(texts)} texts to tag, but no tagger was opened")


@dataclass(frozen=True)
class Tools:
    """Everything that the steps need beside the rows.

    Args:
        settings: what decides the content of a dataset.
        tag_texts: an open tagger; needed for the scope `tokens` only.
        policy: which tokens are key tokens.
    """

    settings: Settings
    tag_texts: TagTexts = _no_tagger
    policy: Policy = KEEP_ALL

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The labels of the settings."""
        return taxonomy.load(self.settings.taxonomy)

    @property
    def tags_cheaply(self) -> bool:
        """Whether the tagger costs less than finding equal sentences."""
        return self.settings.tag.tagger == "whitespace"


@dataclass(frozen=True)
class Step:
    """One step: a pure function from a frame and the tools to a frame with the same rows.

    Args:
        name: the name of its file in `etl/ingestion/steps/`.
        scope: what it applies to.
        run: the function.
    """

    name: str
    scope: Scope
    run: Callable[[pl.DataFrame, Tools], pl.DataFrame]


# Adding a step is one file in `etl/ingestion/steps/` and one line here.
STEPS: tuple[Step, ...] = (
    Step("clean", "text", lambda rows, tools: clean(rows, tools.settings.clean)),
    Step("relabel", "row", lambda rows, tools: relabel(rows, tools.taxonomy, tools.settings)),
    Step("tag", "tokens", lambda rows, tools: tag(rows, tools.tag_texts, is_cheap=tools.tags_cheaply)),
    Step("key_tokens", "tokens", lambda rows, tools: key_tokens(rows, tools.policy)),
    Step("split", "row", lambda rows, tools: split(rows, tools.settings.split)),
)


def run_steps(rows: pl.DataFrame, tools: Tools, scopes: Collection[Scope]) -> pl.DataFrame:
    """Runs the steps of some scopes, in the order of `STEPS`.

    Args:
        rows: what the first of these steps expects; see `etl/ingestion/steps/`.
        tools: what the steps need.
        scopes: which steps to run, such as `SENTENCE`.

    Returns:
        The same rows in the same order, with the columns that the steps add.
    """
    for step in STEPS:
        if step.scope in scopes:
            rows = step.run(rows, tools)
    return rows


def sentences(texts: pl.Series) -> pl.DataFrame:
    """Returns rows for the steps of the scopes `text` and `tokens`: `raw_text`, `reason`, `detail`."""
    unmarked = [pl.lit(None, pl.String).alias(name) for name in ("reason", "detail")]
    return texts.rename("raw_text").to_frame().with_columns(unmarked)
