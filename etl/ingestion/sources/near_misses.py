"""Says which corpus a table nearly is, and which columns it lacks; `copies` finds those that lack none."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

from etl.errors import InputError
from etl.ingestion.sources.copies import has_name_of, locate, may_have
from etl.ingestion.sources.raw import HashingStream, OpenFile
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.reader import open_tables
from etl.schema import contract
from etl.schema.contract import Layout

# Names of columns that tell nothing about a corpus.
_COMMON_NAMES = {"id", "text", "document", "label", "labels"}


def describe_near_miss(preview: Preview, slugs: Collection[str]) -> str | None:
    """Says which corpus a table nearly is, and which columns it lacks; None where it is like none.

    Args:
        preview: of the file; of one whose corpus the user names, all that it lacks is said.
        slugs: the corpora that it may be.
    """
    path = preview.raw.path.lower()
    called = {slug for slug in slugs if slug in path or has_name_of(preview.raw, slug)}
    near = [
        (found, slug, layout, where, header)
        for where, header in _headers(preview)
        for slug in slugs
        for layout in contract.load(slug).layouts.values()
        if len(found := locate(layout.required, header)) < len(layout.required)
        if preview.is_named or _is_near(found, layout, is_called=slug in called)
    ]
    if not near:
        return None
    nearest = max(
        near, key=lambda each: (each[1] in called, len(each[0]), len(each[0]) / len(each[2].required))
    )
    found, slug, layout, where, header = nearest
    missing = [f"`{name}`" for name in layout.columns if name in layout.required - found.keys()]
    lacks = f"the column {missing[0]} is" if len(missing) == 1 else f"the columns {', '.join(missing)} are"
    shown = ", ".join(name[:40] for name in header[:20] if name)
    return f"it looks like {slug}, but {lacks} missing; {where} {shown}"


def _is_near(found: Collection[str], layout: Layout, *, is_called: bool) -> bool:
    """Whether half of the columns are there, and not only such as any table may have.

    Of a corpus after which the path of the file is called, any one is enough.
    """
    is_half = 2 * len(found) >= len(layout.required) and not set(found) <= _COMMON_NAMES
    return is_half or (is_called and bool(found))


def _headers(preview: Preview) -> Iterator[tuple[str, list[str]]]:
    """Which table of a file, in words, and the names of its columns; nothing of a file without tables."""
    if not may_have(preview, None if preview.is_named else _all_columns()):
        return
    try:
        with preview.raw.open() as stream:
            opened = open_tables(OpenFile(preview.raw, HashingStream(stream)), preview, any)
    except InputError:  # it cannot be read, and was not recognised either
        return
    for table in opened.tables:
        where = f"the columns of its part {table.part!r} are" if table.part else "its columns are"
        yield where, table.columns


@cache
def _all_columns() -> frozenset[str]:
    contracts = map(contract.load, contract.slugs())
    return frozenset(
        name for each in contracts for layout in each.layouts.values() for name in layout.required
    )
