"""`etl ingest`: raw corpora in, accounted dataset out."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl.commands.choices import DELIMITER, HEADER
from etl.commands.ingest_counts import show_corrections, show_counts, show_skipped
from etl.commands.ingest_plan import show_form, show_plan
from etl.language.message import Message, plural, tr
from etl.settings import (
    Conflicts,
    DocumentParts,
    Duplicates,
    EngineName,
    Labels,
    Modality,
    OnBadFile,
    Settings,
    SplitMode,
    Tagger,
    Turns,
)

if TYPE_CHECKING:
    from etl.dataset.manifest import Manifest, TokenReport

_DEFAULTS = Settings()
_NAMES = 3  # of files that were left aside for the same reason

# What `--json` shows of the manifest.
_SHOWN = (
    *("counts", "splits", "tokens", "left_aside"),
    *("skipped", "warnings", "aliases", "unexpected_rows", "unknown_labels", "corrections"),
)


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(help="Raw files, archives and folders; or URLs of such, s3://…", show_default=False),
    ],
    out: Annotated[
        str, typer.Option(help="The dataset to write, or its URL. A dataset that is there is replaced.")
    ],
    config: Annotated[Path | None, typer.Option(help="Settings; `etl init` writes them commented.")] = None,
    source: Annotated[str | None, typer.Option(help="The corpus; detected by content if not given.")] = None,
    taxonomy: Annotated[
        str | None, typer.Option(help="ko7, native11, dialogue6, polarity3, hate, kote44 or a file.")
    ] = None,
    labels: Annotated[
        Labels | None,
        typer.Option(
            help="Rows with several labels or votes: the majority, all votes, or the set of labels.  "
            f"[default: {_DEFAULTS.labels}]"
        ),
    ] = None,
    tagger: Annotated[
        Tagger | None,
        typer.Option(help=f"What cuts sentences into tokens.  [default: {_DEFAULTS.tag.tagger}]"),
    ] = None,
    turns: Annotated[
        Turns | None, typer.Option(help=f"Which turns of a dialogue.  [default: {_DEFAULTS.read.turns}]")
    ] = None,
    documents: Annotated[
        DocumentParts | None,
        typer.Option(
            help="Read mails, chats, posts and formal documents, too; their sentences or lines have no label."
        ),
    ] = None,
    modality: Annotated[
        Modality | None, typer.Option(help=f"Whose label, in 멀티모달.  [default: {_DEFAULTS.read.modality}]")
    ] = None,
    split: Annotated[
        SplitMode | None,
        typer.Option(help=f"Keep official splits, or not.  [default: {_DEFAULTS.split.mode}]"),
    ] = None,
    duplicates: Annotated[
        Duplicates | None,
        typer.Option(help=f"Duplicates in train.  [default: {_DEFAULTS.dedupe.duplicates}]"),
    ] = None,
    conflicts: Annotated[
        Conflicts | None,
        typer.Option(help=f"Conflicting labels in train.  [default: {_DEFAULTS.dedupe.conflicts}]"),
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="A table of your own: the sentence.")] = None,
    label_column: Annotated[
        list[str] | None,
        typer.Option(help="… the label; twice for two columns, read as 대분류/소분류.", show_default=False),
    ] = None,
    label_columns: Annotated[
        str | None, typer.Option(help="… one-hot columns, called by their labels: 기쁨,슬픔,분노.")
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(help="… a key that no two rows share.  [default: ids are made of the texts]"),
    ] = None,
    group_column: Annotated[str | None, typer.Option(help="… the group that is never split.")] = None,
    split_column: Annotated[str | None, typer.Option(help="… train, validation or test.")] = None,
    domain: Annotated[
        str | None, typer.Option(help="… dialogue, speech, sns, review, comment, mail, formal.")
    ] = None,
    keep_markup: Annotated[
        bool | None,
        typer.Option("--keep-markup", help="HTML tags and entities stay in the text.", show_default=False),
    ] = None,
    delimiter: Annotated[str | None, DELIMITER] = None,
    header: Annotated[bool | None, HEADER] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows of each corpus.")] = None,
    on_bad_file: Annotated[
        OnBadFile | None,
        typer.Option(help=f"Stop, or skip and list it.  [default: {_DEFAULTS.read.on_bad_file}]"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help=f"Of the split.  [default: {_DEFAULTS.split.seed}]")
    ] = None,
    shard_rows: Annotated[
        int | None, typer.Option(min=1, help=f"Rows in a shard.  [default: {_DEFAULTS.write.shard_rows}]")
    ] = None,
    corrections: Annotated[
        list[Path] | None,
        typer.Option(help="Decisions of people about rows; one file or several.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Tagging processes.  [default: one a core]")
    ] = None,
    engine: Annotated[
        EngineName, typer.Option(help="Where the work is done: on this machine, or on a Ray cluster.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="… of the cluster: HOST:PORT, or auto.  [default: one is started]"),
    ] = None,
    memory: Annotated[
        str | None, typer.Option(help="How much may be taken, such as 2GB.  [default: half of what is free]")
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            help="A folder for what is kept on disk meanwhile; nodes of a cluster must share it.  "
            "[default: beside the dataset]"
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from what a run that was killed had completed.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE",
            help="nothing_kept, rows_rejected, nothing_labelled: replace a better dataset all the same, and "
            "end with exit code 0.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read it all and show what would come of it; write nothing.")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="The result as JSON on standard output.")] = False,
) -> None:
    """Read raw corpora into one accounted dataset: cleaned, relabelled, tagged, split without leaks."""
    import etl
    from etl.dataset import guards
    from etl.runtime import console
    from etl.runtime.engine.open import open_engine
    from etl.storage.datasets import check_output, check_replaced
    from etl.storage.inputs import fetch_inputs

    settings = etl.load_settings(
        config,
        taxonomy=taxonomy,
        labels=labels,
        source=source,
        turns=turns,
        documents=documents,
        modality=modality,
        limit=limit,
        on_bad_file=on_bad_file,
        text_column=text_column,
        label_column=_one_or_several(label_column),
        label_columns=_cut(label_columns),
        id_column=id_column,
        group_column=group_column,
        split_column=split_column,
        domain=domain,
        keep_markup=keep_markup,
        delimiter=delimiter,
        header=header,
        tagger=tagger,
        split=split,
        seed=seed,
        duplicates=duplicates,
        conflicts=conflicts,
        shard_rows=shard_rows,
        corrections=tuple(map(str, corrections)) if corrections else None,
    )
    accepted = guards.check_codes(accept or (), "--accept", guards.OF_INGEST)
    with fetch_inputs(paths) as raw:
        if dry_run:
            check_output(out)
            show_plan(raw, settings, accepted, is_json=is_json)
            return
        run = partial(etl.ingest, raw, settings=settings, memory=memory, work=work, resume=resume)
        with (
            _output_folder(out, is_resumed=resume) as folder,
            open_engine(engine, address, workers) as chosen,
            console.progress(tr("reading"), is_quiet=is_json) as progress,
        ):
            dataset = run(out=folder, progress=progress, engine=chosen, accept=accepted)
            check_replaced(out, dataset.manifest, accepted)
    _show_result(dataset.manifest, out, settings, accepted, is_json=is_json)


def _output_folder(out: str, *, is_resumed: bool) -> AbstractContextManager[Path]:
    from etl.errors import SettingsError
    from etl.runtime.paths import is_remote
    from etl.storage.datasets import output_folder

    if is_resumed and is_remote(out):
        raise SettingsError(
            tr("--resume does not go with {out}", out=out),
            details=[tr("expected a folder as --out: nothing is kept of a run that writes to a URL")],
            next_step=tr("leave out --resume; or write to a folder, and copy that."),
        )
    return output_folder(out)


def _one_or_several(names: list[str] | None) -> str | tuple[str, ...] | None:
    return (*names,) if names and len(names) > 1 else names[0] if names else None


def _cut(names: str | None) -> tuple[str, ...] | None:
    return (*filter(None, map(str.strip, names.split(","))),) if names is not None else None


def _show_result(
    manifest: Manifest, out: str, settings: Settings, accepted: tuple[str, ...], *, is_json: bool
) -> None:
    from etl.storage.datasets import check_usable

    if is_json:
        _show_as_json(manifest)
    else:
        show(manifest, accepted)
        show_form(manifest.unknown_labels, settings)
    check_usable(manifest.counts, accepted, out)
    if not is_json:
        say_complete(out)


def _show_as_json(manifest: Manifest) -> None:
    import msgspec

    from etl.language.stored import in_english
    from etl.runtime import console

    document = msgspec.to_builtins(manifest, enc_hook=in_english)
    console.json_document({key: document[key] for key in _SHOWN})


def show(manifest: Manifest, accepted: Collection[str] = ()) -> None:
    """The closing tables: what was read and kept, and why the rest was not.

    Args:
        manifest: of the dataset.
        accepted: the guards whose objections are warnings; the others are left to the error that follows.
    """
    from etl.runtime import console
    from etl.schema.splits import SPLITS, UNLABELLED

    counts, splits = manifest.counts, manifest.splits
    show_counts(tr("Rows"), counts)
    console.table(
        tr("Labels ({taxonomy})", taxonomy=manifest.taxonomy.name),
        [tr("label"), *SPLITS],
        [
            [label, *(_amount(splits[name].labels[label]) for name in SPLITS)]
            for label in manifest.taxonomy.targets
        ],
    )
    if waiting := splits.get(UNLABELLED):
        console.line(
            plural(
                "{number:,} row without a label, in the split {split}",
                "{number:,} rows without a label, in the split {split}",
                waiting.rows,
                split=UNLABELLED,
            )
        )
    console.line(key_tokens_in_short(manifest.tokens))
    show_corrections(manifest.corrections)
    _show_notes(manifest, accepted)


def say_complete(out: str | Path) -> None:
    """Says that a dataset is there, and what may be done with it."""
    from etl.runtime import console

    console.line(
        tr(
            "{out} is complete. Next: `etl validate {out}`, or `etl rejects {out}` for what is not in it.",
            out=out,
        )
    )


def _amount(rows: float) -> int | str:
    """Rows of a label; votes share them out."""
    return rows if isinstance(rows, int) else f"{rows:,.1f}"


def key_tokens_in_short(tokens: TokenReport) -> Message:
    """Summarises the key-token filter in one line; shares are of all tokens."""
    before, after = tokens.before, tokens.after
    if not before:
        return tr("Key tokens: none, as no sentence was tagged")
    if before == after:
        return tr("Key tokens: all {after:,} kept", after=after)
    shares = [(each.removed_share, name) for name, each in tokens.classes.items()]
    largest = sorted(shares, key=lambda share: -share[0])[:4]
    removed = ", ".join(f"{name} {share:.0%}" for share, name in largest if share >= 0.005)
    return tr(
        "Key tokens: {after:,} of {before:,} kept ({share:.0%}); removed: {removed}; {emptied} emptied",
        after=after,
        before=before,
        share=after / before,
        removed=removed,
        emptied=plural("{number:,} sentence", "{number:,} sentences", tokens.emptied),
    )


def _show_notes(manifest: Manifest, accepted: Collection[str]) -> None:
    """Shows notes and warnings, a line each; the manifest has all details."""
    from etl.dataset import guards
    from etl.runtime import console

    left_aside: dict[str, list[str]] = {}
    for each in manifest.left_aside:
        left_aside.setdefault(each.kind, []).append(
            f"{each.file} → {each.member}" if each.member else each.file
        )
    for why, names in left_aside.items():
        shown = ", ".join(names[:_NAMES]) + (", …" if len(names) > _NAMES else "")
        console.note(
            plural(
                "note: {number:,} file left aside: {why}: {shown}",
                "note: {number:,} files left aside: {why}: {shown}",
                len(names),
                why=why,
                shown=shown,
            )
        )
    show_skipped(manifest.skipped)
    for source, met in manifest.aliases.items():
        console.note(
            tr(
                "note: {source}: {labels:,} labels in {spellings} other spellings were understood",
                source=source,
                labels=sum(met.values()),
                spellings=len(met),
            )
        )
    _show_ambiguous(manifest)
    said_later = {each.message for each in guards.find_refused(manifest.counts, accepted)}
    for warning in manifest.warnings:
        if warning not in said_later:
            console.note(tr("warning: {warning}", warning=warning))
    if manifest.unexpected_rows:
        console.note(
            plural(
                "note: other numbers of rows than published in {number:,} part (see manifest.json)",
                "note: other numbers of rows than published in {number:,} parts (see manifest.json)",
                len(manifest.unexpected_rows),
            )
        )


def _show_ambiguous(manifest: Manifest) -> None:
    from etl.runtime import console

    for source, counts in manifest.counts.items():
        if ambiguous := counts.rejected.get("label_ambiguous"):
            console.note(
                tr(
                    "note: {source}: {ambiguous:,} of {read:,} rows have no majority: `--labels soft` "
                    "keeps them with their votes, `--labels multi` with the set of their labels",
                    source=source,
                    ambiguous=ambiguous,
                    read=counts.read,
                )
            )
