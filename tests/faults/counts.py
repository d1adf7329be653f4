"""What a kind of faults came to: how often it was tried, and what fell short."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Count:
    """One line of the table that `python -m faults` prints.

    Args:
        kind: of the faults, in words.
        tried: how often.
        failures: of each try that fell short, what was tried and what was found.
    """

    kind: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)


def as_markdown(counts: Iterable[Count]) -> str:
    """A table of what was tried."""
    rows = [f"| {count.kind} | {count.tried:,} | {len(count.failures):,} |" for count in counts]
    return "\n".join(["| faults | tried | fell short |", "|---|---:|---:|", *rows, ""])
