"""Ids of rows that have no key of their own: made of what a row says, never of where it stands.

Such an id is `<source>:~<hash of the text>`; of rows that say the same, the second and further ones end in
`#2`, `#3` and so on, in the order of the corpus. So no row gets another id because a file was renamed, or a
row of another text came, went or moved. The numbers are given by `etl.ingestion.text_numbers`, when all rows
are known.
"""

from __future__ import annotations

import polars as pl
import xxhash

from etl.text.normalise import normal_form

_FORM = r":~[0-9a-f]{16}$"
_NUMBERED = r"^(.*:~[0-9a-f]{16})#([1-9][0-9]{0,8})$"
ORDINARY = 0  # the number of an id that is not made of a text


def text_id(slug: str, *parts: str, text: pl.Expr | str = "raw_text") -> pl.Expr:
    """Returns the expression of the id `<slug>:<part>:…:~<hash of the text>`, without a number.

    Args:
        slug: of the corpus.
        parts: what else tells rows apart: the name of the table, a turn.
        text: what the row says, or the column that has it; how it is composed and the blanks around it do not
            count.
    """
    said = pl.col(text) if isinstance(text, str) else text
    hashed = said.fill_null("").map_batches(_hash, return_dtype=pl.String)
    return pl.concat_str(pl.lit(":".join([slug, *parts, "~"])), hashed)


def is_text_id(row_id: pl.Expr) -> pl.Expr:
    """Returns the expression of whether an id is such a one, and has no number."""
    return row_id.str.contains(_FORM)


def numbered(row_id: pl.Expr, number: pl.Expr) -> pl.Expr:
    """Returns the expression of the id with its number among equal ones."""
    return pl.format("{}#{}", row_id, number)


def split_number(ids: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Splits ids into what rows of equal texts share, and their `number`; two ids are equal if both are.

    The number is null where the id has none but will get one, and `ORDINARY` where it is not made of a text.
    """
    form = is_text_id(pl.col("id"))
    number = pl.when(~form).then(pl.lit(ORDINARY, pl.UInt32)).alias("number")
    split = ids.alias("id").to_frame().with_columns(number)
    numbered_rows = split["id"].str.contains(_NUMBERED).arg_true()
    if len(numbered_rows):  # ids of a dataset that are ids again
        groups = split["id"].gather(numbered_rows).str.extract_groups(_NUMBERED).struct
        numbers = groups.field("2").cast(pl.UInt32)
        split = split.with_columns(
            split["id"].scatter(numbered_rows, groups.field("1")),
            split["number"].scatter(numbered_rows, numbers),
        )
    return split["id"], split["number"]


def _hash(texts: pl.Series) -> pl.Series:
    """Hashes what texts say with XXH3, whose values are fixed by its specification."""
    plain = normal_form(texts, "NFC").str.strip_chars()
    digests = [*map(xxhash.xxh3_64_hexdigest, plain.cast(pl.Binary).to_list())]
    return pl.Series(texts.name, digests, pl.String)
