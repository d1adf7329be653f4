"""The vocabulary: tokens of the training split to ids, written into the dataset.

`vocab.json` is what everything reads, `vocab.tsv` the same for people.

Only train is counted, so nothing of validation or test shapes the ids. Which tokens a row has is decided by
ingest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl

from etl.dataset.additions import add_files
from etl.dataset.manifest import MANIFEST
from etl.dataset.read import SPLITS, Dataset, open_dataset
from etl.dataset.token_counts import count_in_shards, count_tokens
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.runtime.engine.protocol import Engine
from etl.runtime.json_text import decode_json
from etl.settings import PathLike
from etl.user_files.plain import plain_file

FILE, READABLE = "vocab.json", "vocab.tsv"
# In the place of the filter's hash, of a vocabulary of tokens that no filter has passed over.
ALL_TOKENS = "all"
FORMAT = 1
PAD, UNKNOWN = 0, 1
RESERVED = ("<pad>", "<unk>")


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens in the order of their ids, and what they were counted from.

    `counts` stands beside `tokens`: how often each occurs in train; at `<unk>` how many train tokens have no
    id of their own. `tagger` and `key_tokens` are the hashes of what made the tokens, `shards` those of the
    training shards by name.
    """

    format: int
    tokens: tuple[str, ...]
    counts: tuple[int, ...]
    min_count: int
    max_size: int | None
    tagger: str
    key_tokens: str
    shards: dict[str, str]

    def __len__(self) -> int:
        """The number of ids, `<pad>` and `<unk>` included: the rows an embedding must have."""
        return len(self.tokens)


@dataclass(frozen=True)
class Coverage:
    """Rows and tokens of one split, and tokens that are not in the vocabulary."""

    rows: int
    tokens: int
    unknown: int

    @property
    def known_share(self) -> float:
        """The share of tokens that have an id of their own, 0 to 1."""
        return 1 - self.unknown_share

    @property
    def unknown_share(self) -> float:
        """The share of tokens that become `<unk>`, 0 to 1."""
        return self.unknown / self.tokens if self.tokens else 0.0


def build_vocab(
    dataset: Dataset | PathLike,
    *,
    min_count: int = 2,
    max_size: int | None = None,
    engine: Engine | None = None,
) -> Vocabulary:
    """Gives each token of the training split an id, and adds `vocab.json` and `vocab.tsv` to the dataset.

    Ids go by count, the highest first, then by code point: the same shards give the same bytes.

    Args:
        dataset: the dataset or its folder; its manifest lists the two files afterwards.
        min_count: rarer tokens become `<unk>`.
        max_size: at most so many ids, `<pad>` and `<unk>` included, so at least 3; None: no limit.
        engine: where the tokens are counted; None: on this machine.

    Raises:
        InputError: there is no dataset, or its training split has no rows.
        SettingsError: the options leave no token.
        WriteError: a file cannot be written.
    """
    dataset = open_dataset(dataset)
    vocabulary = count_vocab(dataset, min_count=min_count, max_size=max_size, engine=engine)
    add_vocab(dataset, vocabulary)
    return vocabulary


def add_vocab(dataset: Dataset, vocabulary: Vocabulary) -> None:
    """Adds `vocab.json` and `vocab.tsv` to a dataset, whose manifest lists them afterwards.

    Raises:
        WriteError: a file cannot be written; the dataset is as it was.
    """
    contents = {READABLE: to_tsv(vocabulary).encode(), FILE: to_bytes(vocabulary)}
    add_files(dataset.path, contents, "etl build-vocab")


def count_vocab(
    dataset: Dataset, *, min_count: int = 2, max_size: int | None = None, engine: Engine | None = None
) -> Vocabulary:
    """Counts the vocabulary of the training split without writing it.

    Raises:
        InputError: the training split has no rows, or a shard is damaged.
        SettingsError: the options leave no token.
    """
    if not _count_rows(dataset, "train"):
        raise InputError(
            tr(
                "{dataset} has no training rows, and a vocabulary is counted from nothing else",
                dataset=dataset.path,
            ),
            cause=tr("Every row was rejected, waits for a label, or belongs to validation or test."),
            next_step=tr(
                "see why with `etl rejects {dataset}`, or label rows that wait with `etl review "
                "{dataset}`; then ingest again",
                dataset=dataset.path,
            ),
        )
    with wrap_read_errors(dataset, "train"):
        if engine is None or engine.n_partitions == 1:
            counted = count_tokens(dataset.scan("train"))
        else:
            counted = count_in_shards(dataset, engine)
        return _select_tokens(dataset, counted, min_count, max_size)


def count_all_tokens(dataset: Dataset, train: pl.DataFrame, like: Vocabulary) -> Vocabulary:
    """Counts the vocabulary of all tokens of the training rows, not only of the key tokens.

    Args:
        dataset: the dataset of the rows.
        train: the training rows with all tokens in the column `tokens`.
        like: the vocabulary of the key tokens, whose `min_count` and `max_size` hold here too.

    Raises:
        SettingsError: no token is frequent enough.
    """
    vocabulary = _select_tokens(dataset, count_tokens(train.lazy()), like.min_count, like.max_size)
    return msgspec.structs.replace(vocabulary, key_tokens=ALL_TOKENS)


