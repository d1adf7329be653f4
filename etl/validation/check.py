"""The shape of a check: what it measures, which numbers are findings, how the report shows them.

Each module of `etl.validation.checks` defines one (or two that share their measures); the tuple `CHECKS`
there lists them all, and `etl.validation.run` and the report go through that tuple only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, get_args

import polars as pl

from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View

Measured = TypeVar("Measured")

# The parts of the report from top to bottom; "findings" is that of the findings themselves.
Chapter = Literal[
    "score", "labels", "drift", "leakage", "conflicts", "findings", "sentences", "tokens", "balance", "rows"
]
CHAPTERS: tuple[Chapter, ...] = get_args(Chapter)

# When a check is measured. "files": first, without a look at rows, which may have the wrong columns. "late":
# last, because it waits for what is computed beside the others (near-duplicates, Great Expectations).
Stage = Literal["files", "rows", "late"]
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True)
class ReportContext:
    """Data that a section of the report may show beside the measures of its own check.

    Attributes:
        statistics: the measures of all checks, by the name of the check.
        rules: thresholds, severities and words of the findings.
        quotes: sentences that may be quoted, by row id; usually none.
    """

    statistics: Mapping[str, Any]
    rules: Rules
    quotes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Check(Generic[Measured]):
    """One check.

    Attributes:
        name: what it is called in the code and among the timings.
        measure: computes its measures: plain values, tuples and dataclasses.
        codes: the findings that `judge` can make.
        judge: compares the measures with the rules and returns the findings.
        render: returns its section of the report as HTML, "" where there is nothing to show.
        chapter: where in the report that section stands.
        key: of its measures under `statistics` in findings.json; "" where they are not written there.
        stage: when it is measured.
        select: selects the rows of its findings as evidence, see `etl.validation.selection`. It is given the
            view, the codes that are asked for, and the measures, or None where they were not made.
        is_applicable: whether it makes sense for what is validated; else it is left out.
        why_not: why it cannot find, or not all that it looks for, such as "no split column"; "" where it can.
    """

    name: str
    measure: Callable[[View], Measured]
    codes: tuple[str, ...] = ()
    judge: Callable[[Measured, Rules], list[Finding]] = lambda _measured, _rules: []
    render: Callable[[Measured, ReportContext], str] = lambda _measured, _context: ""
    chapter: Chapter = "rows"
    key: str = ""
    stage: Stage = "rows"
    select: Callable[[View, Collection[str], Measured | None], Mapping[str, pl.DataFrame]] = (
        lambda _view, _codes, _measured: {}
    )
    is_applicable: Callable[[View], bool] = lambda _view: True
    why_not: Callable[[View], str] = lambda _view: ""
