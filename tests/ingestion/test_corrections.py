"""Ingest applies what people decided: to the row of the decision, with the text that it was made on."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from support.small_tables import fingerprints

import etl
from etl.corrections import Decision, append_decision, text_hash
from etl.dataset.read import Dataset
from etl.errors import InputError
from etl.ingestion.plan import plan_ingest
from etl.settings import Corrections, Dedupe, Settings, Split, Table, Tag

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
SETTINGS = Settings(
    tag=Tag(tagger="whitespace"),
    table=Table(text_column="text", label_column="label"),
    split=Split(validation=0.0, test=0.0),
    dedupe=Dedupe(near=0.0),
)
ROWS = [
    ("오랜만에 친구를 만나 즐겁게 이야기했다", "기쁨"),
    ("시험에 떨어져서 하루 종일 울었다", "기쁨"),
    ("약속을 어긴 사람 때문에 화가 났다", "분노"),
    ("약속을 어긴 사람 때문에 화가 났다", "슬픔"),
    ("그 소식을 듣고 깜짝 놀라고 말았다", "놀람"),
    ("그 소식을 듣고 깜짝 놀라고 말았다", "놀람"),
    ("아무 일도 없이 하루가 지나가 버렸다", "그저그럼"),
    ("내일은 또 무슨 일이 있을지 걱정이다", "공포"),
]


def ingest(
    folder: Path,
    *decisions: Decision,
    resolve: Any = "majority",
    labels: Any = None,
    rows: Sequence[tuple[str, str]] = ROWS,
) -> Dataset:
    """The dataset of rows to which decisions are applied."""
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
    (folder / "table.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for decision in decisions:
        append_decision(folder / "corrections.jsonl", decision)
    files = (str(folder / "corrections.jsonl"),) if decisions else ()
    chosen = msgspec.structs.replace(SETTINGS, corrections=Corrections(files, resolve))
    return etl.ingest(folder / "table.jsonl", folder / "dataset", chosen, labels=labels)


def by_number(dataset: Dataset) -> dict[int, dict[str, Any]]:
    """The rows, kept or not, by their number in `ROWS`."""
    rows = pl.concat([dataset.scan(), dataset.scan_rejects()], how="diagonal").sort("position").collect()
    return dict(enumerate(rows.iter_rows(named=True)))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    """The rows without a correction."""
    return by_number(ingest(tmp_path_factory.mktemp("plain")))


def decide(
    row: dict[str, Any], decision: Any, label: Any = None, by: str = "kim", text: str = ""
) -> Decision:
    return Decision(
        id=row["id"], text_hash=text_hash(text or row["text"]), decision=decision, label=label, by=by, at=NOON
    )


def test_without_decisions_nothing_is_corrected(plain: dict[int, dict[str, Any]]) -> None:
    assert {row["corrected"] for row in plain.values()} == {None}
    reasons = [plain[number]["reason"] for number in range(len(ROWS))]
    conflict = "conflicting_labels"
    assert reasons == [None, None, conflict, conflict, None, "duplicate", "unknown_label", None]


def test_a_row_gets_the_label_that_was_decided(tmp_path: Path, plain: dict[int, dict[str, Any]]) -> None:
    dataset = ingest(tmp_path, decide(plain[1], "relabel", "슬픔"))
    row = by_number(dataset)[1]
    assert (row["label"], row["raw_label"], row["corrected"]) == ("슬픔", "기쁨", "relabel")
    counts = dataset.manifest.corrections
    assert (counts.applied, counts.rows, counts.stale, counts.not_found) == (1, 1, 0, 0)
    assert dataset.manifest.splits["train"].labels["슬픔"] == 1
    assert dataset.manifest.format == 3


def test_a_dropped_row_is_a_reject_and_so_is_its_duplicate(
    tmp_path: Path, plain: dict[int, dict[str, Any]]
) -> None:
    dataset = ingest(tmp_path, decide(plain[4], "drop"))
    rows = by_number(dataset)
    assert [rows[number]["reason"] for number in (4, 5)] == ["dropped_by_correction"] * 2
    assert (dataset.manifest.corrections.applied, dataset.manifest.corrections.rows) == (1, 2)
    counts = dataset.manifest.counts["table"]
    assert counts.read == counts.kept + sum(counts.rejected.values())


def test_a_relabelled_row_is_in_no_conflict_with_its_duplicate(
    tmp_path: Path, plain: dict[int, dict[str, Any]]
) -> None:
    rows = by_number(ingest(tmp_path, decide(plain[4], "relabel", "불안")))
    assert [(rows[n]["label"], rows[n]["reason"]) for n in (4, 5)] == [("불안", None), ("불안", "duplicate")]


def test_a_relabelled_row_settles_its_conflict(tmp_path: Path, plain: dict[int, dict[str, Any]]) -> None:
    rows = by_number(ingest(tmp_path, decide(plain[3], "relabel", "분노")))
    assert [rows[number]["reason"] for number in (2, 3)] == [None, "duplicate"]


def test_what_is_no_conflict_stays(tmp_path: Path, plain: dict[int, dict[str, Any]]) -> None:
    rows = by_number(ingest(tmp_path, *(decide(plain[n], "not_a_conflict") for n in (2, 3))))
    assert [(rows[n]["label"], rows[n]["reason"]) for n in (2, 3)] == [("분노", None), ("슬픔", None)]


def test_a_row_with_an_unknown_label_gets_one_and_tokens(
    tmp_path: Path, plain: dict[int, dict[str, Any]]
) -> None:
    assert plain[6]["tokens"] is None
    row = by_number(ingest(tmp_path, decide(plain[6], "relabel", "중립")))[6]
    assert (row["label"], row["reason"], row["corrected"]) == ("중립", None, "relabel")
    assert row["tokens"] == row["text"].split()


def map_label(raw_label: str, label: str | None, by: str = "kim") -> Decision:
    return Decision(source="table", raw_label=raw_label, decision="map_label", label=label, by=by, at=NOON)


def test_one_decision_says_what_an_unknown_label_means(tmp_path: Path) -> None:
    dataset = ingest(tmp_path, map_label("그저그럼", "중립"), map_label("없는 라벨", "기쁨"))
    row = by_number(dataset)[6]
    assert (row["label"], row["reason"], row["corrected"]) == ("중립", None, "map_label")
    assert row["tokens"] == row["text"].split()
    counts = dataset.manifest.corrections
    assert (counts.applied, counts.rows, counts.not_found) == (1, 1, 1)
    assert dataset.manifest.unknown_labels == ()
    assert dataset.manifest.tokens.sentences == 8


def test_an_unknown_label_may_mean_nothing(tmp_path: Path) -> None:
    row = by_number(ingest(tmp_path, map_label("그저그럼", None)))[6]
    assert (row["label"], row["reason"]) == (None, "label_not_in_taxonomy")


def test_what_a_label_means_helps_no_row_with_another_unknown_one(tmp_path: Path) -> None:
    rows = [
        ("아무 일도 없이 하루가 지나가 버렸다", "그저그럼, 심심"),
        ("오늘은 온종일 비가 내렸다", "그저그럼, 기쁨"),
    ]
    one, both = (
        ingest(tmp_path / name, *maps, rows=rows).manifest.corrections
        for name, maps in {
            "one": [map_label("심심", "중립")],
            "both": [map_label("심심", "중립"), map_label("그저그럼", "중립")],
        }.items()
    )
    assert (one.applied, one.rows, one.incomplete, one.not_found) == (0, 0, 1, 0)
    assert (both.applied, both.rows, both.incomplete, both.not_found) == (2, 2, 0, 0)


def test_a_dry_run_knows_what_unknown_labels_mean_and_says_what_it_leaves_out(
    tmp_path: Path, plain: dict[int, dict[str, Any]]
) -> None:
    decisions = [map_label("그저그럼", "중립"), decide(plain[1], "drop")]
    dataset = ingest(tmp_path, *decisions)
    files = Corrections((str(tmp_path / "corrections.jsonl"),))
    plan = plan_ingest([tmp_path / "table.jsonl"], msgspec.structs.replace(SETTINGS, corrections=files))
    assert "unknown_label" not in dataset.manifest.counts["table"].rejected
    assert plan.counts["table"].rejected == {}
    assert plan.warnings == ("a dry run does not apply the decisions about rows, of which there are 1",)


def test_a_decision_on_another_text_is_stale(tmp_path: Path, plain: dict[int, dict[str, Any]]) -> None:
    dataset = ingest(tmp_path, decide(plain[1], "drop", text="전에는 다른 문장이었다"))
    assert by_number(dataset)[1]["reason"] is None
    assert (dataset.manifest.corrections.applied, dataset.manifest.corrections.stale) == (0, 1)


def test_a_row_with_another_id_is_found_by_its_text(tmp_path: Path, plain: dict[int, dict[str, Any]]) -> None:
    moved = plain[1] | {"id": "table:old name.csv:17"}
    twice = plain[4] | {"id": "table:old name.csv:18"}
    gone = plain[1] | {"id": "table:old name.csv:19", "text": "이제는 없는 문장이다"}
    dataset = ingest(tmp_path, decide(moved, "relabel", "슬픔"), decide(twice, "drop"), decide(gone, "drop"))
    rows = by_number(dataset)
    assert rows[1]["label"] == "슬픔"
    assert rows[4]["reason"] is None
    counts = dataset.manifest.corrections
    assert (counts.applied, counts.found_by_text, counts.stale, counts.not_found) == (1, 1, 0, 2)


def test_people_who_disagree_on_old_and_new_ids_are_asked_together(
    tmp_path: Path, plain: dict[int, dict[str, Any]]
) -> None:
    moved = plain[1] | {"id": "table:old name.csv:17"}
    decisions = [decide(moved, "relabel", "슬픔"), decide(plain[1], "keep", by="lee")]
    dataset = ingest(tmp_path, *decisions)
    assert by_number(dataset)[1]["corrected"] is None
    counts = dataset.manifest.corrections
    assert (counts.applied, counts.disagreed, counts.unresolved) == (0, 1, 1)
    dataset = ingest(tmp_path, *decisions, resolve=("lee", "kim"))
    assert by_number(dataset)[1]["corrected"] == "keep"
    counts = dataset.manifest.corrections
    assert (counts.applied, counts.disagreed, counts.unresolved) == (1, 1, 0)


def test_the_dataset_has_the_same_bytes_whatever_the_order_of_lines(
    tmp_path: Path, plain: dict[int, dict[str, Any]]
) -> None:
    decisions = [
        decide(plain[1], "relabel", "슬픔"),
        decide(plain[1], "relabel", "슬픔", by="lee"),
        decide(plain[1], "drop", by="park"),
        decide(plain[4], "drop"),
        map_label("그저그럼", "중립"),
    ]
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    ingest(tmp_path / "one", *decisions)
    ingest(tmp_path / "other", *reversed(decisions))
    assert fingerprints(tmp_path / "one" / "dataset") == fingerprints(tmp_path / "other" / "dataset")


def test_how_many_batches_and_partitions_there_are_decides_nothing(
    tmp_path: Path, plain: dict[int, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions = [decide(plain[1], "relabel", "슬픔"), decide(plain[6], "relabel", "기쁨")]
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    ingest(tmp_path / "one", *decisions)
    monkeypatch.setattr("etl.ingestion.sources.units.BATCH_ROWS", 3)
    monkeypatch.setattr("etl.ingestion.ingest.count_partitions", lambda *_: 8)
    ingest(tmp_path / "other", *decisions)
    assert fingerprints(tmp_path / "one" / "dataset") == fingerprints(tmp_path / "other" / "dataset")


def test_several_labels_are_a_set(tmp_path: Path, plain: dict[int, dict[str, Any]]) -> None:
    dataset = ingest(tmp_path, decide(plain[1], "relabel", ("슬픔", "분노")), labels="multi")
    row = dataset.scan().filter(pl.col("corrected") == "relabel").collect().row(0, named=True)
    assert row["label"] is None
    assert [vote["label"] for vote in row["label_votes"]] == ["슬픔", "분노"]


@pytest.mark.parametrize("label", ["서러움", ("슬픔", "분노")])
def test_a_label_that_no_row_can_have_is_refused(
    tmp_path: Path, plain: dict[int, dict[str, Any]], label: Any
) -> None:
    with pytest.raises(InputError, match=r"1 of 1 decisions .*(?s:.*'서러움'|.*'분노' and '슬픔')"):
        ingest(tmp_path, decide(plain[1], "relabel", label))
    assert not (tmp_path / "dataset").exists()


def test_a_row_that_waits_for_a_label_gets_one_and_a_split(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(
        SETTINGS, table=Table(text_column="text"), split=Split(validation=0.3, test=0.3, seed=7)
    )
    labelled = msgspec.structs.replace(settings, table=SETTINGS.table)
    texts = [f"{number}번째로 적어 둔 서로 다른 문장이다" for number in range(12)]
    lines = [json.dumps({"text": text, "label": "기쁨"}, ensure_ascii=False) for text in texts]
    (tmp_path / "table.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = etl.ingest(tmp_path / "table.jsonl", tmp_path / "waiting", settings).scan("unlabelled").collect()
    for row in rows.head(8).iter_rows(named=True):
        append_decision(tmp_path / "corrections.jsonl", decide(row, "relabel", "기쁨"))
    corrections = Corrections((str(tmp_path / "corrections.jsonl"),))
    chosen = msgspec.structs.replace(settings, corrections=corrections)
    now = etl.ingest(tmp_path / "table.jsonl", tmp_path / "dataset", chosen)
    expected = etl.ingest(tmp_path / "table.jsonl", tmp_path / "labelled", labelled).scan().collect()
    found = now.scan().collect()
    assert found.height == 8
    splits = dict(expected.select("text", "split").iter_rows())
    assert dict(found.select("text", "split").iter_rows()) == {text: splits[text] for text in found["text"]}
    assert now.scan("unlabelled").collect().height == 4
