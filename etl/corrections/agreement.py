"""How far people agree: Cohen's kappa of each two of them, and Krippendorff's alpha of all.

Cohen (1960), A coefficient of agreement for nominal scales; Krippendorff (2011), Computing Krippendorff's
alpha-reliability. Computed by scikit-learn and NLTK.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from etl.corrections.decision import Decision, to_frame
from etl.corrections.resolve import KEY, last_decisions
from etl.errors import SettingsError
from etl.language.message import tr
from etl.schema.votes import SEPARATOR

# What each person answered about one row or label.
Answers = dict[str, str]

_EXTRA = "pip install 'korean-emotion-etl[agreement]'"


@dataclass(frozen=True)
class PairAgreement:
    """Two people: the rows and labels that both decided on, the share of equal answers, and Cohen's kappa.

    `kappa` is None where it is not defined: nothing in common, or one and the same answer to everything.
    """

    one: str
    other: str
    both: int
    equal: float | None
    kappa: float | None


@dataclass(frozen=True)
class Agreement:
    """How far people agree.

    Attributes:
        people: who decided, and on how many rows and labels.
        decisions: how many decisions of each kind count.
        shared: how many rows and labels more than one of them decided on.
        pairs: each two people.
        alpha: Krippendorff's, on the answers to what is shared; None where it is not defined.
    """

    people: dict[str, int]
    decisions: dict[str, int]
    shared: int
    pairs: tuple[PairAgreement, ...]
    alpha: float | None


def measure_agreement(decisions: Iterable[Decision]) -> Agreement:
    """Measures how far people agree in their last decisions; see `etl.corrections.resolve`.

    Raises:
        SettingsError: scikit-learn or NLTK is not installed.
    """
    last = last_decisions(to_frame(decisions)).sort(*KEY, "by")
    by_subject = last.group_by(KEY, maintain_order=True).agg("by", "decision", "labels")
    shared = by_subject.filter(pl.col("by").list.len() > 1).select("by", "decision", "labels")
    answers = [
        dict(zip(by, map(make_answer, decision, labels), strict=True))
        for by, decision, labels in shared.iter_rows()
    ]
    people = Counter(last["by"].to_list())
    return Agreement(
        people=dict(sorted(people.items())),
        decisions=dict(sorted(Counter(last["decision"].to_list()).items())),
        shared=len(answers),
        pairs=compare_people(people, answers),
        alpha=_krippendorff(answers),
    )


def make_answer(decision: str, labels: Sequence[str]) -> str:
    """Returns what a decision answers: its labels, or itself where it has none.

    So `keep` and `relabel` of one label are the same.
    """
    return SEPARATOR.join(labels) or f"{decision}{SEPARATOR}"


def compare_people(people: Iterable[str], answers: Sequence[Answers]) -> tuple[PairAgreement, ...]:
    """Compares each two people on what both decided on.

    Args:
        people: whom to compare.
        answers: by `make_answer`, of each row and label that several people decided on.

    Raises:
        SettingsError: scikit-learn is not installed.
    """
    return tuple(_compare(one, other, answers) for one, other in itertools.combinations(sorted(people), 2))


def _compare(one: str, other: str, answers: Sequence[Answers]) -> PairAgreement:
    both = [(given[one], given[other]) for given in answers if one in given and other in given]
    if not both:
        return PairAgreement(one, other, 0, None, None)
    equal = sum(first == second for first, second in both) / len(both)
    if len({*itertools.chain(*both)}) == 1:  # chance would agree as well
        return PairAgreement(one, other, len(both), equal, None)
    return PairAgreement(one, other, len(both), equal, _cohen(both))


def _cohen(both: list[tuple[str, str]]) -> float:
    try:
        from sklearn.metrics import cohen_kappa_score
    except ImportError as error:
        raise _not_installed("scikit-learn") from error
    return float(cohen_kappa_score(*zip(*both, strict=True)))


def _krippendorff(answers: list[Answers]) -> float | None:
    if len({answer for given in answers for answer in given.values()}) < 2:
        return None
    try:
        from nltk.metrics.agreement import AnnotationTask
    except ImportError as error:
        raise _not_installed("NLTK") from error
    lines = [(by, number, answer) for number, given in enumerate(answers) for by, answer in given.items()]
    return float(AnnotationTask(data=lines).alpha())


def _not_installed(package: str) -> SettingsError:
    return SettingsError(
        tr("{package} is not installed, which computes how far people agree", package=package),
        next_step=tr("install it: {command}", command=_EXTRA),
    )
