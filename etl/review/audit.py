"""Draws the random sample of an audit, and says how many of its labels were wrong, with an interval.

The sample is the same in every run: rows are ordered by a hash of seed and id, and the first ones are taken.
So a row that is added or corrected moves no other into the sample or out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
import xxhash

from etl.review.rows import Numbers, Rows

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """How many labels of a part of the sample were wrong.

    Attributes:
        kind: `all`, `source` or `label`.
        name: of the source or label; "" for all.
        rows: of the sample.
        judged: rows that people have looked at and agree on.
        wrong: of those, how many have another label now, or none.
        disputed: rows on which as many people say wrong as right.
        least, most: the interval in which the true share lies, 0 to 1; Wilson's, of 95 % confidence.
    """

    kind: str
    name: str
    rows: int
    judged: int
    wrong: int
    disputed: int
    least: float
    most: float


def draw_sample(rows: Rows, size: int, seed: int) -> Numbers:
    """Returns the numbers of `size` kept rows with a label, in random order; all if there are fewer."""
    has_label = rows.frame["label"].is_not_null() | rows.frame["votes"].is_not_null()
    numbers = np.flatnonzero(~rows.is_rejected & has_label.to_numpy())
    digests = np.fromiter(
        (xxhash.xxh3_64_intdigest(row_id.encode(), seed) for row_id in rows.frame["id"].gather(numbers)),
        np.uint64,
        count=len(numbers),
    )
    return numbers[np.argsort(digests, kind="stable")[:size]]


def summarise(rows: Rows, sample: Numbers, judgements: Mapping[int, Iterable[bool]]) -> list[Share]:
    """Returns the share of wrong labels: of all, then by source, then by label, most rows first.

    Args:
        rows: of the dataset.
        sample: as `draw_sample` gives it.
        judgements: for the rows that were looked at, whether each person says that the label is wrong.
    """
    frame = rows.frame[sample.tolist()].select("source", "label").to_dict(as_series=False)
    verdicts = [_verdict(judgements.get(number, ())) for number in sample.tolist()]
    shares = [_share("all", "", verdicts)]
    for kind in ("source", "label"):
        parts: dict[str, list[str]] = {}
        for name, verdict in zip(frame[kind], verdicts, strict=True):
            parts.setdefault(name or "", []).append(verdict)
        largest_first = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
        shares += [_share(kind, name, of_part) for name, of_part in largest_first]
    return shares


def wilson(wrong: int, judged: int) -> tuple[float, float]:
    """Returns the bounds of Wilson's interval of a share, at 95 % confidence; 0 and 1 where nothing is known.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, Journal of the
    American Statistical Association 22 (1927).
    """
    if not judged:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share, scale = wrong / judged, 1 + z * z / judged
    middle = (share + z * z / (2 * judged)) / scale
    half = z / scale * sqrt(share * (1 - share) / judged + z * z / (4 * judged * judged))
    # Rounding must not move a bound that is exactly at the end.
    return (max(0.0, middle - half) if wrong else 0.0), (min(1.0, middle + half) if wrong < judged else 1.0)


def _verdict(says_wrong: Iterable[bool]) -> str:
    """Returns `open`, `right`, `wrong` or `disputed`, by majority."""
    said = list(says_wrong)
    balance = sum(said) * 2 - len(said)
    if not said:
        return "open"
    if balance == 0:
        return "disputed"
    return "wrong" if balance > 0 else "right"


def _share(kind: str, name: str, verdicts: list[str]) -> Share:
    wrong = verdicts.count("wrong")
    judged = wrong + verdicts.count("right")
    least, most = wilson(wrong, judged)
    return Share(kind, name, len(verdicts), judged, wrong, verdicts.count("disputed"), least, most)
