"""Compares the tokens of a sentence by tagger, before and after the key-token filter.

Cleans, tags and filters as `etl ingest` does, with several taggers and nothing written.
"""

from __future__ import annotations

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
from etl.runtime.console import Progress
from etl.settings import Settings, Tag
from etl.tagging import policy, taggers
from etl.tagging.tagger import open_tagger

# Those that answer at once; Hannanum and Kkma do if they are asked for.
USUAL = ("okt", "komoran", "mecab", "kiwi")
_UNUSABLE = "not usable"
_FILE_NAME = re.compile(r"\S+\.(?:txt|csv|tsv|jsonl?|ndjson|xlsx|zip|gz|parquet|arrow)", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
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
class Answer:
    """Result of one tagger for a sentence.

    Args:
        tagger: its name.
        tokens: the tokens, none where there is a problem.
        problem: the reason with which `etl ingest` would reject it, or that the tagger is not usable.
        found: what went wrong.
    """

    tagger: str
    tokens: tuple[Token, ...]
    problem: str | None
    found: str | None


@dataclass(frozen=True)
class Sentence:
    """A sentence and the answers of the taggers; none where a reason keeps it from them.

    Args:
        raw_text: the sentence as given.
        text: the same, cleaned.
        reason: why `etl ingest` would reject it before it is tagged, or None.
        detail: what was found.
        answers: one for each tagger.
    """

    raw_text: str
    text: str
    reason: str | None
    detail: str | None
    answers: tuple[Answer, ...]

    def document(self) -> dict[str, Any]:
        """The sentence for a machine."""
        return asdict(self)


def usable(names: Sequence[str]) -> tuple[list[str], list[SettingsError]]:
    """The taggers to compare, and why some of the usual ones are not among them.

    Args:
        names: those asked for, or none for the usual ones.

    Raises:
        SettingsError: one that was asked for is not installed, or none of the usual ones is.
    """
    missing: list[SettingsError] = []
    installed = []
    for name in dict.fromkeys(names or USUAL):
        try:
            taggers.versions(name)
            installed.append(name)
        except SettingsError as error:
            missing.append(error)
    if missing and (names or not installed):
        raise missing[0]
    return installed, missing


def sentences_of(text_or_file: str, limit: int) -> list[str]:
    """The sentence itself, or the first sentences of the file that it names.

    Raises:
        InputError: the file cannot be read, is in no known encoding, or has no sentence.
        SettingsError: there is no sentence.
    """
    if not text_or_file.strip():
        raise SettingsError(
            "there is no sentence to cut",
            details=[f"expected a sentence or a file, got {len(text_or_file)} blank characters"],
            next_step="give a sentence in quotation marks, or a text file with one sentence a line.",
        )
    file = _as_file(text_or_file)
    if file is not None:
        return read_sentences(file, limit)
    try:
        text_or_file.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SettingsError(
            "the sentence is not UTF-8",
            details=[f"character {error.start + 1} is half of one, or a byte of another encoding"],
            next_step="put it into a text file, UTF-8 or cp949, and name the file.",
        ) from error
    return [text_or_file]


def _as_file(text_or_file: str) -> Path | None:
    try:
        path = Path(text_or_file)
        is_there = path.exists()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return None
    if not is_there and _FILE_NAME.fullmatch(text_or_file):
        raise InputError(
            f"there is no file {text_or_file}",
            cause="The argument looks like the name of a file, not like a sentence.",
            next_step="check the path, or add a space if it is a sentence.",
        )
    return path if is_there else None


def compare(
    raw_texts: Sequence[str], chosen: Settings, names: Sequence[str], progress: Progress
) -> list[Sentence]:
    """Cleans each sentence and lets each tagger cut it; one that cannot be used hides no other.

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
    answers: dict[str, list[Answer]] = {text: [] for text in texts}
    unusable: list[EtlError] = []
    tags = [msgspec.structs.replace(chosen.tag, tagger=name) for name in names]
    for tag in tags:
        policy.load(tag)  # so that wrong settings are told before a tagger is started
    for tag in tags if len(texts) else []:
        progress(0, f"tagging with {tag.tagger}")
        try:
            for text, answer in _answers(chosen, tag, distinct):
                answers[text].append(answer)
        except EtlError as error:
            unusable.append(error)
            for text in texts:
                answers[text].append(
                    Answer(tag.tagger, (), _UNUSABLE, "; ".join([error.what, *error.details]))
                )
        progress(1)
    if len(unusable) == len(tags):
        raise unusable[0]
    return [
        Sentence(
            row["raw_text"],
            row["text"],
            row["reason"],
            row["detail"],
            tuple(answers[row["text"]]) if row["reason"] is None else (),
        )
        for row in rows.to_dicts()
    ]


def _answers(settings: Settings, tag: Tag, rows: pl.DataFrame) -> Iterator[tuple[str, Answer]]:
    """Each text with what the tagger made of it."""
    key_tokens = policy.load(tag)
    with open_tagger(tag, workers=1) as tagger:
        tagged = run_steps(rows, Tools(settings, tagger, key_tokens), TOKENS)
    tokens: dict[str, list[Token]] = {text: [] for text in rows["text"]}
    for text, *token in _explained(tagged, key_tokens).iter_rows():
        tokens[text].append(Token(*token))
    # A sentence of which no token is kept has been tagged all the same.
    is_tagged = pl.col("reason").is_null() | (pl.col("reason") == "no_key_tokens")
    problems = tagged.select("text", pl.when(~is_tagged).then(pl.col("reason", "detail")))
    for text, problem, found in problems.iter_rows():
        yield text, Answer(tag.tagger, tuple(tokens[text]), problem, found)


def _explained(tagged: pl.DataFrame, key_tokens: policy.Policy) -> pl.DataFrame:
    """One row a token: `text`, `tokens`, `tags`, `coarse`, `is_kept`."""
    token, part = pl.col("tokens"), pl.col("tags")
    return (
        tagged.select("text", tokens="all_tokens", tags="all_tags")
        .explode("tokens", "tags")
        .drop_nulls("tokens")
        .with_columns(
            key_tokens.coarse_class(token, part).alias("coarse"),
            (pl.lit(key_tokens.keeps_all) | key_tokens.is_kept(token, part)).alias("is_kept"),
        )
    )
