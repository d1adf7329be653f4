"""Counts the rows of each raw file that are no rows: a file of nothing else was not recognised."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.raw import InputLog
from etl.language.message import tr
from etl.schema.details import said

# A package may have thousands of files with one dialogue each: one of them is no warning.
_FEW_ROWS = 20
_KEYS = ("file", "member")


@dataclass
class BadRows:
    """The rows and the bad rows of each file that is read."""

    frames: list[pl.DataFrame] = field(default_factory=list)

    def count(self, rows: pl.DataFrame) -> None:
        """Counts the rows of a frame, by file."""
        is_bad = (pl.col("reason") == "bad_row").fill_null(value=False)
        detail = pl.col("detail").filter(is_bad).first()
        counts = rows.group_by(_KEYS, maintain_order=True).agg(
            rows=pl.len().cast(pl.Int64), bad=is_bad.sum().cast(pl.Int64), detail=detail
        )
        self.frames.append(counts)

    def judge(self, slug: str, log: InputLog) -> None:
        """Warns of each file of which more than half of the rows are bad.

        Raises:
            InputError: no row of any file is a good one, and bad files are not skipped.
        """
        if not self.frames:
            return
        counts = (
            pl.concat(self.frames)
            .group_by(_KEYS, maintain_order=True)
            .agg(pl.sum("rows", "bad"), pl.col("detail").drop_nulls().first())
        )
        is_alone = counts.height == 1
        for file, member, rows, bad, detail in counts.filter(pl.col("bad") * 2 > pl.col("rows")).iter_rows():
            name = f"{file} → {member}" if member else file
            if counts["bad"].sum() < counts["rows"].sum():
                if rows < _FEW_ROWS and not is_alone:
                    continue
                log.warnings.append(
                    tr(
                        "{file}: {bad:,} of {rows:,} rows are not what rows of {corpus} are (bad_row): "
                        "{detail}",
                        file=name,
                        bad=bad,
                        rows=rows,
                        corpus=slug,
                        detail=said(detail),
                    )
                )
            else:
                log.raise_or_skip(file, member, _not_recognised(name, slug, rows, detail))


def _not_recognised(name: str, slug: str, rows: int, detail: str | None) -> InputError:
    return InputError(
        tr(
            "{file} is not {corpus}: not one of its {rows:,} rows is a row of it",
            file=name,
            corpus=slug,
            rows=rows,
        ),
        details=[tr("the first says: {detail}", detail=said(str(detail)))],
        cause=tr("The file is something else that begins like this, or it was saved in another form."),
        next_step=tr("look into the file; `etl sources {corpus}` says what its rows are.", corpus=slug),
    )
