"""Korean in the help panels of typer, whole."""

from __future__ import annotations


def wrap_by_cells() -> None:
    """Makes rich see that a line of Korean fits; without it the last syllable of the line becomes a `…`.

    Where it wraps a text, rich 15 compares the characters of a line with the cells that it has, to know if
    the blank at its end is one too many. A Korean line has half as many characters as cells, keeps the blank,
    and is then cut, as typer's help texts ask for: see `findings/rich-wide-lines.sh`.
    """
    from rich.text import Text

    Text.rstrip_end = _rstrip_end  # type: ignore[method-assign, assignment]


def _rstrip_end(text: object, size: int) -> None:
    from rich.text import Text

    assert isinstance(text, Text)
    blanks = len(text.plain) - len(text.plain.rstrip())
    excess = min(blanks, text.cell_len - size)
    if excess > 0:
        text.right_crop(excess)
