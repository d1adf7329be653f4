"""Maps labels to the chosen taxonomy: `raw_label` to `label` and `label_votes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import polars as pl

from etl.ingestion.steps.mark import mark_each
from etl.schema import contract, votes
from etl.schema.own_tables import find_table
from etl.schema.resolver import Resolution, make_resolver
from etl.schema.splits import UNLABELLED
from etl.schema.taxonomy import TABLE, Taxonomy
from etl.settings import Settings

# By source: what unknown labels mean, as people decided.
Meanings = Mapping[str, Mapping[str, str | None]]
_NO_MEANINGS: Meanings = MappingProxyType({})


def relabel(
    frame: pl.DataFrame,
    taxonomy: Taxonomy,
    settings: Settings = Settings(),
    meanings: Meanings = _NO_MEANINGS,
) -> pl.DataFrame:
    """Adds `label`, `label_votes` and `alias`; marks rows whose label is missing, unknown or maps to nothing.

    A row of the split `unlabelled` needs no label. Rows without a majority are marked as `label_ambiguous`,
    unless the setting `labels` keeps their votes.

    Args:
        frame: rows with `source`, `raw_label`, `split`, `file` and `member`.
        taxonomy: the labels to map to.
        settings: `labels`, and the user's own tables, which may map their labels.
        meanings: of labels that are unknown otherwise.

    Returns:
        The rows; `label_votes` is null where the row has one label and no other; `alias` lists the misspelt
        or foreign forms that were resolved, else null.
    """
    keys = ["source", "raw_label"]
    files = ["file", "member"] if any(table.labels for table in (settings.table, *settings.tables)) else []
    resolvers: dict[tuple[str, ...], Callable[[str | None], Resolution]] = {}
    resolved, said_votes = [], []
    for source, raw_label, *file in frame.select(*keys, *files).unique(maintain_order=True).iter_rows():
        if (source, *file) not in resolvers:
            path = "/".join(filter(None, file))
            resolvers[source, *file] = open_resolver(taxonomy, settings, source, path, meanings)
        result = resolvers[source, *file](raw_label)
        has_votes = result.votes and settings.labels != "majority"
        said = (None, None) if has_votes else (result.reason, result.detail)
        resolved.append((source, raw_label, *file, result.label, result.aliases or None, *said))
        said_votes.append(result.votes)
    names = (*keys, *files, "label", "alias", "_reason", "_detail")
    types = dict.fromkeys(names, pl.String()) | {"alias": pl.List(pl.String)}
    table = pl.DataFrame(resolved, schema=types, orient="row").with_columns(votes.make_column(said_votes))
    frame = frame.join(table, on=[*keys, *files], how="left", nulls_equal=True, maintain_order="left")
    is_waiting = pl.col("split").eq_missing(UNLABELLED) & (pl.col("_reason") == "missing_label")
    frame = mark_each(frame, pl.when(~is_waiting).then("_reason"), pl.col("_detail"))
    return frame.drop("_reason", "_detail")


def open_resolver(
    taxonomy: Taxonomy, settings: Settings, source: str, path: str, meanings: Meanings = _NO_MEANINGS
) -> Callable[[str | None], Resolution]:
    """Returns the function that resolves the raw labels of a file.

    Args:
        taxonomy: the labels to map to.
        settings: those of the run.
        source: the corpus.
        path: of the file, or of the member of an archive.
        meanings: of labels that are unknown otherwise.
    """
    table = find_table(settings, path) if source == TABLE else None
    allowed = contract.load(source).labels or None
    return make_resolver(taxonomy, source, allowed, table.labels if table else {}, meanings.get(source, {}))