def to_bytes(vocabulary: Vocabulary) -> bytes:
    """Returns the content of `vocab.json`: the same vocabulary, the same bytes."""
    return msgspec.json.encode(vocabulary) + b"\n"


def to_tsv(vocabulary: Vocabulary) -> str:
    """Returns the content of `vocab.tsv`, for people: each id with its token and its count in train."""
    rows = enumerate(zip(vocabulary.tokens, vocabulary.counts, strict=True))
    return "id\ttoken\tcount\n" + "".join(f"{index}\t{token}\t{count}\n" for index, (token, count) in rows)


def hash_vocab(vocabulary: Vocabulary) -> str:
    """Returns the sha256 that models and manifests store of their vocabulary."""
    return hashlib.sha256(to_bytes(vocabulary)).hexdigest()


def read_vocab(path: Path, *, next_step: str = "") -> Vocabulary:
    """Reads the `vocab.json` of a dataset or a model, and checks it.

    Args:
        path: the file.
        next_step: the advice of an error; by default to build the vocabulary.

    Raises:
        InputError: it is not there, not readable, or contradicts itself.
    """
    rebuild = next_step or tr("build it with `etl build-vocab {dataset}`", dataset=path.parent)
    try:
        vocabulary = decode_json(plain_file(path).read_bytes(), Vocabulary)
    except FileNotFoundError as error:
        raise InputError(
            tr("{folder} has no vocabulary ({file})", folder=path.parent, file=path.name), next_step=rebuild
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            tr("{path} is not a vocabulary", path=path),
            details=[error],
            cause=tr("The file was edited or damaged."),
            next_step=rebuild,
        ) from error
    defect = _defect(vocabulary)
    if defect:
        raise InputError(
            tr("{path} contradicts itself", path=path),
            details=[defect],
            cause=tr("The file was edited or damaged."),
            next_step=rebuild,
        )
    return vocabulary


def read_vocab_of(dataset: Dataset) -> Vocabulary:
    """Reads the vocabulary of a dataset, and checks that it was counted from its shards.

    Raises:
        InputError: it is not there, damaged, or belongs to other shards; both hashes are named.
    """
    vocabulary = read_vocab(dataset.path / FILE)
    check_belongs(vocabulary, dataset)
    listed = dataset.manifest.files[FILE].sha256 if FILE in dataset.manifest.files else tr("nothing")
    found = hash_vocab(vocabulary)
    if found != listed:
        raise InputError(
            tr("{file} is not the vocabulary that the manifest lists", file=dataset.path / FILE),
            details=[tr("expected sha256 {expected}, got {got}", expected=listed, got=found)],
            cause=tr("The file was edited, or building it was interrupted."),
            next_step=tr("build it again with `etl build-vocab {dataset}`", dataset=dataset.path),
        )
    return vocabulary


def check_belongs(vocabulary: Vocabulary, dataset: Dataset) -> None:
    """Checks that a vocabulary was counted from the shards of a dataset.

    Raises:
        InputError: the tagger, the key-token filter or a training shard differs; both hashes are named.
    """
    expected = _origin(dataset)
    if vocabulary.key_tokens == ALL_TOKENS:
        expected["key_tokens"] = ALL_TOKENS
    got = {"tagger": vocabulary.tagger, "key_tokens": vocabulary.key_tokens, **vocabulary.shards}
    differing = sorted(name for name in expected.keys() | got.keys() if expected.get(name) != got.get(name))
    if differing:
        raise InputError(
            tr(
                "the vocabulary does not belong to {dataset}: its {file} was counted from something else",
                dataset=dataset.path,
                file=FILE,
            ),
            details=[
                tr(
                    "{name}: expected {expected}, got {got}",
                    name=name,
                    expected=expected.get(name, tr("nothing")),
                    got=got.get(name, tr("nothing")),
                )
                for name in differing[:4]
            ],
            cause=tr("The dataset was ingested again after this vocabulary was built, or it is another's."),
            next_step=tr("build it again with `etl build-vocab {dataset}`", dataset=dataset.path),
        )


def measure_coverage(vocabulary: Vocabulary, dataset: Dataset) -> dict[str, Coverage]:
    """Counts known and unknown tokens for each split that has rows, in the order of `SPLITS`."""

    shares: dict[str, Coverage] = {}
    for split in SPLITS:
        rows = _count_rows(dataset, split)
        if rows:
            with wrap_read_errors(dataset, split):
                counted = count_tokens(dataset.scan(split))
            known = counted.filter(pl.col("token").is_in(vocabulary.tokens[len(RESERVED) :]))
            tokens = int(counted["n"].sum())
            shares[split] = Coverage(rows, tokens, tokens - int(known["n"].sum()))
    return shares


