"""From a token to where it came from, and from a row to its ids: what `etl trace` shows."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from etl.dataset import preparation, vocab
from etl.dataset.read import Dataset
from etl.errors import InputError
from etl.ingestion.prepare import prepare
from etl.language.message import tr
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS

# Enough words to see what a token stands for; the most frequent ones come first.
MOST_FORMS = 20
_LOOKED_AT = 2_000


@dataclass(frozen=True)
class Place:
    """A row, and where it came from; of a row without a label what the votes say."""

    id: str
    split: str
    label: str
    file: str
    member: str
    position: int
    times: int  # how often it has the token


@dataclass(frozen=True)
class TracedToken:
    """A token of the vocabulary, or one that became `<unk>`."""

    token: str
    token_id: int
    in_train: int
    rows: dict[str, int]  # by split: how many rows have it
    forms: dict[str, int]  # eojeols that are cut into it, and in how many of the rows looked at each occurs
    places: list[Place]


@dataclass(frozen=True)
class TracedRow:
    """A row of the dataset: its text, tokens and ids."""

    id: str
    split: str
    source: str
    label: str | None
    label_votes: list[dict[str, str | float]] | None
    raw_label: str
    file: str
    member: str
    position: int
    raw_text: str
    text: str
    tokens: list[str]
    tags: list[str]
    ids: list[int]


def trace(dataset: Dataset, what: str, *, limit: int = 10, workers: int = 1) -> TracedToken | TracedRow:
    """Looks `what` up: the id of a row, a token, or the id of a token.

    Args:
        dataset: with a vocabulary.
        what: `id:17` is the id of a token; so is a number, unless it is a token itself.
        limit: how many places of a token to list.
        workers: tagging processes.

    Raises:
        InputError: it is none of these, or the dataset or its vocabulary is damaged.
    """
    vocabulary = vocab.read_vocab_of(dataset)
    row = _row(dataset, what)
    if row is not None:
        return _traced_row(row, vocabulary)
    token = what
    number = what.removeprefix("id:")
    if number.isdecimal() and what not in vocabulary.tokens:
        token = _token_of(vocabulary, int(number), dataset)
    return _traced_token(dataset, vocabulary, token, limit, workers)


def _token_of(vocabulary: vocab.Vocabulary, token_id: int, dataset: Dataset) -> str:
    if token_id >= len(vocabulary):
        raise InputError(
            tr("no token has the id {number:,}", number=token_id),
            details=[tr("expected an id below {size:,}, the size of the vocabulary", size=len(vocabulary))],
            next_step=tr("the ids stand in {file}", file=dataset.path / vocab.READABLE),
        )
    if token_id < len(vocab.RESERVED):
        raise _reserved(vocab.RESERVED[token_id], dataset)
    return vocabulary.tokens[token_id]


def _reserved(token: str, dataset: Dataset) -> InputError:
    return InputError(
        tr("{token} is no token of a sentence", token=token),
        details=[tr("0 is padding, 1 stands for every token that the vocabulary does not know")],
        next_step=tr("the ids stand in {file}", file=dataset.path / vocab.READABLE),
    )


def _row(dataset: Dataset, what: str) -> pl.DataFrame | None:
    found: pl.DataFrame = dataset.scan(*ALL_SPLITS).filter(pl.col("id") == what).collect()
    return found if found.height else None


def _traced_row(row: pl.DataFrame, vocabulary: vocab.Vocabulary) -> TracedRow:
    own = row.row(0, named=True)
    ids = vocab.encode(vocabulary, row["tokens"].explode().drop_nulls()).to_list()
    names = [name for name in TracedRow.__dataclass_fields__ if name != "ids"]
    return TracedRow(**{name: own[name] for name in names}, ids=ids)


def _traced_token(
    dataset: Dataset, vocabulary: vocab.Vocabulary, token: str, limit: int, workers: int
) -> TracedToken:
    rows = (
        dataset.scan(*ALL_SPLITS)
        .filter(pl.col("tokens").list.contains(token))
        .select(
            *("id", "split", votes.in_words().alias("label"), "file", "member", "position", "text"),
            pl.col("tokens").list.count_matches(token).cast(pl.Int64).alias("times"),
        )
        .collect()
    )
    if not rows.height and token in vocab.RESERVED:
        raise _reserved(token, dataset)
    if not rows.height:
        raise InputError(
            tr(
                '"{token}" is neither a token nor the id of a token or a row of {dataset}',
                token=token,
                dataset=dataset.path,
            ),
            cause=tr("Tokens are what the tagger gives: stems, often, and without what is no key token."),
            next_step=tr(
                'see how a sentence is cut: `etl tokens "{token}" --tagger {tagger}`',
                token=token,
                tagger=dataset.manifest.settings.tag.tagger,
            ),
        )
    by_split = dict(rows.group_by("split").len().iter_rows())
    listed = rows.head(limit).select(list(Place.__dataclass_fields__)).iter_rows(named=True)
    return TracedToken(
        token=token,
        token_id=vocabulary.tokens.index(token) if token in vocabulary.tokens else vocab.UNKNOWN,
        in_train=int(rows.filter(pl.col("split") == "train")["times"].sum()),
        rows={split: by_split[split] for split in ALL_SPLITS if split in by_split},
        forms=_forms(dataset, rows["text"].head(_LOOKED_AT), token, workers),
        places=[Place(**place) for place in listed],
    )


def _forms(dataset: Dataset, texts: pl.Series, token: str, workers: int) -> dict[str, int]:
    """The eojeols of `texts` that give the token when they are tagged alone, the most frequent first."""
    how = preparation.load(dataset.file(preparation.FILE))
    eojeols = texts.str.split(" ").list.unique().explode().value_counts(name="rows")
    with preparation.open_tagger(how, workers) as tagger:
        tokens = prepare(how, eojeols[texts.name], tagger)["tokens"]
    found = (
        eojeols.filter(tokens.list.contains(token))
        .sort("rows", texts.name, descending=[True, False])
        .head(MOST_FORMS)
    )
    return {form: int(count) for form, count in found.select(texts.name, pl.col("rows")).iter_rows()}
