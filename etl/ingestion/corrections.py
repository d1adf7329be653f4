"""Finds the rows that decisions are about, and makes them ready for the step `correct`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import polars as pl

from etl.corrections.files import read_corrections
from etl.corrections.locate import Located, locate
from etl.corrections.resolve import KEY, Resolved, resolve_frame
from etl.dataset.manifest import CorrectionCounts, CorrectionFile
from etl.errors import InputError
from etl.ingestion.corpus.corpus import Corpus
from etl.ingestion.corpus.lookup import CorpusRows, find_twins
from etl.ingestion.rescue import Labels, Rescued, StartWorkers, find_meanings, rescue
from etl.ingestion.steps.correct import DECIDED
from etl.ingestion.steps.relabel import Meanings
from etl.ingestion.steps.split import split
from etl.ingestion.steps.token_report import TokenTables
from etl.language.lists import join_with_and
from etl.language.message import tr
from etl.schema import votes
from etl.schema.splits import UNLABELLED
from etl.schema.taxonomy import Taxonomy
from etl.settings import Labels as LabelMode
from etl.settings import Settings

# What is true of all rows of one text and label, which dedupe folds into one.
_SHARED = ("relabel", "drop", "not_a_conflict")


@dataclass(frozen=True)
class Corrected:
    """A corpus with decisions, which the step `correct` applies.

    Attributes:
        corpus: with `decided`; rows that have a label by a decision only have tokens.
        counts: for the manifest.
        token_counts: of the rows that have a label by a decision only.
    """

    corpus: Corpus
    counts: CorrectionCounts
    token_counts: Sequence[TokenTables] = ()


def prepare_corrections(corpus: Corpus, taxonomy: Taxonomy, start: StartWorkers, in_flight: int) -> Corrected:
    """Finds the row of each decision, and gives tokens to rows that have a label by a decision only.

    Args:
        corpus: with final ids; batches with rows that get tokens are replaced.
        taxonomy: the labels of the dataset.
        start: starts workers that tag rows; called if there are any.
        in_flight: how many batches are processed at a time.

    Raises:
        InputError: a file of corrections cannot be read, a line is no decision, or a label is none of the
            taxonomy.
    """
    settings = corpus.settings
    if not settings.corrections.files:
        return Corrected(corpus, CorrectionCounts())
    files = read_corrections(settings.corrections.files)
    decisions = files.decisions
    check_labels(decisions, taxonomy.name, taxonomy.targets, settings.labels)
    located = locate(decisions, CorpusRows(corpus))
    resolved = resolve_frame(with_found_ids(decisions, located), settings.corrections, taxonomy.name)
    rows = located.rows.select(pl.col("found_id").alias("id"), "text_hash", "row").unique()
    verdicts = resolved.decisions.join(rows, on=["id", "text_hash"], how="left")
    decided = _describe(verdicts.filter(pl.col("row").is_not_null()), taxonomy)
    decided = pl.concat([decided, _find_twins(decided, corpus)]).sort("row")
    decided = decided.join(_assign_splits(decided, corpus), on="row", how="left")
    labels = Labels(settings, taxonomy, find_meanings(resolved.decisions))
    rescued = rescue(corpus, decided, labels, start, in_flight)
    mapped = [rows.to_frame("row").with_columns(decision=pl.lit("map_label")) for rows in rescued.mapped]
    decided = pl.concat([pl.DataFrame(schema=DECIDED), decided, *mapped], how="diagonal").sort("row")
    counts = _count(verdicts, located, resolved, rescued)
    counts = msgspec.structs.replace(
        counts,
        files=tuple(CorrectionFile(*each) for each in files.hashes),
        resolve=settings.corrections.resolve,
        rows=decided.height,
    )
    corrected = replace(
        corpus, decided=decided.select(DECIDED.names()), batches=rescued.replace_in(corpus.batches)
    )
    return Corrected(corrected, counts, rescued.token_counts)


def read_meanings(settings: Settings, taxonomy: Taxonomy) -> tuple[Meanings, int]:
    """Reads what unknown labels mean, and how many decisions are about rows.

    Args:
        settings: those of the run.
        taxonomy: the labels of the dataset.

    Raises:
        InputError: as for `prepare_corrections`.
    """
    decisions = read_corrections(settings.corrections.files).decisions
    check_labels(decisions, taxonomy.name, taxonomy.targets, settings.labels)
    resolved = resolve_frame(decisions, settings.corrections, taxonomy.name).decisions
    return find_meanings(resolved), resolved.filter(pl.col("id") != "").height


def check_labels(decisions: pl.DataFrame, taxonomy: str, targets: Sequence[str], mode: LabelMode) -> None:
    """Checks that each label is one that a row can have.

    Args:
        decisions: see `etl.corrections.decision.to_frame`; those for another taxonomy are passed over.
        taxonomy: the name of the labels.
        targets: the labels.
        mode: what a label of a row is.

    Raises:
        InputError: one is not, or a row has several where a row has one.
    """
    chosen = decisions.filter(pl.col("taxonomy").is_in(["", taxonomy]))
    is_unknown = pl.col("labels").list.eval(~pl.element().is_in(list(targets))).list.any()
    is_set = (pl.col("labels").list.len() > 1) & (mode == "majority")
    wrong = chosen.filter(is_unknown | is_set)
    if wrong.is_empty():
        return
    first = wrong.row(0, named=True)
    named = f"{first['by']}, {first['at']:%Y-%m-%d %H:%M} UTC: {first['id'] or first['raw_label']}"
    found = join_with_and([repr(label) for label in first["labels"]])
    raise InputError(
        tr(
            "{wrong:,} of {decisions:,} decisions have a label that rows cannot have",
            wrong=wrong.height,
            decisions=decisions.height,
        ),
        details=[
            tr(
                "{decision}: found {found}, expected one of {targets}",
                decision=named,
                found=found,
                targets=", ".join(targets),
            )
        ],
        next_step=tr(
            "name in their field `taxonomy` what they were made for, or ingest with the same "
            "`--taxonomy` and `--labels`."
        ),
    )


def with_found_ids(decisions: pl.DataFrame, located: Located) -> pl.DataFrame:
    """Gives decisions the ids that their rows have now, so that those on one row are resolved together."""
    moved = located.rows.filter(pl.col("id") != pl.col("found_id")).select("id", "text_hash", "found_id")
    renamed = decisions.join(moved, on=["id", "text_hash"], how="left", maintain_order="left")
    return renamed.with_columns(pl.coalesce("found_id", "id").alias("id")).drop("found_id")


def _describe(verdicts: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """Returns `row` and the columns `DECIDED`."""
    ranks = {target: rank for rank, target in enumerate(taxonomy.targets)}
    shares: list[Sequence[tuple[str, float]]] = [()] * verdicts.height  # most decisions name one label
    is_set = pl.col("labels").list.len() > 1
    sets = verdicts.select("labels").with_row_index("at").filter(is_set)
    for at, labels in sets.iter_rows():
        shares[at] = [(each, 1 / len(labels)) for each in sorted(labels, key=ranks.__getitem__)]
    label = pl.when(pl.col("labels").list.len() == 1).then(pl.col("labels").list.first())
    by = pl.col("by").list.join(", ")
    return verdicts.with_columns(votes.make_column(shares).alias("decided_votes")).select(
        "row", "decision", label.alias("decided_label"), "decided_votes", by.alias("decided_by")
    )


def _assign_splits(decided: pl.DataFrame, corpus: Corpus) -> pl.DataFrame:
    """Returns `row` and `decided_split` of the rows that waited for a label and have one now."""
    labelled = decided.filter(pl.col("decision") == "relabel")["row"].sort()
    parts = [pl.DataFrame(schema={"row": pl.UInt64(), "decided_split": pl.String()})]
    for rows in corpus.read_rows(labelled, ["id", "source", "group", "split"]):
        waiting = rows.filter(pl.col("split") == UNLABELLED)
        labelled_now = waiting.with_columns(label=pl.lit(""), label_votes=None)
        parts.append(split(labelled_now, corpus.settings.split).select("row", decided_split="split"))
    return pl.concat(parts)


def _find_twins(decided: pl.DataFrame, corpus: Corpus) -> pl.DataFrame:
    """Returns the decisions for rows that dedupe would fold into a decided one: the same text and label.

    Else a row that is dropped would only make room for its duplicate, and one that is relabelled would be in
    conflict with it.
    """
    shared = decided.filter(pl.col("decision").is_in(_SHARED))
    if corpus.settings.dedupe.duplicates != "first" or shared.is_empty():
        return decided.clear()
    return find_twins(corpus, shared, decided["row"])


def _count(
    verdicts: pl.DataFrame, located: Located, resolved: Resolved, rescued: Rescued
) -> CorrectionCounts:
    is_about_label = pl.col("id") == ""
    lost = verdicts.filter(pl.col("row").is_null() & ~is_about_label)
    stale = lost.filter(pl.col("id").is_in(located.known.implode())).height
    maps = verdicts.filter(is_about_label).height
    applied = verdicts.filter(pl.col("row").is_not_null()).unique(KEY)
    moved = located.rows.filter(pl.col("id") != pl.col("found_id")).select(id="found_id").unique()
    disagreed = resolved.disagreements.group_by(KEY).agg(pl.col("is_applied").any())
    return CorrectionCounts(
        applied=applied.height + len(rescued.used),
        found_by_text=applied.join(moved, on="id", how="semi").height,
        stale=stale,
        not_found=lost.height - stale + maps - len(rescued.met),
        incomplete=len(rescued.met) - len(rescued.used),
        disagreed=disagreed.height,
        unresolved=disagreed.filter(~pl.col("is_applied")).height,
        other_taxonomy=resolved.other_taxonomy,
    )
