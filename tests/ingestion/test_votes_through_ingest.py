"""Labels as they are, from raw files through ingest, validate, vocabulary and comparison."""

from pathlib import Path

import polars as pl
import pytest
from support.run_etl import etl as run_etl

import etl
from etl.dataset.difference import compare
from etl.dataset.manifest import Manifest
from etl.dataset.read import Dataset, open_dataset
from etl.schema import votes
from etl.settings import Labels

# Comments with the ids of their labels: 42 and 28 are joy, 5 is sadness, 6 anger, 11 has no target in ko7.
COMMENTS = {
    "오랜만에 친구들을 만나서 하루 종일 웃고 떠들었다": "42,28",
    "합격 소식을 들었는데 기쁘면서도 어쩐지 서운하네요": "42,28,5",
    "좋은 날인데 왜 이렇게 눈물이 나는지 모르겠어요": "42,5",
    "이런 식으로 일을 처리하니 다들 화가 나는 겁니다": "6",
    "나라를 지키겠다는 그 마음만은 끝까지 간직하겠습니다": "11",
    "떠난 사람을 원망해 봐야 남는 건 슬픔뿐이더라": "5,6,11",
}
KEPT = {"majority": 3, "soft": 5, "multi": 5}


def write_comments(folder: Path, comments: dict[str, str] = COMMENTS, name: str = "train.tsv") -> Path:
    """Comments as KOTE writes them; no two have one number."""
    first = 0 if name == "train.tsv" else len(comments)
    lines = [f"{number}\t{text}\t{ids}" for number, (text, ids) in enumerate(comments.items(), start=first)]
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def ingest(folder: Path, labels: Labels, *, taxonomy: str = "ko7") -> Dataset:
    return etl.ingest(
        folder,
        folder.parent / f"{folder.name}-{labels}-{taxonomy}",
        source="kote",
        labels=labels,
        taxonomy=taxonomy,
        tagger="whitespace",
        workers=1,
    )


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    """One dataset for each value of the setting, of the same comments: train, and validation with others."""
    raw = write_comments(tmp_path_factory.mktemp("votes") / "raw")
    held_out = {f"{text}, 정말로 그렇습니다": ids for text, ids in COMMENTS.items()}
    write_comments(
        raw,
        {f"그러니까 {number}번 {text}": ids for number, (text, ids) in enumerate(held_out.items())},
        "val.tsv",
    )
    return {labels: ingest(raw, labels) for labels in ("majority", "soft", "multi")}


def said(dataset: Dataset, split: str = "train") -> dict[str, tuple[str | None, dict[str, float]]]:
    """The label and the votes of each kept comment, by its raw labels."""
    rows = dataset.scan(split).select("raw_label", "label", votes.COLUMN).collect()
    return {
        raw: (label, {vote["label"]: vote["weight"] for vote in own or []})
        for raw, label, own in rows.iter_rows()
    }


def manifest_of(dataset: Dataset) -> Manifest:
    return open_dataset(dataset.path).manifest


@pytest.mark.parametrize("labels", ["majority", "soft", "multi"])
def test_no_row_is_dropped_and_only_those_without_any_target_are_rejected(
    datasets: dict[str, Dataset], labels: Labels
) -> None:
    counts = manifest_of(datasets[labels]).counts["kote"]
    assert (counts.read, counts.kept) == (12, 2 * KEPT[labels])
    ambiguous = {} if labels != "majority" else {"label_ambiguous": 4}
    assert counts.rejected == ambiguous | {"label_not_in_taxonomy": 2}


def test_the_label_is_the_majority_in_every_mode_and_the_votes_stand_beside_it(
    datasets: dict[str, Dataset],
) -> None:
    majority, soft, multi = (said(datasets[labels]) for labels in ("majority", "soft", "multi"))
    assert soft == multi
    assert majority == {raw: row for raw, row in soft.items() if row[0]}
    assert soft["42,28"] == ("기쁨", {})
    assert soft["42,28,5"] == ("기쁨", pytest.approx({"기쁨": 2 / 3, "슬픔": 1 / 3}))
    assert soft["42,5"] == (None, {"기쁨": 0.5, "슬픔": 0.5})
    assert soft["5,6,11"] == (None, {"슬픔": 0.5, "분노": 0.5}), "what has no target does not count"


def test_a_reject_keeps_its_votes(datasets: dict[str, Dataset]) -> None:
    rejects = datasets["majority"].scan_rejects().filter(pl.col("reason") == "label_ambiguous").collect()
    assert rejects[votes.COLUMN].null_count() == 0
    assert rejects["label"].null_count() == rejects.height == 4


def test_the_manifest_counts_labels_by_the_mode(datasets: dict[str, Dataset]) -> None:
    train = {labels: manifest_of(dataset).splits["train"] for labels, dataset in datasets.items()}
    assert {labels: counts.rows for labels, counts in train.items()} == KEPT
    assert [train["majority"].labels[name] for name in ("기쁨", "슬픔", "분노")] == [2, 0, 1]
    assert [train["multi"].labels[name] for name in ("기쁨", "슬픔", "분노")] == [3, 3, 2]
    assert [train["soft"].labels[name] for name in ("기쁨", "슬픔", "분노")] == [2.167, 1.333, 1.5]
    assert sum(train["soft"].labels.values()) == pytest.approx(5)


