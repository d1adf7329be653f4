import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_datasets import SPLITS, Row, clean_rows, make_reject, make_row, write_dataset
from support.views import RULES, view_of

from etl.validation.checks import conflicts, rater_agreement
from etl.validation.checks.conflicts import Conflict
from etl.validation.checks.rater_agreement import RaterAgreement

Write = Callable[..., Path]
LONG = "오늘은 정말 기분이 좋은 하루였다"


def measured(path: Path) -> dict[tuple[str, str], Conflict]:
    found = conflicts.measure(view_of(path))
    return {(each.split, each.level): each for each in found}


def agreements(path: Path) -> list[RaterAgreement]:
    return list(rater_agreement.measure(view_of(path)))


def say(number: int, text: str, label: str | None, **changes: object) -> Row:
    return make_row(number, text=text, raw_text=text, label=label) | changes


def test_rows_without_a_conflict_have_none_and_nothing_bounds_the_accuracy(write: Write) -> None:
    found = measured(write(clean_rows()))
    assert list(found) == [(split, level) for split in (*SPLITS, "all") for level in ("L0", "L1", "L2")]
    assert {(each.texts, each.rows, each.best_accuracy) for each in found.values()} == {(0, 0, 1.0)}
    assert conflicts.judge(tuple(found.values()), RULES) == []


def test_a_text_with_different_labels_conflicts_and_its_commonest_label_is_the_best_answer(
    write: Write,
) -> None:
    rows = [*clean_rows(7, 0, 0), *(say(10 + at, LONG, label) for at, label in enumerate("가가나"))]
    path = write(rows)
    found = measured(path)["train", "L0"]
    assert (found.texts, found.rows, found.of, found.own_share) == (1, 3, 10, 0.3)
    assert found.best_accuracy == 0.9
    assert found.pairs == (("table:10", "table:12"),)
    [finding, *_] = conflicts.judge((measured(path)["all", "L0"],), RULES)
    assert (finding.code, finding.severity, finding.number) == ("conflict_exact", "warning", 1)
    assert finding.examples == ("table:10", "table:12")
    assert "90.00%" in finding.message


def test_each_level_counts_what_the_stricter_one_counts_too(write: Write) -> None:
    texts = [LONG, LONG, f"{LONG}!", f"{LONG.replace(' ', '')}?", "어제 본 영화는 끝까지 지루했다"]
    labels = ["기쁨", "슬픔", "기쁨", "기쁨", "분노"]
    rows = [say(at, text, label) for at, (text, label) in enumerate(zip(texts, labels, strict=True))]
    rows[4]["tokens"] = rows[3]["tokens"] = ["같다"]
    found = measured(write(rows))
    counted = {
        level: (found["train", level].texts, found["train", level].rows) for level in ("L0", "L1", "L2")
    }
    assert counted == {"L0": (1, 2), "L1": (1, 4), "L2": (1, 2)}
    assert found["train", "L1"].best_accuracy == 0.8
    assert [found["all", level].own_rows for level in ("L0", "L1", "L2")] == [2, 2, 1], "each row once"
    assert [found["all", level].own_texts for level in ("L0", "L1", "L2")] == [1, 1, 1]


def test_rows_without_tokens_or_label_conflict_with_nothing(write: Write) -> None:
    rows = [say(at, f"{LONG} {at}", label, tokens=[]) for at, label in enumerate(["기쁨", "슬픔"])]
    rows += [say(2, LONG, "기쁨"), say(3, LONG, None), say(4, LONG, "  "), say(5, LONG, "기쁨 ")]
    found = measured(write(rows))
    assert {(each.texts, each.of) for each in found.values()} == {(0, 4)}


def test_short_utterances_count_and_are_told_apart(write: Write) -> None:
    rows = [
        say(at, text, label) for at, (text, label) in enumerate([("네.", "가"), ("네.", "나"), ("네!", "나")])
    ]
    found = measured(write(rows))["train", "L1"]
    assert (found.texts, found.rows, found.short_texts, found.short_rows) == (1, 3, 1, 3)
    assert found.best_accuracy == 2 / 3


def test_conflicts_between_splits_are_counted_over_all_of_them(write: Write) -> None:
    rows = [say(1, LONG, "기쁨"), say(2, LONG, "슬픔", split="test")]
    found = measured(write(rows))
    assert {split: each.texts for (split, level), each in found.items() if level == "L0"} == {
        "train": 0,
        "test": 0,
        "all": 1,
    }


def test_a_low_bound_on_the_accuracy_is_a_warning_for_its_split(write: Write) -> None:
    rows = clean_rows(18, 18, 0)
    for at, label in ((0, "기쁨"), (1, "슬픔"), (18, "기쁨"), (19, "슬픔"), (20, "분노")):
        rows[at] |= {"tokens": ["같다"], "label": label}
    found = conflicts.judge(tuple(measured(write(rows)).values()), RULES)
    assert [(each.code, each.severity, round(each.number, 4)) for each in found] == [
        ("accuracy_ceiling", "warning", round(1 / 18, 4)),
        ("accuracy_ceiling", "warning", round(2 / 18, 4)),
        ("conflict_tokens", "note", 1),
    ]
    assert "validation accuracy above 0.8889" in found[1].message


