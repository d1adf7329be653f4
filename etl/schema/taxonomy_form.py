"""A taxonomy to fill in: what the labels of a user's own table mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.language.message import Message, plural, translated
from etl.schema.taxonomy import TABLE, Taxonomy

# What is longer is a sentence.
_MOST_CHARS = 100


def write_form(taxonomy: Taxonomy, unknown: Mapping[str, int]) -> str:
    """Returns the YAML of a taxonomy for the labels of a table: known ones as now, unknown ones to null.

    Args:
        taxonomy: its targets stay.
        unknown: labels with the number of rows that have them.
    """
    known = taxonomy.maps.get(TABLE, {})
    lines = [
        f"name: {_quoted('own')}",
        f"targets: [{', '.join(map(_quoted, taxonomy.targets))}]",
        "maps:",
        f"  {TABLE}:",
        *(f"    {_quoted(label)}: {'null' if to is None else _quoted(to)}" for label, to in known.items()),
        *(
            f"    {_quoted(label)}: {{to: null}}  # {translated(_rows(count))}"
            for label, count in unknown.items()
            if len(label) <= _MOST_CHARS and label not in known
        ),
    ]
    return "\n".join(lines) + "\n"


def _rows(count: int) -> Message:
    return plural("{number:,} row", "{number:,} rows", count)


def _quoted(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, allow_unicode=True, default_style='"', width=1_000_000)).strip()
