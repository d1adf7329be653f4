"""The hash by which equal texts are found within one run; its values are never written."""

from __future__ import annotations

import polars as pl


def hash_text(text: pl.Expr) -> pl.Expr:
    """Returns two 64-bit hashes, `high` and `low`; two texts share both with a probability of 10^-38."""
    return pl.struct(text.hash(0).alias("high"), text.hash(1).alias("low"))