def test_the_order_of_the_rows_does_not_matter(write: Write) -> None:
    rows = [say(at, f"{LONG} {at % 7}{'!' * (at % 2)}", "가나다"[at % 3 // (1 + at % 2)]) for at in range(60)]
    for row in rows[40:]:
        row["split"] = "validation"
    assert measured(write(rows)) == measured(write(Random(3).sample(rows, len(rows))))


def test_the_81_conflicting_questions_of_the_chatbot_are_found(
    write: Write, shared_data: Callable[[str], Path]
) -> None:
    with (shared_data("chatbot") / "ChatbotData.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    found = measured(write([say(at, line["Q"], line["label"]) for at, line in enumerate(lines)]))["all", "L0"]
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        labels[line["Q"]][line["label"].strip()] += 1
    conflicting = [votes for votes in labels.values() if len(votes) > 1]
    assert found.texts == len(conflicting) == 81
    assert found.rows == sum(votes.total() for votes in conflicting)
    right = sum(max(votes.values()) for votes in labels.values())
    assert found.best_accuracy == pytest.approx(right / len(lines))


WORDS = st.sampled_from([LONG, f"{LONG}!", LONG.replace(" ", ""), "네.", "네", "다른 긴 문장 하나"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(WORDS, st.sampled_from(["가", "나", "다", None]), st.sampled_from(SPLITS)), max_size=20
    )
)
def test_the_counts_are_those_of_a_count_by_hand(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, str | None, str]]
) -> None:
    rows = [say(at, text, label, split=split) for at, (text, label, split) in enumerate(drawn)]
    found = measured(write_dataset(tmp_path_factory.mktemp("drawn"), rows))
    for split in SPLITS:
        labels: dict[str, Counter[str]] = defaultdict(Counter)
        for text, label, at in drawn:
            if label and at == split:
                labels[text.translate(str.maketrans("", "", " .!"))][label] += 1
        rows_of_split = sum(votes.total() for votes in labels.values())
        if not rows_of_split:
            assert (split, "L1") not in found
            continue
        each = found[split, "L1"]
        conflicting = [votes for votes in labels.values() if len(votes) > 1]
        assert (each.texts, each.of) == (len(conflicting), rows_of_split)
        assert each.rows == sum(votes.total() for votes in conflicting)
        right = sum(max(votes.values()) for votes in labels.values())
        assert each.best_accuracy == pytest.approx(right / rows_of_split)


def vote(number: int, votes: str, **changes: object) -> Row:
    return make_row(number, source="aihub-speech", raw_label=votes) | changes


def test_raters_who_always_agree_agree_wholly(write: Write) -> None:
    rows = [vote(1, "Happiness,happiness,Happiness"), vote(2, "Sad,sadness,sad")]
    [found] = agreements(write(rows))
    assert found == RaterAgreement(
        source="aihub-speech",
        rows=2,
        votes=6,
        pairwise=1.0,
        by_chance=0.5,
        kappa=1.0,
        unanimous=2,
        majority_share=1.0,
    )


def test_the_agreement_of_raters_is_fleiss_kappa(write: Write) -> None:
    """Fourteen raters, ten rows, five labels: the worked example of Fleiss' kappa, which is 0.210."""
    counts = (
        "0 0 0 0 14|0 2 6 4 2|0 0 3 5 6|0 3 9 2 0|2 2 8 1 1|7 7 0 0 0|3 2 6 3 0|2 5 3 2 2|6 5 2 1 0|0 2 2 3 7"
    )
    names = ["Happiness", "Angry", "Sadness", "Fear", "Disgust"]
    rows = []
    for number, line in enumerate(counts.split("|")):
        votes = [name for name, n in zip(names, map(int, line.split()), strict=True) for _ in range(n)]
        rows.append(vote(number, ",".join(votes)))
    [found] = agreements(write(rows))
    assert found.kappa == pytest.approx(0.210, abs=5e-4)
    assert (found.pairwise, found.by_chance) == (
        pytest.approx(0.378, abs=5e-4),
        pytest.approx(0.213, abs=5e-4),
    )
    assert found.unanimous == 1
    [finding] = rater_agreement.judge((found,), RULES)
    assert (finding.code, finding.severity) == ("rater_agreement", "note")
    assert "37.8%" in finding.message
    assert "0.21" in finding.message


def test_rows_that_were_rejected_for_want_of_a_majority_are_counted(write: Write) -> None:
    kept = [vote(1, "Happiness,Happiness")]
    rejected = [
        make_reject(2, "label_ambiguous", source="aihub-speech", raw_label="Happiness,Sad"),
        make_reject(1, "duplicate_id", source="aihub-speech", raw_label="Happiness,Happiness"),
        make_reject(3, "missing_label", source="aihub-speech", raw_label=None),
    ]
    [found] = agreements(write(kept, rejected))
    assert (found.rows, found.pairwise, found.unanimous) == (2, 0.5, 1)


def test_corpora_without_votes_and_rows_with_one_have_no_agreement(write: Write) -> None:
    rows = [make_row(1, source="kote", raw_label="3,4,5"), make_row(2), vote(3, "Happiness,")]
    assert agreements(write(rows)) == []


def test_where_all_votes_are_one_label_kappa_says_nothing(write: Write) -> None:
    [found] = agreements(write([vote(1, "Fear,Fear")]))
    assert (found.pairwise, found.kappa) == (1.0, None)
    [finding] = rater_agreement.judge((found,), RULES)
    assert "not defined" in finding.message
