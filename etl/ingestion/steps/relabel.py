"""Maps labels to the chosen taxonomy: `raw_label` to `label`."""

from __future__ import annotations

import polars as pl

from etl.ingestion.steps.mark import mark_each
from etl.schema import contract
from etl.schema.resolver import make_resolver
from etl.schema.taxonomy import Taxonomy


def relabel(frame: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """Adds `label` and `alias`; marks rows whose label is missing, unknown, ambiguous or not in the taxonomy.

    Args:
        frame: rows with `source` and `raw_label`.
        taxonomy: the labels to map to.

    Returns:
        The rows; `alias` lists the misspelt or foreign forms that were resolved, else null.
    """
    pairs = frame.select("source", "raw_label").unique(maintain_order=True)
    resolve = {
        source: make_resolver(taxonomy, source, contract.load(source).labels or None)
        for source in pairs["source"].unique()
    }
    resolved = []
    for source, raw_label in pairs.iter_rows():
        result = resolve[source](raw_label)
        aliases = [*result.aliases] or None
        resolved.append((source, raw_label, result.label, aliases, result.reason, result.detail))
    names = ("source", "raw_label", "label", "alias", "_reason", "_detail")
    types = dict.fromkeys(names, pl.String()) | {"alias": pl.List(pl.String)}
    table = pl.DataFrame(resolved, schema=types, orient="row")
    frame = frame.join(table, on=["source", "raw_label"], how="left", nulls_equal=True, maintain_order="left")
    frame = mark_each(frame, pl.col("_reason"), pl.col("_detail"))
    return frame.drop("_reason", "_detail")