def encode(vocabulary: Vocabulary, tokens: pl.Series) -> pl.Series:
    """Returns the ids (int64) of tokens (string); a token without an id of its own becomes `<unk>`."""

    ids = tokens.cast(pl.Enum(vocabulary.tokens), strict=False).to_physical().cast(pl.Int64)
    # A sentence may hold "<pad>" as text; the id of padding is never a token's.
    return ids.fill_null(UNKNOWN).clip(lower_bound=UNKNOWN)


@contextmanager
def wrap_read_errors(dataset: Dataset, split: str) -> Iterator[None]:
    """Turns what polars raises for a damaged shard in the block into an explained error.

    Raises:
        InputError: a shard of `split` is damaged.
    """

    try:
        yield
    except pl.exceptions.PolarsError as error:
        raise InputError(
            tr("the {split} shards of {dataset} cannot be read", split=split, dataset=dataset.path),
            details=str(error).splitlines()[:2],
            cause=tr("A shard was edited or damaged."),
            next_step=tr("find it with `etl validate {dataset}`", dataset=dataset.path),
        ) from error


def _select_tokens(
    dataset: Dataset, counted: pl.DataFrame, min_count: int, max_size: int | None
) -> Vocabulary:

    total = int(counted["n"].sum())
    kept = (
        counted.filter((pl.col("n") >= min_count) & ~pl.col("token").is_in(RESERVED))
        # polars compares strings by their UTF-8 bytes, which is the order of code points.
        .sort("n", "token", descending=[True, False])
        .head(len(counted) if max_size is None else max(0, max_size - len(RESERVED)))
    )
    if not kept.height:
        raise SettingsError(
            tr("no token of {dataset} would be in the vocabulary", dataset=dataset.path),
            details=[
                tr(
                    "expected a token that occurs at least {min_count} times in train, and an id for "
                    "it, got none of {total:,} tokens with at most {max_size} ids",
                    min_count=min_count,
                    total=total,
                    max_size=max_size or tr("any number of"),
                )
            ],
            cause=tr("The training split is very small, its rows have no tokens, or the options leave none."),
            next_step=tr("keep rare tokens: `etl build-vocab {dataset} --min-count 1`", dataset=dataset.path),
        )
    origin = _origin(dataset)
    return Vocabulary(
        format=FORMAT,
        tokens=(*RESERVED, *kept["token"].to_list()),
        counts=(0, total - int(kept["n"].sum()), *kept["n"].to_list()),
        min_count=min_count,
        max_size=max_size,
        tagger=origin.pop("tagger"),
        key_tokens=origin.pop("key_tokens"),
        shards=origin,
    )


def _count_rows(dataset: Dataset, split: str) -> int:

    with wrap_read_errors(dataset, split):
        return int(dataset.scan(split).select(pl.len()).collect().item())


def _origin(dataset: Dataset) -> dict[str, str]:
    """Returns the hashes that determine a vocabulary: of tagger, key-token filter and train shards."""
    try:
        origin = {
            "tagger": dataset.manifest.tagger.fingerprint,
            "key_tokens": dataset.manifest.key_tokens.sha256,
        }
        listed = {name for name in dataset.manifest.files if name.startswith("data/train-")}
        on_disk = {shard.relative_to(dataset.path).as_posix() for shard in dataset.shards("train")}
        return origin | {name: dataset.manifest.files[name].sha256 for name in sorted(listed | on_disk)}
    except KeyError as error:
        raise InputError(
            tr("{manifest} does not describe its training shards", manifest=dataset.path / MANIFEST),
            details=[tr("expected {shard} with its sha256, got nothing", shard=str(error))],
            cause=tr("The manifest was edited, or a file was added to data/ by hand."),
            next_step=tr(
                "write the dataset again with `etl ingest PATH... --out {dataset}`", dataset=dataset.path
            ),
        ) from error


def _defect(vocabulary: Vocabulary) -> str:
    """Returns why a vocabulary is invalid; an empty string if it is valid."""
    if vocabulary.format != FORMAT:
        return tr("expected format {expected}, got {format}", expected=FORMAT, format=vocabulary.format)
    if vocabulary.tokens[: len(RESERVED)] != RESERVED:
        return tr(
            "expected the tokens to begin with {expected}, got {got}",
            expected=RESERVED,
            got=vocabulary.tokens[: len(RESERVED)],
        )
    if len(vocabulary.tokens) != len(vocabulary.counts):
        return tr(
            "expected one count per token, got {counts} for {tokens} tokens",
            counts=len(vocabulary.counts),
            tokens=len(vocabulary.tokens),
        )
    if len(vocabulary.tokens) == len(RESERVED):
        return tr("expected at least one token, got none but the reserved ones")
    if len(set(vocabulary.tokens)) != len(vocabulary.tokens):
        return tr("expected every token once, got one twice")
    return ""
