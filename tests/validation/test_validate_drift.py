import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from support.small_datasets import TARGETS, Row, clean_rows, make_row, text_of_length
from support.views import NO_CONTEXT, RULES, view_of

from etl.text.normalise import normalised_key
from etl.validation.check import ReportContext
from etl.validation.checks import accounts, changes, drift, tokens
from etl.validation.checks.changes import DatasetChanges, SplitChanges
from etl.validation.checks.drift import Drift
from etl.validation.findings import Finding

Write = Callable[..., Path]
SPLITS = ("train", "validation", "test")
distance = pytest.importorskip("scipy.spatial.distance")
stats = pytest.importorskip("scipy.stats")


def measured(path: Path) -> dict[tuple[str, str], Drift]:
    return {(one.of, one.split): one for one in drift.measure(view_of(path))}


def findings(path: Path) -> list[Finding]:
    view = view_of(path)
    judged = [drift.judge(drift.measure(view), RULES), tokens.judge(tokens.measure(view), RULES)]
    return [one for found in judged for one in found if RULES[one.code].area == "drift"]


def compared(now: Path, earlier: Path) -> DatasetChanges:
    return changes.measure(view_of(now, earlier=earlier))


def shares(values: Sequence[object], names: Sequence[object], *, add: float = 0) -> np.ndarray:
    counts = Counter(values)
    rows = np.array([counts[name] + add for name in names])
    return rows / rows.sum()


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Labels, sources and lengths that differ between the splits, each at random."""
    rng = random.Random(2)
    weights = {"train": (4, 3, 2, 1), "validation": (1, 2, 3, 4), "test": (4, 3, 2, 0)}
    length = {"train": 2.5, "validation": 3.1, "test": 2.5}
    made = []
    for number in range(1200):
        split = rng.choices(SPLITS, (8, 2, 2))[0]
        made.append(
            make_row(
                number,
                split=split,
                label=rng.choices(TARGETS, weights[split])[0],
                source=rng.choices(("kote", "nsmc", "own"), (5, 4, 1) if split == "train" else (1, 4, 0))[0],
                text=text_of_length(1 + int(rng.lognormvariate(length[split], 0.6))),
            )
        )
    return made


def column(rows: list[Row], split: str, of: str) -> list[object]:
    return [len(row["text"]) if of == "length" else row[of] for row in rows if row["split"] == split]


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize("of", ["label", "source"])
def test_drifts_of_labels_and_sources_are_those_of_scipy(
    write: Write, rows: list[Row], of: str, split: str
) -> None:
    found = measured(write(rows))[of, split]
    these, those = column(rows, split, of), column(rows, "train", of)
    names = sorted({*these, *those})
    p, q = shares(these, names), shares(those, names)
    assert found.total_variation == pytest.approx(np.abs(p - q).sum() / 2)
    assert found.jensen_shannon == pytest.approx(distance.jensenshannon(p, q) ** 2)
    p, q = shares(these, names, add=0.5), shares(those, names, add=0.5)
    assert found.psi == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p))
    assert found.kolmogorov_smirnov is None


@pytest.mark.parametrize("split", ["validation", "test"])
def test_drifts_of_lengths_are_those_of_scipy(write: Write, rows: list[Row], split: str) -> None:
    found = measured(write(rows))["length", split]
    these, those = column(rows, split, "length"), column(rows, "train", "length")
    assert found.kolmogorov_smirnov == pytest.approx(stats.ks_2samp(these, those).statistic)
    edges = np.unique(np.percentile(those, range(10, 100, 10), method="inverted_cdf"))
    p, q = (np.bincount(np.digitize(side, edges, right=True), minlength=10) for side in (these, those))
    assert len(edges) == 9
    assert found.total_variation == pytest.approx(np.abs(p / p.sum() - q / q.sum()).sum() / 2)
    p, q = ((side + 0.5) / (side.sum() + 5) for side in (p, q))
    assert found.psi == pytest.approx(((p - q) * np.log(p / q)).sum())


def test_bins_hold_equal_shares_as_far_as_ties_allow() -> None:
    assert drift.deciles(dict.fromkeys(range(100), 7)) == [9, 19, 29, 39, 49, 59, 69, 79, 89]
    assert drift.deciles({3: 55, 4: 1, 9: 44}) == [3]
    assert drift.deciles({3: 10, 4: 50, 9: 40}) == [3, 4]
    assert drift.deciles({5: 8}) == []
    assert drift.binned({1: 2, 3: 1, 4: 5, 99: 1}, [3]) == [3, 6]


def test_what_is_by_chance_is_what_random_samples_show() -> None:
    rng = np.random.default_rng(0)
    variation, index = [], []
    for _ in range(300):
        sides = [Counter(rng.choice(5, size, p=[0.4, 0.3, 0.15, 0.1, 0.05]).tolist()) for size in (400, 2000)]
        (found,) = drift.compare("label", *({str(k): n for k, n in side.items()} for side in sides), "a", "b")
        variation.append(found.total_variation / found.by_chance)
        index.append(found.psi / found.psi_by_chance)
    assert np.mean(variation) == pytest.approx(1, abs=0.08)
    assert np.mean(index) == pytest.approx(1, abs=0.12)


def test_each_drift_beyond_chance_is_a_finding(write: Write, rows: list[Row]) -> None:
    path = write(rows)
    found = [(one.code, one.message.count("validation")) for one in findings(path)]
    assert ("label_drift", 1) in found
    assert ("source_drift", 1) in found
    assert ("length_drift", 1) in found
    assert "unseen_tokens" not in [code for code, _ in found]  # every row of `make_row` has a new token
    assert measured(path)["length", "test"].psi < 0.1


def test_a_mild_drift_of_lengths_is_a_note(write: Write) -> None:
    rng = random.Random(4)
    rows = [
        make_row(
            number,
            text=text_of_length(1 + int(rng.lognormvariate(3.0 if number % 4 else 3.24, 0.6))),
            split="train" if number % 4 else "validation",
        )
        for number in range(4000)
    ]
    path = write(rows)
    assert 0.1 < measured(path)["length", "validation"].psi < 0.25
    assert [(one.code, one.severity) for one in findings(path) if "length" in one.code] == [
        ("length_shift", "note")
    ]


def test_a_random_split_shows_no_drift_however_small_it_is(write: Write, rows: list[Row]) -> None:
    rng = random.Random(6)
    for sizes in ((900, 200, 100), (40, 10, 10)):
        splits = [split for split, size in zip(SPLITS, sizes, strict=True) for _ in range(size)]
        drawn = [
            row | {"split": split} for row, split in zip(rng.sample(rows, sum(sizes)), splits, strict=True)
        ]
        assert findings(write(drawn)) == []


def test_tokens_that_train_lacks_are_a_finding_beyond_what_is_to_be_expected(write: Write) -> None:
    rows = clean_rows(train=400, validation=40, test=40)
    for number, row in enumerate(rows):
        row["tokens"] = (
            [f"말{number % 37}", "오늘"] if row["split"] != "test" else [f"낱말{number % 37}", "오늘"]
        )
    (found,) = (one for one in findings(write(rows)) if "length" not in one.code)
    assert (found.code, found.number, found.threshold) == ("unseen_tokens", 0.5, 0.1)
    assert "test" in found.message


def test_splits_that_are_missing_have_no_drift(write: Write) -> None:
    assert measured(write([])) == {}
    assert measured(write(clean_rows(validation=0, test=0))) == {}
    assert measured(write(clean_rows(train=0))) == {}


def changes_by_split(found: DatasetChanges) -> dict[str, SplitChanges]:
    return {change.split: change for change in found.changes}


def changed_rows() -> list[Row]:
    """As `clean_rows`, with a change of every kind."""
    rows = clean_rows()
    removed = {3, 4, 85}
    rows[81]["split"], rows[100]["split"] = "train", "validation"
    rows[10]["label"] = rows[11]["label"] = "기쁨"  # one of them had another
    rows[20]["text"] = "완전히 다른 문장입니다"
    rows[21]["text"] += " !!"  # the same text, normalised
    new = [make_row(500 + number, split="test", source="kote") for number in range(4)]
    return [row for number, row in enumerate(rows) if number not in removed] + new


def test_rows_that_came_went_moved_or_changed_are_counted_by_id(write: Write) -> None:
    earlier = clean_rows()
    found = compared(write(changed_rows(), shard_rows=9), write(earlier))
    assert found.matched_by == "id"
    by_split = changes_by_split(found)
    train, validation, test = (by_split[split] for split in SPLITS)
    relabelled = sum(earlier[number]["label"] != "기쁨" for number in (10, 11))
    assert (train.rows, train.earlier_rows, train.added, train.removed) == (79, 80, 0, 2)
    assert (train.moved_in, train.moved_out, train.relabelled, train.reworded) == (1, 0, relabelled, 1)
    assert train.examples == ("table:81",)
    assert (validation.added, validation.removed, validation.moved_in, validation.moved_out) == (0, 1, 1, 1)
    assert (test.added, test.removed, test.moved_in, test.moved_out) == (4, 0, 0, 1)
    assert (found.sources_new, found.sources_gone, found.labels_gone) == (("kote",), (), ())


def test_findings_against_an_earlier_dataset_name_what_changed(write: Write) -> None:
    found = {
        (one.code, one.number)
        for one in changes.judge(compared(write(changed_rows()), write(clean_rows())), RULES)
    }
    assert ("since_moved", 1) in found
    assert ("since_evaluation", 3) in found  # validation: one came, two went
    assert ("since_evaluation", 5) in found  # test: four came, one went
    assert ("since_rows", 7) in found
    assert ("since_relabelled", 2 / 117) in found or ("since_relabelled", 1 / 117) in found
    assert not {code for code, _ in found} & {"since_removed", "since_labels", "since_sources"}


def test_the_same_rows_in_another_order_have_not_changed(write: Write) -> None:
    rows = clean_rows()
    found = compared(write(random.Random(1).sample(rows, len(rows)), shard_rows=11), write(rows))
    assert changes.judge(found, RULES) == []
    assert all(
        change.added == change.removed == change.moved_in == change.relabelled == 0
        for change in found.changes
    )
    assert found == compared(write(rows), write(rows))


def test_rows_are_matched_by_text_where_ids_are_numbers_of_lines(write: Write) -> None:
    rng = random.Random(9)
    earlier = clean_rows()
    kept = rng.sample([row for number, row in enumerate(earlier) if number % 10], 108)
    now = [row | {"id": f"table:{number}", "text": row["text"] + "!"} for number, row in enumerate(kept)]
    now.append(make_row(700, id="table:108", split="test"))
    now[0]["label"] = next(label for label in TARGETS if label != now[0]["label"])
    found = compared(write(now), write(earlier))
    assert found.matched_by == "text"
    keys = {row["split"]: [] for row in earlier}
    for row in earlier:
        keys[row["split"]].append(normalised(row["text"]))
    present = {normalised(row["text"]) for row in now}
    for change in found.changes:
        assert change.removed == sum(key not in present for key in keys[change.split])
        assert change.added == (1 if change.split == "test" else 0)
        assert change.reworded is None
    assert sum(change.relabelled for change in found.changes) == 1
    other_ids = [row | {"id": f"other:{number}"} for number, row in enumerate(earlier)]
    assert compared(write(other_ids), write(earlier)).matched_by == "text"


def normalised(text: str) -> str:
    import polars as pl

    return pl.select(normalised_key(pl.lit(text))).item()


def test_drift_since_an_earlier_dataset_is_that_between_the_same_splits(
    write: Write, rows: list[Row]
) -> None:
    changed = [row | ({"label": "분노", "source": "own"} if row["split"] == "test" else {}) for row in rows]
    for row in changed:
        if row["split"] == "validation":
            row["tokens"], row["text"] = ["새말", "적다"], text_of_length(400)
    found = compared(write(changed), write(rows))
    by_split = changes_by_split(found)
    label, source, _ = by_split["test"].drifts
    names = sorted(TARGETS)
    p, q = shares(["분노"], names), shares(column(rows, "test", "label"), names)
    assert label.total_variation == pytest.approx(np.abs(p - q).sum() / 2)
    assert (label.reference, label.split) == ("earlier", "test")
    assert source.total_variation == 1  # no row of test was `own`
    unseen = by_split["validation"].unseen
    assert unseen
    assert unseen.share == 0.5
    codes = [one.code for one in changes.judge(found, RULES)]
    assert codes.count("since_label_drift") == codes.count("since_source_drift") == 1
    assert codes.count("since_length_drift") == 1
    assert all(math.isclose(one.total_variation, 0, abs_tol=1e-12) for one in by_split["train"].drifts)


def test_labels_sources_and_rows_that_are_gone_are_named(write: Write) -> None:
    earlier = clean_rows()
    for row in earlier[:40]:
        row["source"] = "kote"
    now = [row for row in earlier if row["source"] != "kote" and row["label"] != "중립"]
    found = {one.code: one for one in changes.judge(compared(write(now), write(earlier)), RULES)}
    assert "중립" in found["since_labels"].message
    assert "kote" in found["since_sources"].message
    assert found["since_removed"].number == 60 / 120


@pytest.mark.parametrize("sizes", [(0, 0), (0, 5), (5, 0)])
def test_datasets_without_rows_can_be_compared(write: Write, sizes: tuple[int, int]) -> None:
    now, earlier = ([make_row(number, id=None, text=None) for number in range(size)] for size in sizes)
    found = compared(write(now), write(earlier))
    assert sum(change.added for change in found.changes) == sizes[0]
    assert sum(change.removed for change in found.changes) == sizes[1]
    changes.judge(found, RULES)
    changes.render(found, NO_CONTEXT)


def test_the_sections_of_the_report_show_the_numbers_and_escape_names(write: Write, rows: list[Row]) -> None:
    path = write(rows)
    view = view_of(path)
    context = ReportContext({"tokens": tokens.measure(view), "accounts": accounts.measure(view)}, RULES)
    html = drift.render(drift.measure(view), context)
    assert f"{measured(path)['label', 'validation'].total_variation:.1%}" in html
    assert "lengths, train to test" in html
    earlier = [row | {"label": "<i>x</i>"} for row in rows]
    html = changes.render(compared(path, write(earlier)), NO_CONTEXT)
    assert "&lt;i&gt;x" in html
    assert "<i>x" not in html
