"""The route of a sentence, from raw file to shard: the whole corridor on one page.

    discover → read → clean → relabel → tag → key_tokens → split → dedupe → write

Up to `split` a step sees one batch, so memory is bounded. `dedupe` sees the keys of the whole corpus, and no
text. No step drops a row; only the writer separates those with a reason from those without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl import contract, preparation, taxonomy
from etl.console import Progress
from etl.dataset import manifest
from etl.dataset.shards import ShardWriter, count_rows, divide, fingerprint
from etl.dataset.spool import Spool, Spooled
from etl.dataset.staging import check_replaceable, staging
from etl.engine.local import ordered_map
from etl.errors import InputError
from etl.settings import Settings
from etl.sources.archive import walk
from etl.sources.detect import ADAPTERS, detect
from etl.sources.found import Found
from etl.sources.raw import Account
from etl.steps.clean import clean
from etl.steps.dedupe import dedupe
from etl.steps.key_tokens import key_tokens
from etl.steps.keys import keys
from etl.steps.relabel import relabel
from etl.steps.split import split
from etl.steps.tag import tag
from etl.steps.token_report import Counts, add, count_tokens, report
from etl.tagging.policy import Policy
from etl.tagging.policy import load as load_policy
from etl.tagging.tagger import Tagger, open_tagger
from etl.taxonomy import Taxonomy

if TYPE_CHECKING:
    import polars as pl

BATCH_ROWS = 20_000
READ_AHEAD = 2


@dataclass(frozen=True)
class Step:
    """One step of the corridor: a pure function from frame to frame."""

    name: str
    run: Callable[[pl.DataFrame], pl.DataFrame]
    sees_whole_corpus: bool = False


def steps(settings: Settings, labels: Taxonomy, tagger: Tagger, policy: Policy) -> list[Step]:
    """The steps in order. Adding one is one file in `etl/steps/` and one line here."""
    return [
        Step("clean", partial(clean, settings=settings.clean)),
        Step("relabel", partial(relabel, taxonomy=labels)),
        Step("tag", partial(tag, tag_texts=tagger)),
        Step("key_tokens", partial(key_tokens, policy=policy)),
        Step("split", partial(split, settings=settings.split)),
        Step("dedupe", partial(dedupe, settings=settings.dedupe), sees_whole_corpus=True),
    ]


def discover(paths: list[Path], settings: Settings) -> tuple[dict[str, list[Found]], Account]:
    """Which files will be read, by corpus, and what becomes of the others.

    Raises:
        InputError: a path is missing, a file is damaged (unless bad files are skipped), or no file is known.
    """
    account = Account(is_skipping=settings.read.on_bad_file == "skip")
    return detect(walk(paths, account), settings, account), account


def ingest(
    paths: list[Path], out: Path, settings: Settings, *, workers: int, progress: Progress
) -> dict[str, Any]:
    """Raw corpora to an accounted dataset.

    Args:
        paths: raw files, archives and folders.
        out: the dataset to write; one that is there is replaced when the new one is whole.
        settings: what decides the content.
        workers: tagging processes, and batches at a time; decides nothing of the content.
        progress: told about each batch.

    Returns:
        The manifest.

    Raises:
        EtlError: see `etl.errors`; an existing dataset is untouched then.
    """
    labels = taxonomy.load(settings.taxonomy)
    policy = load_policy(settings.tag)
    prepared = preparation.to_bytes(preparation.of(settings))
    check_replaceable(out, "manifest.json")
    found, account = discover(paths, settings)
    with staging(out, "manifest.json") as folder, open_tagger(settings.tag, workers) as tagger:
        route = steps(settings, labels, tagger, policy)
        spool = Spool(folder / "spool")
        batch_steps = [step for step in route if not step.sees_whole_corpus]
        corpus_keys, aliases, token_counts = _run_batches(
            _at_least_one(read(found, settings, account), account),
            batch_steps,
            spool,
            settings,
            workers,
            progress,
        )
        for step in route:
            if step.sees_whole_corpus:
                corpus_keys = step.run(corpus_keys)
        files = _write(folder, spool, corpus_keys, settings, progress)
        (folder / preparation.FILE).write_bytes(prepared)
        files[preparation.FILE] = fingerprint(folder / preparation.FILE)
        facts = {
            "tagger": tagger.fingerprint(),
            "key_tokens": {"keep": policy.keep, "sha256": policy.sha256()},
            "tokens": report(token_counts, policy),
            "inputs": account.inputs,
            "left_aside": account.left_aside,
            "skipped": account.skipped,
            "ignored": dict(sorted(account.ignored.items())),
            "counts": manifest.counts(corpus_keys),
            "splits": manifest.splits(corpus_keys, labels.targets),
            "aliases": aliases,
            "warnings": [*account.warnings, *policy.warnings()],
            "unexpected_rows": unexpected_rows(found, account, settings),
        }
        return manifest.write(folder, settings=settings, taxonomy=labels, facts=facts, files=files)


def read(found: dict[str, list[Found]], settings: Settings, account: Account) -> Iterator[pl.DataFrame]:
    """The rows of all corpora in batches, at most `read.limit` of each."""
    for slug, files in found.items():
        left = settings.read.limit
        for frame in ADAPTERS[slug].read(files, settings, account):
            batch = frame if left is None else frame.head(left)
            yield from batch.iter_slices(BATCH_ROWS)
            if left is not None:
                left -= batch.height
                if left <= 0:
                    break


def _run_batches(
    batches: Iterator[pl.DataFrame],
    batch_steps: list[Step],
    spool: Spool,
    settings: Settings,
    workers: int,
    progress: Progress,
) -> tuple[pl.DataFrame, dict[str, dict[str, int]], list[Counts]]:
    """Runs the steps that see one batch, spools the rows; returns keys, aliases met and counts of tokens."""
    import polars as pl

    def run(batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, Counts]:
        for step in batch_steps:
            batch = step.run(batch)
        counts = count_tokens(batch)
        return batch.drop("all_tokens", "all_tags"), keys(batch, settings.dedupe), counts

    all_keys: list[pl.DataFrame] = []
    aliases: dict[str, Counter[str]] = {}
    token_counts: list[Counts] = []
    for batch, batch_keys, batch_counts in ordered_map(run, batches, workers):
        met = (
            batch.filter(pl.col("alias").is_not_null())
            .select("source", pl.col("alias").str.split(","))
            .explode("alias")
        )
        for source, alias in met.iter_rows():
            aliases.setdefault(source, Counter())[alias] += 1
        spool.put(batch.drop("alias", "reason", "detail"))
        all_keys.append(batch_keys)
        token_counts = add(token_counts, batch_counts)
        progress(batch.height, f"reading {batch['source'][0]}")
    sorted_aliases = {source: dict(sorted(found.items())) for source, found in sorted(aliases.items())}
    return pl.concat(all_keys), sorted_aliases, token_counts


def _write(
    folder: Path, spool: Spool, corpus_keys: pl.DataFrame, settings: Settings, progress: Progress
) -> dict[str, dict[str, Any]]:
    """Joins the spooled rows with what was decided about them, and writes shards and rejects."""
    progress(0, "writing")
    with ShardWriter(folder, count_rows(corpus_keys), settings.write) as writer:
        # One batch is read back while another is written.
        for parts in ordered_map(partial(_decided, corpus_keys), spool, READ_AHEAD):
            writer.write(parts)
    spool.remove()
    return writer.files()


def _decided(corpus_keys: pl.DataFrame, spooled: Spooled) -> dict[str, pl.DataFrame]:
    """A batch with what was decided about its rows, divided into the series of shards."""
    batch = spooled.take()
    decided = corpus_keys.slice(spooled.start, batch.height).select("reason", "detail")
    return divide(batch.hstack(decided))


def _at_least_one(batches: Iterator[pl.DataFrame], account: Account) -> Iterator[pl.DataFrame]:
    """The batches; an empty dataset is an error, not a success that is noticed in training."""
    batch = None
    for batch in batches:
        yield batch
    if batch is None:
        raise _nothing_read(account)


def _nothing_read(account: Account) -> InputError:
    return InputError(
        "not one row was read",
        details=[
            *(f"read, but without a row: {each['member'] or each['file']}" for each in account.inputs),
            *(f"skipped: {each['error']}" for each in account.skipped),
        ],
        cause="The files are empty, or all of them were skipped.",
        next_step="download them again; `etl sources` says how many rows a corpus has.",
    )


def unexpected_rows(
    found: dict[str, list[Found]], account: Account, settings: Settings
) -> list[dict[str, Any]]:
    """Which parts of the corpora have another number of rows than published. A hint, never an error."""
    if settings.read.limit is not None:
        return []
    rows_of = {(entry["file"], entry["member"]): entry["rows"] for entry in account.inputs}
    read_rows: Counter[tuple[str, str, str | None, str]] = Counter()
    for slug, files in found.items():
        for each in files:
            part = (slug, each.release, each.split, each.layout)
            read_rows[part] += rows_of.get((each.raw.file, each.raw.member), 0)
    return [
        {"source": slug, "release": expected.release, "split": expected.split, "layout": expected.layout}
        | {"read": read_rows[part], "published": expected.rows}
        for slug in found
        for expected in contract.load(slug).expected_rows
        if (part := (slug, expected.release, expected.split, expected.layout)) in read_rows
        and read_rows[part] != expected.rows
    ]
