"""The tagger of the settings as one function: distinct texts in, their tokens and tags out.

How a tagger is kept from stopping a run is `etl.tagging.pool`'s business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from etl.settings import Tag
from etl.tagging import taggers
from etl.tagging.okt.open import open_okt
from etl.tagging.pool import Pool

if TYPE_CHECKING:
    import polars as pl


class Tagger:
    """The tagger of the settings, ready to tag; made by `open_tagger`."""

    def __init__(self, settings: Tag, workers: int):
        self.settings = settings
        self._pool = Pool(settings, workers)
        self._okt = open_okt(settings, self._by_library) if settings.tagger == "okt" else None

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts.

        Returns:
            A frame with `text`, `tokens`, `tags`, `problem` and `found`, in the order of `texts`.
        """
        import polars as pl

        if self.settings.tagger == "whitespace":
            tokens = texts.rename("tokens").str.split(" ")
            tags = tokens.rename("tags").list.eval(pl.lit("Word"))
            nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
            return pl.DataFrame([texts.alias("text"), tokens, tags]).with_columns(nothing)
        return self._okt(texts) if self._okt else self._by_library(texts)

    def _by_library(self, texts: pl.Series) -> pl.DataFrame:
        import polars as pl

        outcomes = self._pool.tag(texts.to_list())
        schema: dict[str, pl.DataType] = {
            "tokens": pl.List(pl.String),
            "tags": pl.List(pl.String),
            "problem": pl.String(),
            "found": pl.String(),
        }
        return pl.DataFrame(outcomes, schema=schema, orient="row").insert_column(0, texts.alias("text"))

    def fingerprint(self) -> dict[str, Any]:
        """What decides the tokens: the tagger, the versions of its packages, its options."""
        options = (
            {"norm": self.settings.norm, "stem": self.settings.stem} if self.settings.tagger == "okt" else {}
        )
        versions = taggers.versions(self.settings.tagger)
        facts = {
            "name": self.settings.tagger,
            "version": ", ".join(f"{package} {number}" for package, number in versions.items()),
            "options": options,
        }
        return {**facts, "fingerprint": hashlib.sha256(json.dumps(facts).encode()).hexdigest()}

    def stop(self) -> None:
        """Kills the workers. Whoever waits for a result gets a `CancelledError`."""
        self._pool.stop()


@contextmanager
def open_tagger(settings: Tag, workers: int) -> Iterator[Tagger]:
    """The tagger of the settings with `workers` processes, which are gone when the block is left.

    Raises:
        SettingsError: the tagger is not installed.
    """
    taggers.versions(settings.tagger)
    tagger = Tagger(settings, workers)
    try:
        yield tagger
    finally:
        tagger.stop()
