import builtins
import csv
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.small_datasets import make_row, text_of_length, write_dataset
from support.views import RULES

from etl.dataset.read import Dataset, open_dataset
from etl.errors import SettingsError
from etl.validation.checks import label_noise
from etl.validation.checks.label_noise import FILE, LabelNoise

pytestmark = pytest.mark.slow

pytest.importorskip("sklearn", reason="the extra `noise` is not installed")

Write = Callable[..., Path]
WORDS = {
    "기쁨": ["신난다", "행복해", "고마워", "웃음이 나", "최고야"],
    "슬픔": ["눈물이 나", "외로워", "우울해", "그리워", "서러워"],
    "분노": ["화가 나", "짜증나", "열받아", "미치겠네", "어이없어"],
}


def sentences(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Made-up sentences whose words give their label away, as (text, label)."""
    chance = random.Random(seed)
    when = ["오늘", "어제", "아침에", "회사에서", "친구랑", "집에서", "혼자"]
    found = []
    for number in range(count):
        label = chance.choice([*WORDS])
        said = " ".join(chance.sample(WORDS[label], 2))
        found.append((f"{chance.choice(when)} {chance.choice(when)} {said} {number}번", label))
    return found


def dataset(path: Path, pairs: Sequence[tuple[str | None, str | None]], **changes: object) -> Dataset:
    rows = [
        make_row(at, raw_text=text, text=text, label=label, **({"group": ""} | changes))
        for at, (text, label) in enumerate(pairs)
    ]
    return open_dataset(write_dataset(path, rows, shard_rows=100))


def flipped(
    pairs: Sequence[tuple[str, str]], share: float, seed: int
) -> tuple[list[tuple[str, str]], set[str]]:
    """The pairs with the labels of a share of them changed, and the ids of these."""
    chance = random.Random(seed)
    labels = sorted({label for _, label in pairs})
    changed = chance.sample(range(len(pairs)), round(share * len(pairs)))
    wrong = list(pairs)
    for at in changed:
        text, label = pairs[at]
        wrong[at] = (text, chance.choice([other for other in labels if other != label]))
    return wrong, {f"table:{at}" for at in changed}


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / FILE).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_reader_of_the_first_rows_finds_three_quarters_of_flipped_labels(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    with (shared_data("chatbot") / "ChatbotData.csv").open(encoding="utf-8", newline="") as opened:
        pairs = [(row["Q"].strip(), row["label"].strip()) for row in csv.DictReader(opened)]
    wrong, flips = flipped(pairs, 0.05, seed=1)
    noise = label_noise.find_label_noise(dataset(tmp_path / "dataset", wrong), tmp_path)
    ids = [row["id"] for row in listed(tmp_path)]
    assert len(flips & {*ids[: int(0.08 * len(pairs))]}) / len(flips) >= 0.75
    assert len(ids) == noise.suspects
    assert noise.estimate is not None
    assert noise.estimate.least <= 0.05 <= noise.estimate.most
    assert noise.estimate.most < 0.09
    assert noise.estimate.found == pytest.approx(0.78, abs=0.1)
    assert "label_noise" in {found.code for found in label_noise.judge(noise, RULES)}


def test_a_wrong_label_is_at_the_top_with_the_label_it_should_have(tmp_path: Path) -> None:
    pairs = sentences(400)
    wrong, flips = flipped(pairs, 0.05, seed=7)
    noise = label_noise.find_label_noise(dataset(tmp_path / "dataset", wrong), tmp_path)
    first = listed(tmp_path)[: len(flips)]
    assert {row["id"] for row in first} == flips
    assert [row["rank"] for row in first] == [str(rank) for rank in range(1, len(flips) + 1)]
    for row in first:
        at = int(row["id"].removeprefix("table:"))
        assert (row["given_label"], row["likely_label"]) == (wrong[at][1], pairs[at][1])
        assert float(row["score"]) < float(row["likely"])
    assert noise.estimate is not None
    assert noise.estimate.least <= 0.05 <= noise.estimate.most
    assert (noise.rows, noise.unjudged, noise.reason) == (400, 0, "")
    assert sum(label.suspects for label in noise.labels) == noise.suspects
    assert set(noise.first) <= {row["id"] for row in listed(tmp_path)}


def test_the_file_is_the_same_whatever_the_order_of_the_rows_and_shows_no_sentence(tmp_path: Path) -> None:
    wrong, _ = flipped(sentences(200), 0.05, seed=1)
    rows = [make_row(at, text=text, label=label, group="") for at, (text, label) in enumerate(wrong)]
    found: list[LabelNoise] = []
    for name, order in (("one", rows), ("other", rows[::-1])):
        made = open_dataset(write_dataset(tmp_path / name, order))
        found.append(label_noise.find_label_noise(made, tmp_path / f"{name} report"))
    assert found[0] == found[1]
    files = [(tmp_path / f"{name} report" / FILE).read_bytes() for name in ("one", "other")]
    assert files[0] == files[1]
    assert "번" not in files[0].decode("utf-8")


def test_no_cell_begins_like_a_formula(tmp_path: Path) -> None:
    wrong, flips = flipped(sentences(200), 0.05, seed=3)
    poisoned = [(f'=HYPERLINK("x")<script> {text}', f"@{label}") for text, label in wrong]
    label_noise.find_label_noise(dataset(tmp_path / "dataset", poisoned), tmp_path, show_text=True)
    rows = listed(tmp_path)
    assert len(rows) >= len(flips)
    for row in rows:
        assert row["text"].startswith("'=HYPERLINK")
        assert row["given_label"].startswith("'@")
        assert row["likely_label"].startswith("'@")
    # Unless they are asked for as they are.
    label_noise.find_label_noise(dataset(tmp_path / "same", poisoned), tmp_path, show_text=True, raw=True)
    assert [row | {"text": ""} for row in listed(tmp_path)] == [
        row | {"text": "", "given_label": row["given_label"][1:], "likely_label": row["likely_label"][1:]}
        for row in rows
    ]
    assert {row["text"][0] for row in listed(tmp_path)} == {"="}


def test_the_same_wrong_sentence_twice_does_not_vouch_for_itself(tmp_path: Path) -> None:
    twice = ("이 문장은 눈물이 나 외로워 정말", "분노")
    found = sentences(200) + [twice, (twice[0] + "!!", twice[1])] * 5
    label_noise.find_label_noise(dataset(tmp_path / "dataset", found), tmp_path)
    assert {f"table:{number}" for number in range(200, 210)} <= {row["id"] for row in listed(tmp_path)}


def test_a_dialogue_does_not_vouch_for_itself(tmp_path: Path) -> None:
    rows = [
        make_row(at, text=text, label=label, group=f"g{at}")
        for at, (text, label) in enumerate(sentences(200))
    ]
    rows += [
        make_row(300 + at, text=f"할머니가 눈물이 나 그리워 {at}", label="분노", group="one dialogue")
        for at in range(12)
    ]
    label_noise.find_label_noise(open_dataset(write_dataset(tmp_path / "dataset", rows)), tmp_path)
    assert {f"table:{300 + at}" for at in range(12)} <= {row["id"] for row in listed(tmp_path)}


@pytest.mark.parametrize(
    ("pairs", "changes", "reason"),
    [
        ([], {}, "only 0"),
        (sentences(20), {}, "only 20"),
        ([(None, None), ("", "기쁨"), (" ", " ")] * 40, {}, "only 0"),
        ([(text, "기쁨") for text, _ in sentences(80)], {}, "single label"),
        (sentences(80), {"group": "g"}, "one group"),
        ([("같은 말", label) for _, label in sentences(80)], {}, "say the same"),
    ],
)
def test_where_nothing_can_be_judged_it_says_why(
    tmp_path: Path, pairs: list[tuple[str | None, str | None]], changes: dict[str, object], reason: str
) -> None:
    (tmp_path / FILE).write_text("of an earlier run", encoding="utf-8")
    noise = label_noise.find_label_noise(dataset(tmp_path / "dataset", pairs, **changes), tmp_path)
    assert reason in noise.reason
    assert (noise.rows, noise.unjudged) == (0, len(pairs))
    assert listed(tmp_path) == []
    codes = [found.code for found in label_noise.judge(noise, RULES)]
    assert codes == (["noise_not_looked_for"] if pairs else [])


def test_sets_of_labels_are_not_judged_and_it_says_so(tmp_path: Path) -> None:
    rows = [
        make_row(at, raw_text=text, text=text, label=label, group="", label_votes=None)
        for at, (text, label) in enumerate(sentences(80))
    ]
    for row in rows[:40]:
        row["label"], row["label_votes"] = None, [{"label": name, "weight": 0.5} for name in ("기쁨", "슬픔")]
    for mode, unjudged, reason in (("multi", 80, "labels: multi"), ("soft", 80, "only 40")):
        found = open_dataset(
            write_dataset(tmp_path / mode, rows, settings={"labels": mode, "dedupe": {}}, shard_rows=100)
        )
        noise = label_noise.find_label_noise(found, tmp_path)
        assert reason in noise.reason
        assert (noise.rows, noise.unjudged) == (0, unjudged)
        assert listed(tmp_path) == []
        assert [own.code for own in label_noise.judge(noise, RULES)] == ["noise_not_looked_for"]


def test_rare_labels_and_rows_without_one_are_counted_and_not_judged(tmp_path: Path) -> None:
    pairs = [
        *sentences(100),
        ("드문 말", "2   "),
        ("이름 없는 말", None),
        (None, "기쁨"),
        (text_of_length(100_000), "기쁨"),
    ]
    noise = label_noise.find_label_noise(dataset(tmp_path / "dataset", pairs), tmp_path)
    assert (noise.rows, noise.unjudged) == (101, 3)
    assert "2   " not in {label.label for label in noise.labels}


def test_a_label_that_only_one_group_has_is_not_suspect(tmp_path: Path) -> None:
    rows = [make_row(at, text=text, label=label) for at, (text, label) in enumerate(sentences(150))]
    rows += [make_row(200 + at, text=f"깜짝 놀랐어 {at}", label="놀람", group="one") for at in range(9)]
    noise = label_noise.find_label_noise(open_dataset(write_dataset(tmp_path / "dataset", rows)), tmp_path)
    assert (noise.rows, noise.unjudged) == (150, 9)


def test_without_the_extra_the_error_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: object, **kwargs: object) -> object:
        if name == "sklearn":
            raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SettingsError, match=r"pip install 'korean-emotion-etl\[noise\]'"):
        label_noise.find_label_noise(dataset(tmp_path / "dataset", sentences(60)), tmp_path)


def test_labels_that_have_nothing_to_do_with_the_texts_are_not_called_wrong(tmp_path: Path) -> None:
    chance = random.Random(4)
    pairs = [(text, chance.choice([*WORDS])) for text, _ in sentences(400)]
    noise = label_noise.find_label_noise(dataset(tmp_path / "dataset", pairs), tmp_path)
    assert noise.estimate is None
    assert "noise_not_estimated" in {found.code for found in label_noise.judge(noise, RULES)}
