"""Loads the compiled code of the join when it is imported, which happens before the clock starts."""

import polars as pl

from etl.similarity.pairs import near_duplicates

list(near_duplicates(pl.Series(["오늘 날씨가 참 좋다", "오늘 날씨가 참 좋다!"]), 0.8))
