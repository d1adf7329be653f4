"""Names of columns: as headers say, stripped and composed, each once, none that readers add themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from etl.errors import InputError
from etl.language.message import tr
from etl.text.composition import composed

# A table of the user's own may well have a column called `position` or `detail`.
_ADDED = {"position", "reason", "detail", "problem", "bad_record"}


def column_name(header: str) -> str:
    """The name of a column in our frames; a name that readers use themselves gets a star."""
    name = composed(header).strip()
    return f"{name}*" if name in _ADDED else name


def column_names(headers: Iterable[str]) -> list[str]:
    """The names of all columns; one that was there before (often blank) gets its index: `label#2`, `#2`."""
    names: dict[str, None] = {}
    for index, header in enumerate(headers):
        name = column_name(header)
        names[f"{name}#{index}" if name in names else name] = None
    return [*names]


def own_names(columns: Iterable[str]) -> list[str]:
    """The names as the header has them, for messages."""
    return [re.sub(rf"^({'|'.join(sorted(_ADDED))})\*(?=$|#)", r"\1", name) for name in columns]


def others_called(name: str, columns: Sequence[str]) -> list[str]:
    """Returns the columns of which the header has the same name again, as `column_names` calls them."""
    return [column for index, column in enumerate(columns) if column == f"{name}#{index}"]


def without_columns(name: str) -> InputError:
    """Returns the error for a file, as the user calls it, in which there is no column at all."""
    return InputError(
        tr("{file} has no columns", file=name),
        cause=tr("The file is empty, damaged, or holds no table."),
        next_step=tr("give a file that holds a table; docs/tables.md says in which forms."),
    )


def find_column(columns: Sequence[str], usual: Iterable[str]) -> str | None:
    """Finds the column that is called by a usual name.

    Args:
        columns: the names of all columns; of two that differ only in spelling the first is taken.
        usual: names, compared without case, width, spaces, hyphens and underscores; the first that is there
            is taken.
    """
    by_folded = {_folded(name): name for name in reversed(columns)}
    return next((by_folded[folded] for name in usual if (folded := _folded(name)) in by_folded), None)


@lru_cache(maxsize=4096)
def folded_name(name: str) -> str:
    """A name of a column without case and blanks, by which the columns of a corpus are compared."""
    return re.sub(r"\s", "", composed(name)).casefold()


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]", "", composed(name, "NFKC")).casefold()
