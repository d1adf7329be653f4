"""What is decided on the page is on disk, and what stands on disk is seen on the page."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.review_pages import review_page
from support.small_datasets import clean_rows, make_reject, make_row, write_dataset

from etl.corrections import Decision, append_decision, read_decisions, text_hash
from etl.corrections.agreement import measure_agreement
from etl.corrections.write import write_decisions
from etl.errors import InputError, SettingsError


def dataset_of(folder: Path) -> Path:
    """Twelve sound rows; then one text with three labels, and three rows whose label nobody knows."""
    rows = clean_rows(8, 2, 2)
    texts = ("오늘은 정말 좋은 날이다", "오늘은 정말 좋은 날이다!", "오늘은 정말 좋은 날이다")
    rows += [
        make_row(20 + at, text=text, raw_text=text, label=label)
        for at, (text, label) in enumerate(zip(texts, ("기쁨", "슬픔", "분노"), strict=True))
    ]
    rejects = [make_reject(30 + at, "unknown_label", raw_label="심심") for at in range(3)]
    return write_dataset(folder / "dataset", rows, rejects)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_decision_is_on_disk_when_it_is_answered(tmp_path: Path) -> None:
    with review_page(dataset_of(tmp_path), tmp_path / "c.jsonl") as page:
        row = page.find("all", rank=1)["row"]
        page.decide("all", row["row"], "relabel", "분노", why="말투가 거칠다")
        (line,) = lines(tmp_path / "c.jsonl")
        assert (line["id"], line["decision"], line["label"], line["by"]) == (
            row["id"],
            "relabel",
            "분노",
            "kim",
        )
        assert line["text_hash"] == text_hash(row["text"])
        assert (line["taxonomy"], line["why"]) == ("four", "말투가 거칠다")
        (said,) = page.find("all", row=row["row"])["row"]["decisions"]
        assert (said["decision"], said["labels"], said["is_stale"]) == ("relabel", ["분노"], False)


def test_the_label_that_a_row_has_is_kept(tmp_path: Path) -> None:
    with review_page(dataset_of(tmp_path), tmp_path / "c.jsonl") as page:
        row = page.find("all")["row"]
        page.decide("all", row["row"], "relabel", row["label"])
        assert [line["decision"] for line in lines(tmp_path / "c.jsonl")] == ["keep"]


def test_one_decision_is_about_all_rows_of_a_text_in_conflict(tmp_path: Path) -> None:
    with review_page(dataset_of(tmp_path), tmp_path / "c.jsonl") as page:
        shown = page.find("conflicts")
        assert (shown["open"], shown["row"]["scope"], len(shown["row"]["members"])) == (3, 3, 2)
        page.decide("conflicts", shown["row"]["row"], "relabel", "슬픔", is_for_group=True)
        decided = {line["id"]: (line["decision"], line.get("label")) for line in lines(tmp_path / "c.jsonl")}
        assert decided == {
            "table:20": ("relabel", "슬픔"),
            "table:21": ("keep", None),
            "table:22": ("relabel", "슬픔"),
        }
        assert page.find("conflicts")["row"] is None
        answer = json.loads(page.send("api/undo", {"by": "kim"})[1])
        assert answer["row"] in {member["row"] for member in [shown["row"], *shown["row"]["members"]]}
        assert page.find("conflicts")["open"] == 3


def test_one_decision_maps_all_rows_of_an_unknown_label(tmp_path: Path) -> None:
    with review_page(dataset_of(tmp_path), tmp_path / "c.jsonl") as page:
        shown = page.find("unknown_labels")
        assert (shown["open"], shown["row"]["scope"], shown["row"]["raw_label"]) == (3, 3, "심심")
        page.decide("unknown_labels", shown["row"]["row"], "relabel", "중립", is_for_group=True)
        (line,) = lines(tmp_path / "c.jsonl")
        assert {name: line.get(name) for name in ("id", "source", "raw_label", "decision", "label")} == {
            "id": None, "source": "table", "raw_label": "심심", "decision": "map_label", "label": "중립",
        }  # fmt: skip
        assert page.find("unknown_labels")["row"] is None
        said = page.find("unknown_labels", state="all")["row"]["decisions"]
        assert [(each["decision"], each["labels"]) for each in said] == [("map_label", ["중립"])]
        page.send("api/undo", {"by": "kim"})
        page.decide("unknown_labels", shown["row"]["row"], "drop", is_for_group=True)
        assert [line.get("label") for line in lines(tmp_path / "c.jsonl")] == ["중립", None, None]
        assert page.find("unknown_labels")["row"] is None


def test_what_was_decided_last_is_taken_back_one_by_one(tmp_path: Path) -> None:
    with review_page(dataset_of(tmp_path), tmp_path / "c.jsonl") as page:
        page.decide("all", page.find("all")["row"]["row"], "keep")
        page.decide("all", page.find("all")["row"]["row"], "drop")
        page.decide("all", page.find("all")["row"]["row"], "keep", by="lee")
        undone = [json.loads(page.send("api/undo", {"by": "kim"})[1])["row"] for _ in range(3)]
        assert undone == [1, 0, None]
        assert page.review.ledger.by_person() == {"lee": 1}
        assert page.find("all", state="decided")["open"] == 1
    with review_page(dataset_of(tmp_path / "again"), tmp_path / "c.jsonl") as page:
        assert page.review.ledger.by_person() == {"lee": 1}


def test_decisions_of_others_are_seen_while_the_page_is_open(tmp_path: Path) -> None:
    dataset, path = dataset_of(tmp_path), tmp_path / "c.jsonl"
    with review_page(dataset, path) as page, review_page(dataset, path) as other:
        row = page.find("all")["row"]["row"]
        page.decide("all", row, "keep", by="kim")
        assert json.loads(other.send("api/overview")[1])["people"] == {"kim": 1}
        other.decide("all", row, "relabel", "분노", by="lee")
        page.send("api/overview")
        assert page.find("all", state="disputed")["row"]["row"] == row
        assert page.find("all", state="not_mine", by="lee")["open"] == page.find("all", state="all")["of"] - 1


def test_a_decision_on_a_text_that_has_changed_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with review_page(dataset_of(tmp_path), path) as page:
        page.decide("all", 0, "keep")
    rows = [make_row(0, text="다른 문장이 되었다", raw_text="다른 문장이 되었다"), *clean_rows(8, 2, 2)[1:]]
    with review_page(write_dataset(tmp_path / "later", rows), path) as page:
        shown = page.find("all")
        assert shown["row"]["row"] == 0
        assert [said["is_stale"] for said in shown["row"]["decisions"]] == [True]


def test_a_line_that_a_crash_cut_off_is_not_there(tmp_path: Path) -> None:
    dataset, path = dataset_of(tmp_path), tmp_path / "c.jsonl"
    with review_page(dataset, path) as page:
        page.decide("all", 0, "keep")
        page.decide("all", 1, "keep")
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 20)
    with review_page(dataset, path) as page:
        assert page.review.ledger.by_person() == {"kim": 1}
        page.decide("all", 1, "drop")
        assert page.review.ledger.by_person() == {"kim": 2}
    assert [line["decision"] for line in lines(path)] == ["keep", "drop"]


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with review_page(dataset_of(tmp_path), path) as page:
        page.decide("all", 0, "keep")
        page.decide("all", 1, "keep")
        path.write_bytes(path.read_bytes().splitlines(keepends=True)[1])
        page.send("api/overview")
        assert page.find("all")["row"]["row"] == 0


def test_a_note_decides_nothing(tmp_path: Path) -> None:
    with review_page(dataset_of(tmp_path), tmp_path / "c.jsonl") as page:
        page.decide("all", 0, "note", why="물어볼 것")
        shown = page.find("all")
        assert shown["row"]["row"] == 0
        assert [(said["decision"], said["why"]) for said in shown["row"]["decisions"]] == [
            ("note", "물어볼 것")
        ]


def test_files_that_hold_no_decisions_are_refused(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path)
    (tmp_path / "c.jsonl").write_text('{"text": "오늘"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 1"), review_page(dataset, tmp_path / "c.jsonl"):
        pass
    with (
        pytest.raises(SettingsError, match="corrections merge"),
        review_page(dataset, tmp_path / "c.csv"),
    ):
        pass


def test_what_corrections_write_is_what_the_page_shows(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    dataset = dataset_of(tmp_path)
    with review_page(dataset, path) as page:
        row: dict[str, Any] = page.find("all")["row"]
        page.decide("all", row["row"], "drop")
        (decision,) = read_decisions([path])
        later = {"by": "lee", "at": decision.at, "decision": "keep"}
        append_decision(path, Decision(id=row["id"], text_hash=text_hash(row["text"]), **later))
        page.send("api/overview")
        said = page.find("all", row=row["row"])["row"]["decisions"]
        assert {each["by"]: each["decision"] for each in said} == {"kim": "drop", "lee": "keep"}


def test_agreement_is_counted_where_several_people_decided(tmp_path: Path) -> None:
    with review_page(dataset_of(tmp_path), tmp_path / "c.jsonl") as page:
        said = {"kim": ("keep", "drop", "drop", "drop"), "lee": ("keep", "keep", "drop"), "park": ()}
        for by, decisions in said.items():
            for row, decision in enumerate(decisions):
                page.decide("all", row, decision, by=by)
        agreement = json.loads(page.send("api/overview")[1])["agreement"]
        assert (agreement["shared"], agreement["agreed"]) == (3, 2)
        # 2 of 3 alike; by chance 1/3 * 2/3 + 2/3 * 1/3
        [pair] = agreement["pairs"]
        assert (pair["one"], pair["other"], pair["both"]) == ("kim", "lee", 3)
        assert pair["kappa"] == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
        shown = measure_agreement(read_decisions([tmp_path / "c.jsonl"]))
        assert [asdict(each) for each in shown.pairs] == [pair]


def test_a_decision_that_cannot_be_written_is_no_decision(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with review_page(dataset_of(tmp_path), tmp_path / "file" / "c.jsonl") as page:
        page.find("all")
        sent = {"queue": "all", "row": 0, "decision": "keep", "labels": [], "by": "kim"}
        status, content, _ = page.send("api/decide", sent)
        assert status == 500
        assert "cannot be written" in json.loads(content)["error"]
        assert page.find("all")["row"]["decisions"] == []


def test_a_line_that_somebody_spoils_meanwhile_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with review_page(dataset_of(tmp_path), path) as page:
        page.decide("all", 0, "keep")
        with path.open("ab") as file:
            file.write(b'{"id": 7}\n\xff\xfe\n' + b"[" * 5000 + b"\n")
        page.decide("all", 1, "keep")
        assert page.review.ledger.by_person() == {"kim": 2}


def test_a_file_that_takes_the_place_of_the_other_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with review_page(dataset_of(tmp_path), path) as page:
        for row in (0, 1):
            page.decide("all", row, "keep")
        mine = read_decisions([path])
        texts = page.review.rows.frame.select("id", "text").rows()[2:4]
        theirs = [
            Decision(id=row_id, text_hash=text_hash(text), decision="drop", by="lee", at=mine[0].at)
            for row_id, text in texts
        ]
        write_decisions(path, [*theirs, *mine])  # as `etl corrections merge` does
        page.send("api/overview")
        assert page.review.ledger.by_person() == {"kim": 2, "lee": 2}


def test_a_file_that_cannot_be_read_any_more_is_an_error_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with review_page(dataset_of(tmp_path), path) as page:
        path.mkdir()
        page.review.queues.wait("all")
        sent = {"queue": "all", "row": 0, "decision": "keep", "labels": [], "by": "kim"}
        for answer in (page.send("api/overview"), page.send("api/decide", sent)):
            assert answer[0] == 500
            assert "cannot be read" in json.loads(answer[1])["error"]
        path.rmdir()
        page.decide("all", 0, "keep")


def test_of_rows_with_one_id_the_first_is_decided_on(tmp_path: Path) -> None:
    rejects = [make_reject(1, "duplicate_id", text="다른 말이다", raw_text="다른 말이다")]
    dataset = write_dataset(tmp_path / "dataset", clean_rows(8, 2, 2), rejects)
    with review_page(dataset, tmp_path / "c.jsonl") as page:
        row = page.find("rejects")["row"]["row"]
        sent = {"queue": "rejects", "row": row, "decision": "drop", "labels": [], "by": "kim"}
        status, content, _ = page.send("api/decide", sent)
        assert status == 400
        assert "another row has the id" in json.loads(content)["error"]
        assert not (tmp_path / "c.jsonl").exists()


def test_undo_takes_back_nothing_that_the_page_does_not_show(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    other = Decision(
        source="nsmc", raw_label="7", decision="map_label", by="kim", at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    append_decision(path, other)
    with review_page(dataset_of(tmp_path), path) as page:
        assert json.loads(page.send("api/undo", {"by": "kim"})[1])["row"] is None
        assert read_decisions([path]) == [other]