@pytest.mark.parametrize("labels", ["majority", "soft", "multi"])
def test_validate_finds_nothing_wrong_with_votes(datasets: dict[str, Dataset], labels: Labels) -> None:
    result = etl.validate(datasets[labels])
    errors = [finding.code for finding in result.findings if finding.severity == "error"]
    assert errors == []
    statistics = result.statistics
    assert statistics is not None
    [train] = [each for each in statistics["balance"] if each.split == "train" and each.source is None]
    assert train.rows == KEPT[labels]
    assert train.majority_share == pytest.approx(
        {"majority": 2 / 3, "soft": 2.167 / 5, "multi": 3 / 5}[labels]
    )
    assert (statistics["constant labels"] is not None) == (labels == "multi")


def test_a_vocabulary_counts_the_rows_that_votes_keep(datasets: dict[str, Dataset]) -> None:
    counted = {labels: len(etl.build_vocab(dataset, min_count=1)) for labels, dataset in datasets.items()}
    assert counted["majority"] < counted["soft"] == counted["multi"]


def test_the_same_rows_with_other_votes_are_relabelled(tmp_path: Path, datasets: dict[str, Dataset]) -> None:
    changed = COMMENTS | {"합격 소식을 들었는데 기쁘면서도 어쩐지 서운하네요": "42,28,40,5"}
    raw = write_comments(tmp_path / "raw", changed)
    held_out = datasets["soft"].path.parent / "raw" / "val.tsv"
    (raw / "val.tsv").write_bytes(held_out.read_bytes())
    relabelled = {labels: compare(datasets[labels], ingest(raw, labels)).relabelled for labels in KEPT}
    assert relabelled == {"majority": 0, "soft": 1, "multi": 0}, (
        "three of four votes in the place of two of three"
    )


def test_kote_keeps_all_of_its_labels_in_its_own_taxonomy(datasets: dict[str, Dataset]) -> None:
    raw = datasets["multi"].path.parent / "raw"
    dataset = ingest(raw, "multi", taxonomy="kote44")
    rows = said(dataset)
    assert len(dataset.labels) == 44
    assert len(rows) == len(COMMENTS)
    assert {*rows["5,6,11"][1]} == {"슬픔", "화남/분노", "비장함"}


def test_the_command_says_how_rows_without_a_majority_are_kept(
    tmp_path: Path, datasets: dict[str, Dataset]
) -> None:
    raw = datasets["soft"].path.parent / "raw"
    options = ("--source", "kote", "--tagger", "whitespace", "--workers", "1", "--out", tmp_path / "out")
    by_majority, soft = (
        run_etl("ingest", raw, *options, "--labels", labels) for labels in ("majority", "soft")
    )
    assert "note: kote: 4 of 12 rows have no majority: `--labels soft` keeps them" in by_majority.stderr
    assert "no majority" not in soft.stderr
    assert "label_ambiguous" not in soft.stdout


def test_shares_in_the_columns_or_the_cell_of_a_table_are_votes(tmp_path: Path) -> None:
    wanted = [{"기쁨": 0.6, "슬픔": 0.4}, {"기쁨": 0.5, "슬픔": 0.5}, {}]
    texts = [*COMMENTS][:3]
    columns = {"기쁨": ["0.6", "2e-1", "1.0"], "슬픔": ["0.4", "0.2", "0.0"]}
    cells = {"emotion": ["기쁨:0.6/슬픔:0.4", "{'기쁨': 0.2, '슬픔': 0.2}", "{'기쁨': 0.9, '슬픔': 0.0}"]}
    for name, labelled, how in (
        ("columns", columns, {"label_columns": ["기쁨", "슬픔"]}),
        ("cell", cells, {"label_column": "emotion"}),
    ):
        path = tmp_path / f"{name}.csv"
        pl.DataFrame({"text": texts, **labelled}).write_csv(path)
        shared = {"text_column": "text", "tagger": "whitespace", "workers": 1}
        soft = etl.ingest(path, tmp_path / f"{name} soft", labels="soft", **shared, **how)
        rows = soft.scan().sort("position").select("label", votes.COLUMN).collect().rows()
        assert [{vote["label"]: vote["weight"] for vote in own or []} for _, own in rows] == wanted, name
        assert [label for label, _ in rows] == ["기쁨", None, "기쁨"]
        majority = etl.ingest(path, tmp_path / f"{name} majority", **shared, **how)
        [reject] = majority.scan_rejects().collect().to_dicts()
        assert (reject["reason"], reject["detail"]) == (
            "label_ambiguous",
            "found 기쁨 0.2, 슬픔 0.2; one label needs more than half",
        )
