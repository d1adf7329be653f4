"""Compares taggers: the tokens that each finds in a sentence, and which of them are key tokens.

Runs the steps of ingest once for each tagger, and writes nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from etl.errors import EtlError, InputError, SettingsError
from etl.ingestion.pipeline import TEXT, TOKENS, Tools, run_steps, sentences
from etl.ingestion.sentence_files import read_sentences
from etl.language.message import joined, tr
from etl.runtime.console import Progress
from etl.settings import Settings, Table, Tag
from etl.tagging import policy, taggers
from etl.tagging.tagger import open_tagger

# Those that result at once; Hannanum and Kkma do if they are asked for.
DEFAULT_TAGGERS = ("okt", "komoran", "mecab", "kiwi")
_UNUSABLE = tr("not usable")
_FILE_NAME = re.compile(r"\S+\.(?:txt|csv|tsv|jsonl?|ndjson|xls[xm]?|zip|gz|parquet|arrow)", re.IGNORECASE)


@dataclass(frozen=True)
class ComparedToken:
    """One token of a tagger.

    Args:
        token: the token.
        tag: its part of speech, as the tagger calls it.
        coarse: its coarse class.
        is_kept: whether it is a key token.
    """

    token: str
    tag: str
    coarse: str
    is_kept: bool


@dataclass(frozen=True)
class TaggerResult:
    """The tokens that one tagger found in a sentence.

    Args:
        tagger: its name.
        tokens: the tokens, none where there is a problem.
        problem: the reason with which `etl ingest` would reject it, or that the tagger is not usable.
        found: what went wrong.
    """

    tagger: str
    tokens: tuple[ComparedToken, ...]
    problem: str | None
    found: str | None


@dataclass(frozen=True)
class ComparedSentence:
    """A sentence with the results of the taggers; there are none if it is rejected before it is tagged.

    Args:
        raw_text: the sentence as given.
        text: the same, cleaned.
        reason: why `etl ingest` would reject it before it is tagged, or None.
        detail: what was found.
        answers: the result of each tagger.
    """

    raw_text: str
    text: str
    reason: str | None
    detail: str | None
    answers: tuple[TaggerResult, ...]

    def document(self) -> dict[str, Any]:
        """Returns the sentence as plain dicts and lists, for JSON."""
        return asdict(self)


def installed_taggers(names: Sequence[str]) -> tuple[list[str], list[SettingsError]]:
    """Returns the installed taggers to compare, and the errors of the default ones that are not installed.

    Args:
        names: requested taggers; none: the default ones.

    Raises:
        SettingsError: a requested tagger is not installed, or none of the default ones is.
    """
    missing: list[SettingsError] = []
    installed = []
    for name in dict.fromkeys(names or DEFAULT_TAGGERS):
        try:
            taggers.versions(name)
            installed.append(name)
        except SettingsError as error:
            missing.append(error)
    if missing and (names or not installed):
        raise missing[0]
    return installed, missing


def parse_sentences(text_or_file: str, limit: int, table: Table = Table()) -> list[str]:
    """Returns the sentence itself, or the first sentences of the file that it names.

    Args:
        text_or_file: the sentence, or the path of the file.
        limit: how many sentences of a file.
        table: of a table, which column holds the sentences and how it is written.

    Raises:
        InputError: the file cannot be read, is in no known encoding, or has no sentence.
        SettingsError: there is no sentence.
    """
    if not text_or_file.strip():
        raise SettingsError(
            tr("there is no sentence to cut"),
            details=[
                tr("expected a sentence or a file, got {number} blank characters", number=len(text_or_file))
            ],
            next_step=tr("give a sentence in quotation marks, or a text file with one sentence a line."),
        )
    file = _as_file(text_or_file)
    if file is not None:
        return read_sentences(file, limit, table)
    try:
        text_or_file.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SettingsError(
            tr("the sentence is not UTF-8"),
            details=[
                tr("character {number} is half of one, or a byte of another encoding", number=error.start + 1)
            ],
            next_step=tr("put it into a text file, UTF-8 or cp949, and name the file."),
        ) from error
    return [text_or_file]


def _as_file(text_or_file: str) -> Path | None:
    try:
        path = Path(text_or_file)
        is_there = os.path.lexists(path)  # a link to nowhere is called that when it is read
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return None
    if not is_there and _FILE_NAME.fullmatch(text_or_file):
        raise InputError(
            tr("there is no file {path}", path=text_or_file),
            cause=tr("The argument looks like the name of a file, not like a sentence."),
            next_step=tr("check the path, or add a space if it is a sentence."),
        )
    return path if is_there else None


def compare_taggers(
    raw_texts: Sequence[str], chosen: Settings, names: Sequence[str], progress: Progress
) -> list[ComparedSentence]:
    """Runs the steps of ingest on each sentence, once with each tagger. A tagger that fails hides no other.

    Args:
        raw_texts: the sentences.
        chosen: how they are cleaned, tagged and filtered; its tagger is not looked at.
        names: the taggers, all installed.
        progress: told of each tagger that is done.

    Raises:
        SettingsError: `tag.keep` or the stop words cannot be used.
        EtlError: not one of the taggers can be used.
    """

    tools = Tools(chosen)
    rows = run_steps(sentences(pl.Series(raw_texts, dtype=pl.String)), tools, TEXT)
    distinct = rows.filter(pl.col("reason").is_null()).unique("text", keep="first", maintain_order=True)
    texts = distinct["text"]
    results: dict[str, list[TaggerResult]] = {text: [] for text in texts}
    unusable: list[EtlError] = []
    tags = [msgspec.structs.replace(chosen.tag, tagger=name) for name in names]
    for tag in tags:
        policy.load(tag)  # so that wrong settings are told before a tagger is started
    for tag in tags if len(texts) else []:
        progress(0, tr("tagging with {tagger}", tagger=tag.tagger))
        try:
            for text, result in _tag(chosen, tag, distinct):
                results[text].append(result)
        except EtlError as error:
            unusable.append(error)
            for text in texts:
                results[text].append(
                    TaggerResult(tag.tagger, (), _UNUSABLE, joined("; ", (error.what, *error.details)))
                )
        progress(1)
    if len(unusable) == len(tags):
        raise unusable[0]
    return [
        ComparedSentence(
            row["raw_text"],
            row["text"],
            row["reason"],
            row["detail"],
            tuple(results[row["text"]]) if row["reason"] is None else (),
        )
        for row in rows.to_dicts()
    ]


def _tag(settings: Settings, tag: Tag, rows: pl.DataFrame) -> Iterator[tuple[str, TaggerResult]]:
    """Yields each text with the result of one tagger."""
    key_tokens = policy.load(tag)
    with open_tagger(tag, workers=1) as tagger:
        tagged = run_steps(rows, Tools(settings, tagger, key_tokens), TOKENS)
    tokens: dict[str, list[ComparedToken]] = {text: [] for text in rows["text"]}
    for text, *token in _explained(tagged, key_tokens).iter_rows():
        tokens[text].append(ComparedToken(*token))
    # A sentence of which no token is kept has been tagged all the same.
    is_tagged = pl.col("reason").is_null() | (pl.col("reason") == "no_key_tokens")
    problems = tagged.select("text", pl.when(~is_tagged).then(pl.col("reason", "detail")))
    for text, problem, found in problems.iter_rows():
        yield text, TaggerResult(tag.tagger, tuple(tokens[text]), problem, found)


def _explained(tagged: pl.DataFrame, key_tokens: policy.Policy) -> pl.DataFrame:
    """One row a token: `text`, `tokens`, `tags`, `coarse`, `is_kept`."""
    token, part = pl.col("tokens"), pl.col("tags")
    return (
        tagged.select(
            "text",
            tokens="all_tokens",
            tags="all_tags",
            is_emptied=pl.col("reason").eq_missing("no_key_tokens"),
        )
        .explode("tokens", "tags")
        .drop_nulls("tokens")
        .with_columns(
            key_tokens.coarse_class(token, part).alias("coarse"),
            is_kept=(pl.lit(key_tokens.keeps_all) | key_tokens.is_kept(token, part)) & ~pl.col("is_emptied"),
        )
        .drop("is_emptied")
    )
