"""The route of a sentence, from raw file to shard: the whole corridor on one page.

    discover → read → clean → relabel → tag → key_tokens → split → dedupe → write

Up to `split` a step sees one batch, so memory is bounded. `dedupe` sees the keys of the whole corpus, and no
text. No step drops a row; only the writer separates those with a reason from those without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import polars as pl

from etl.dataset import manifest, preparation
from etl.dataset.card import write_cards
from etl.dataset.counts import count_series, count_sources, count_splits
from etl.dataset.manifest import MANIFEST, FileEntry, Manifest, UnexpectedRows
from etl.dataset.shards import ShardWriter, divide
from etl.dataset.staging import check_replaceable, staging
from etl.errors import InputError
from etl.ingestion import fingerprints
from etl.ingestion.batch_cache import Shelf
from etl.ingestion.batches import Through, run_batch_steps, run_batches
from etl.ingestion.sources.archive import walk
from etl.ingestion.sources.detect import detect
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.units import Hashes, group_into_units
from etl.ingestion.spool import Spool, Spooled
from etl.ingestion.steps.clean import clean
from etl.ingestion.steps.dedupe import dedupe
from etl.ingestion.steps.key_tokens import key_tokens
from etl.ingestion.steps.relabel import relabel
from etl.ingestion.steps.split import split
from etl.ingestion.steps.tag import tag
from etl.ingestion.steps.token_report import report
from etl.runtime.console import Progress
from etl.runtime.engine.local import LocalEngine, ordered_map
from etl.runtime.engine.protocol import BatchFn, Engine
from etl.schema import contract, taxonomy
from etl.schema.taxonomy import Taxonomy
from etl.settings import Settings
from etl.similarity.nearest import FindNearest, nearest, nearest_in_parts
from etl.tagging import tagger as tagging
from etl.tagging.policy import Policy
from etl.tagging.policy import load as load_policy
from etl.tagging.tagger import Tagger, open_tagger

READ_AHEAD = 2


@dataclass(frozen=True)
class Step:
    """One step of the corridor: a pure function from frame to frame."""

    name: str
    run: Callable[[pl.DataFrame], pl.DataFrame]
    sees_whole_corpus: bool = False


def steps(settings: Settings, labels: Taxonomy, tagger: Tagger, policy: Policy) -> list[Step]:
    """The steps in order. Adding one is one file in `etl/ingestion/steps/` and one line here."""
    return [
        Step("clean", partial(clean, settings=settings.clean)),
        Step("relabel", partial(relabel, taxonomy=labels)),
        Step("tag", partial(tag, tag_texts=tagger)),
        Step("key_tokens", partial(key_tokens, policy=policy)),
        Step("split", partial(split, settings=settings.split)),
        *steps_on_corpus(settings),
    ]


def steps_on_corpus(settings: Settings, find_nearest: FindNearest = nearest) -> list[Step]:
    """The last of the steps, which see the keys of the whole corpus."""
    whole = partial(dedupe, settings=settings.dedupe, find_nearest=find_nearest)
    return [Step("dedupe", whole, sees_whole_corpus=True)]


def discover(paths: list[Path], settings: Settings) -> tuple[dict[str, list[RecognisedFile]], InputLog]:
    """Which files will be read, by corpus, and what becomes of the others.

    Raises:
        InputError: a path is missing, a file is damaged (unless bad files are skipped), or no file is known.
    """
    log = InputLog(skip_bad_files=settings.read.on_bad_file == "skip")
    return detect(walk(paths, log), settings, log), log


def ingest(
    paths: list[Path],
    out: Path,
    settings: Settings,
    *,
    workers: int,
    progress: Progress,
    shelf: Shelf | None = None,
    known: Hashes | None = None,
    engine: Engine | None = None,
) -> Manifest:
    """Raw corpora to an accounted dataset.

    Args:
        paths: raw files, archives and folders.
        out: the dataset to write; one that is there is replaced when the new one is whole.
        settings: what decides the content.
        workers: tagging processes, and batches at a time; decides nothing of the content.
        progress: told about each batch.
        shelf: where earlier runs have kept what they made of an input; decides nothing of the content.
        known: hashes of raw files that are known already; looked at only if there is a shelf.
        engine: where the steps run; None: on this machine. Decides nothing of the content.

    Returns:
        The manifest.

    Raises:
        EtlError: see `etl.errors`; an existing dataset is untouched then.
    """

    labels = taxonomy.load(settings.taxonomy)
    policy = load_policy(settings.tag)
    prepared = preparation.to_bytes(preparation.of(settings))
    check_replaceable(out, MANIFEST)
    found, log = discover(paths, settings)
    engine = engine or LocalEngine(workers)
    with staging(out, MANIFEST) as folder:
        spool = Spool(folder / "spool")
        with engine.start_workers(open_steps, fingerprints.of_work, settings) as work:
            through = Through(work, settings, log, shelf, known or {})
            units = group_into_units(found, settings)
            corpus = run_batches(units, through, spool, engine.in_flight, progress)
        if not corpus.keys:
            raise _nothing_read(log)
        corpus_keys = pl.concat(corpus.keys)
        find_nearest = partial(nearest_in_parts, n_partitions=engine.n_partitions, map_fn=engine.map)
        for step in steps_on_corpus(settings, find_nearest):
            [corpus_keys] = engine.map(step.run, [corpus_keys])
        files = _write(folder, spool, corpus_keys, settings, progress)
        (folder / preparation.FILE).write_bytes(prepared)
        made = Manifest(
            settings=manifest.content_settings(settings, labels.name),
            taxonomy=manifest.describe_taxonomy(labels),
            tagger=msgspec.convert(tagging.fingerprint(settings.tag), manifest.TaggerIdentity),
            key_tokens=manifest.KeyTokens(policy.keep, policy.sha256()),
            tokens=report(corpus.token_counts, policy),
            inputs=msgspec.convert(log.inputs, tuple[manifest.InputFile, ...]),
            left_aside=msgspec.convert(log.left_aside, tuple[manifest.LeftAside, ...]),
            skipped=msgspec.convert(log.skipped, tuple[manifest.SkippedFile, ...]),
            ignored=dict(sorted(log.ignored.items())),
            counts=count_sources(corpus_keys),
            splits=count_splits(corpus_keys, labels.targets),
            aliases=corpus.sorted_aliases(),
            warnings=(*log.warnings, *policy.warnings()),
            unexpected_rows=unexpected_rows(found, log, settings),
            files=files,
        )
        made = made.with_files(manifest.describe_files(folder, preparation.FILE))
        made = made.with_files(write_cards(folder, made))
        (folder / MANIFEST).write_bytes(manifest.to_bytes(made))
        return made


@contextmanager
def open_steps(settings: Settings, workers: int) -> Iterator[BatchFn]:
    """The steps that see one batch, ready for batches, until the block is left.

    Raises:
        EtlError: see `open_tagger`.
    """
    labels, policy = taxonomy.load(settings.taxonomy), load_policy(settings.tag)
    with open_tagger(settings.tag, workers) as tagger:
        route = steps(settings, labels, tagger, policy)
        yield partial(run_batch_steps, [step.run for step in route if not step.sees_whole_corpus], settings)


def read(found: dict[str, list[RecognisedFile]], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:
    """The rows of all corpora in batches, at most `read.limit` of each."""
    for unit in group_into_units(found, settings):
        yield from unit.read(settings, log)


def _write(
    folder: Path, spool: Spool, corpus_keys: pl.DataFrame, settings: Settings, progress: Progress
) -> dict[str, FileEntry]:
    """Joins the spooled rows with what was decided about them, and writes shards and rejects."""
    progress(0, "writing")
    with ShardWriter(folder, count_series(corpus_keys), settings.write) as writer:
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


def _nothing_read(log: InputLog) -> InputError:
    return InputError(
        "not one row was read",
        details=[
            *(f"read, but without a row: {each['member'] or each['file']}" for each in log.inputs),
            *(f"skipped: {each['error']}" for each in log.skipped),
        ],
        cause="The files are empty, or all of them were skipped.",
        next_step="download them again; `etl sources` says how many rows a corpus has.",
    )


def unexpected_rows(
    found: dict[str, list[RecognisedFile]], log: InputLog, settings: Settings
) -> tuple[UnexpectedRows, ...]:
    """Which parts of the corpora have another number of rows than published. A hint, never an error."""
    if settings.read.limit is not None:
        return ()
    rows_of = {(entry["file"], entry["member"]): entry["rows"] for entry in log.inputs}
    read_rows: Counter[tuple[str, str, str | None, str]] = Counter()
    for slug, files in found.items():
        for each in files:
            part = (slug, each.release, each.split, each.layout)
            read_rows[part] += rows_of.get((each.raw.file, each.raw.member), 0)
    return tuple(
        UnexpectedRows(*part, read=read_rows[part], published=expected.rows)
        for slug in found
        for expected in contract.load(slug).expected_rows
        if (part := (slug, expected.release, expected.split, expected.layout)) in read_rows
        and read_rows[part] != expected.rows
    )
