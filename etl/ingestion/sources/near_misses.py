"""Says which corpus a table nearly is, and which columns it lacks; `copies` finds those that lack none."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

from etl.errors import InputError
from etl.ingestion.sources.copies import has_name_of, locate, may_have
from etl.ingestion.sources.raw import HashingStream, OpenFile
from etl.ingestion.tables.header import folded_name
from etl.ingestion.tables.preview import JSON, Preview
from etl.ingestion.tables.reader import open_tables
from etl.language.message import plural, tr
from etl.schema import contract
from etl.schema.contract import Layout

# Names of columns that tell nothing about a corpus.
_COMMON_NAMES = {"id", "text", "document", "label", "labels", "info", "data"}


def describe_near_miss(preview: Preview, slugs: Collection[str]) -> str | None:
    """Says which corpus a table nearly is, and which columns it lacks; None where it is like none.

    Args:
        preview: of the file; of one whose corpus the user names, all that it lacks is said.
        slugs: the corpora that it may be.
    """
    layouts = [*_layouts_like(preview, tuple(slugs))]
    near = [
        (found, slug, layout, is_called, part, header)
        for part, header in (_headers(preview) if layouts else ())
        for slug, layout, is_called in layouts
        if len(found := locate(layout.required, header)) < len(layout.required)
        if preview.is_named or _is_near(found, layout, is_called=is_called)
    ]
    if not near:
        return None
    nearest = max(near, key=lambda each: (each[3], len(each[0]), len(each[0]) / len(each[2].required)))
    found, slug, layout, _, part, header = nearest
    missing = [f"`{name}`" for name in layout.columns if name in layout.required - found.keys()]
    columns = ", ".join(name[:40] for name in header[:20] if name)
    if not found:
        return tr(
            "it has none of the columns of {corpus}, {missing}; its columns are {columns}",
            corpus=slug,
            missing=", ".join(missing),
            columns=columns,
        )
    return plural(
        "it looks like {corpus}, but the column {missing} is missing; {found}",
        "it looks like {corpus}, but the columns {missing} are missing; {found}",
        len(missing),
        corpus=slug,
        missing=", ".join(missing),
        found=tr("the columns of its part {part!r} are {columns}", part=part, columns=columns)
        if part
        else tr("its columns are {columns}", columns=columns),
    )


def slugs_like(preview: Preview, slugs: Collection[str]) -> list[str]:
    """Returns the corpora of which a JSON file has a column, as far as that can be told; of any other all."""
    if preview.suffix not in JSON or preview.folded_names is None:
        return [*slugs]
    by_name = _slugs_by_name(tuple(slugs))
    having = {slug for name in preview.folded_names if name in by_name for slug in by_name[name]}
    return [slug for slug in slugs if slug in having]


@cache
def _slugs_by_name(slugs: tuple[str, ...]) -> dict[str, set[str]]:
    """Which corpora require a column, by its name, folded, or a part of it."""
    by_name: dict[str, set[str]] = {}
    for slug, _, wanted in _required(slugs):
        for name in wanted:
            by_name.setdefault(name, set()).add(slug)
    return by_name


def _layouts_like(preview: Preview, slugs: tuple[str, ...]) -> Iterator[tuple[str, Layout, bool]]:
    """The layouts to which a file may be near, with their corpora and whether its path is called after these.

    Opening a file takes a hundred times as long as looking at the names near its start.
    """
    path, names = preview.raw.path.lower(), preview.folded_names
    if names is not None and not preview.is_named and names.isdisjoint(_slugs_by_name(slugs)):
        return
    for slug, layout, wanted in _required(slugs):
        if names is not None and names.isdisjoint(wanted) and not preview.is_named:
            continue
        is_called = slug in path or has_name_of(preview.raw, slug)
        found = layout.required if names is None else [name for name in layout.required if _has(names, name)]
        if preview.is_named or _is_near(found, layout, is_called=is_called):
            yield slug, layout, is_called


def _has(names: Collection[str], name: str) -> bool:
    """Whether a column may be among names of which a path such as `input.form` is several."""
    return folded_name(name) in names or all(part in names for part in folded_name(name).split("."))


@cache
def _required(slugs: tuple[str, ...]) -> list[tuple[str, Layout, frozenset[str]]]:
    """The layouts of some corpora, with the columns that they require, folded, and the parts of paths."""
    return [
        (slug, layout, frozenset(part for name in folded for part in (name, *name.split("."))))
        for slug in slugs
        for layout in contract.load(slug).layouts.values()
        for folded in [[*map(folded_name, layout.required)]]
    ]


def _is_near(found: Collection[str], layout: Layout, *, is_called: bool) -> bool:
    """Whether half of the columns are there, and not only such as any table may have.

    Of a corpus after which the path of the file is called, any one is enough.
    """
    is_half = 2 * len(found) >= len(layout.required) and not set(found) <= _COMMON_NAMES
    return is_half or (is_called and bool(found))


def _headers(preview: Preview) -> Iterator[tuple[str, list[str]]]:
    """Which table of a file, and the names of its columns; nothing of a file without tables."""
    if not may_have(preview):
        return
    try:
        with preview.open() as stream:
            opened = open_tables(OpenFile(preview.raw, HashingStream(stream)), preview, any)
    except InputError:  # it cannot be read, and was not recognised either
        return
    for table in opened.tables:
        yield table.part, table.columns
