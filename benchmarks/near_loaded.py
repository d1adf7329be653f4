"""Imported before a clock starts: loads the compiled code of the join, as an import loads a library's."""

import polars as pl

from etl.similarity.pairs import near_duplicates

list(near_duplicates(pl.Series(["오늘 날씨가 참 좋다", "오늘 날씨가 참 좋다!"]), 0.8))
