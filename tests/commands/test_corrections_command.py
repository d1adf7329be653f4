"""`etl corrections`, and what other commands show of decisions."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.small_tables import kept_rows, write_lines

import etl
from etl.cli import app
from etl.corrections import Decision, append_decision, read_decisions, text_hash
from etl.dataset.difference import compare
from etl.dataset.read import Dataset
from etl.errors import FindingsError
from etl.settings import Corrections, Settings, Split, Table, Tag
from etl.validation.run import validate

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
TABLE = Table(text_column="text", label_column="label", group_column="group")
SETTINGS = Settings(tag=Tag(tagger="whitespace"), table=TABLE, split=Split(validation=0.2, test=0.2))


def decide(
    row: dict[str, Any], decision: Any, label: Any = None, by: str = "kim", minutes: int = 0
) -> Decision:
    at = NOON + timedelta(minutes=minutes)
    return Decision(
        id=row["id"], text_hash=text_hash(row["text"]), decision=decision, label=label, by=by, at=at
    )


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lines(tmp_path_factory.mktemp("raw") / "table.jsonl", kept_rows(0, 60))


@pytest.fixture(scope="module")
def plain(raw: Path) -> Dataset:
    return etl.ingest(raw, raw.parent / "plain", SETTINGS)


@pytest.fixture(scope="module")
def rows(plain: Dataset) -> list[dict[str, Any]]:
    return plain.scan().sort("id").collect().to_dicts()


@pytest.fixture(scope="module")
def decisions(rows: list[dict[str, Any]], raw: Path) -> Path:
    """Two that apply, a stale one, one on a row that is not there, and one that people disagree about."""
    path = raw.parent / "corrections.jsonl"
    for each in (
        decide(rows[0], "relabel", "분노"),
        decide(rows[1], "drop"),
        decide(rows[2] | {"text": "예전 문장이었다"}, "drop"),
        decide(rows[3] | {"id": "table:nowhere", "text": "없는 문장이다"}, "drop"),
        decide(rows[4], "relabel", "혐오"),
        decide(rows[4], "relabel", "분노", by="lee"),
    ):
        append_decision(path, each)
    return path


@pytest.fixture(scope="module")
def corrected(raw: Path, decisions: Path) -> Dataset:
    return etl.ingest(raw, raw.parent / "corrected", SETTINGS, corrections=[str(decisions)])


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    app(["corrections", *words, "--json"], standalone_mode=False)
    return json.loads(capsys.readouterr().out)


def outcomes(
    applies: int = 0, stale: int = 0, not_found: int = 0, incomplete: int = 0, disagreement: int = 0
) -> dict[str, int]:
    """How many decisions have each outcome, as `etl corrections check` shows it."""
    found = {"applies": applies, "stale": stale, "not found": not_found}
    return {**found, "incomplete": incomplete, "disagreement": disagreement}


def test_check_says_which_do_not_apply_and_why(
    decisions: Path, plain: Dataset, corrected: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    for dataset in (plain, corrected):
        with pytest.raises(FindingsError, match="4 decisions"):
            run(capsys, "check", str(decisions), "--dataset", str(dataset.path))
        document = json.loads(capsys.readouterr().out)
        assert document["counts"] == outcomes(applies=2, stale=1, not_found=1, disagreement=2)
        assert {each["id"] for each in document["not_applied"]} >= {"table:nowhere"}


def test_check_knows_unknown_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = ("그저그럼", "그저그럼, 심심", "지루함, 모름")
    labelled = [kept_rows(6 + number, 7 + number, label)[0] for number, label in enumerate(unknown)]
    table = write_lines(tmp_path / "table.jsonl", [*kept_rows(0, 6), *labelled])
    dataset = etl.ingest(table, tmp_path / "dataset", SETTINGS)
    meant = {"그저그럼": "중립", "심심": "중립", "모름": "중립", "없는 라벨": None}
    for raw_label, label in meant.items():
        append_decision(
            tmp_path / "maps.jsonl",
            Decision(
                source="table", raw_label=raw_label, decision="map_label", label=label, by="kim", at=NOON
            ),
        )
    with pytest.raises(FindingsError):
        run(capsys, "check", str(tmp_path / "maps.jsonl"), "--dataset", str(dataset.path))
    document = json.loads(capsys.readouterr().out)
    assert document["counts"] == outcomes(applies=2, not_found=1, incomplete=1)


def test_check_takes_the_reviewers_of_the_settings(
    decisions: Path, plain: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "etl.yaml").write_text("corrections: {resolve: [lee]}", encoding="utf-8")
    words = ("check", str(decisions), "--dataset", str(plain.path), "--config", str(tmp_path / "etl.yaml"))
    with pytest.raises(FindingsError, match="2 decisions"):
        run(capsys, *words)


def test_what_applies_ends_well(rows: list[dict[str, Any]], plain: Dataset, tmp_path: Path) -> None:
    append_decision(tmp_path / "one.jsonl", decide(rows[0], "keep"))
    app(
        ["corrections", "check", str(tmp_path / "one.jsonl"), "--dataset", str(plain.path)],
        standalone_mode=False,
    )


def test_decisions_for_another_taxonomy_do_not_end_well(
    rows: list[dict[str, Any]], plain: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = msgspec.structs.replace(decide(rows[0], "relabel", "긍정"), taxonomy="polarity3")
    append_decision(tmp_path / "foreign.jsonl", foreign)
    with pytest.raises(FindingsError, match="1 decision would not be applied"):
        run(capsys, "check", str(tmp_path / "foreign.jsonl"), "--dataset", str(plain.path))
    assert json.loads(capsys.readouterr().out)["other_taxonomy"] == 1


def test_validate_finds_what_was_not_applied(corrected: Dataset) -> None:
    found = {finding.code: finding.number for finding in validate(corrected).findings}
    codes = ("correction_stale", "correction_not_found", "correction_disagreement")
    assert [found[code] for code in codes] == [1, 1, 1]
    assert not {"row_counts", "accounting", "columns"} & {*found}


def test_diff_names_each_corrected_row(
    plain: Dataset, corrected: Dataset, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    found = {row.id: row for row in compare(plain, corrected).corrected}
    assert {*found} == {rows[0]["id"], rows[1]["id"]}
    relabelled, dropped = found[rows[0]["id"]], found[rows[1]["id"]]
    assert (relabelled.earlier_label, relabelled.label) == (rows[0]["label"], "분노")
    assert (dropped.decision, dropped.is_kept) == ("drop", False)
    assert [row.decision for row in compare(corrected, plain).corrected] == [None, None]
    assert compare(corrected, corrected).corrected == ()
    app(["diff", str(plain.path), str(corrected.path)], standalone_mode=False)
    shown = capsys.readouterr().out
    assert "Corrected (2)" in shown
    assert all(row_id in shown for row_id in found)


def test_merge_sorts_and_writes_each_decision_once(
    rows: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    early, late = decide(rows[0], "keep"), decide(rows[1], "relabel", ("기쁨", "분노"), minutes=5)
    for name, found in (("one.jsonl", [late, early]), ("other.jsonl", [early])):
        for each in found:
            append_decision(tmp_path / name, each)
    files = [str(tmp_path / name) for name in ("one.jsonl", "other.jsonl")]
    for out in ("merged.jsonl", "merged.csv"):
        done = run(capsys, "merge", *files, "--out", str(tmp_path / out))
        assert (done["read"], done["written"]) == (3, 2)
        assert read_decisions([tmp_path / out]) == [early, late]


def test_stats_measure_how_far_people_agree(
    rows: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six rows; of 36 pairs of answers 12 are equal by chance: kappa is (5/6 - 1/3) / (1 - 1/3) = 3/4."""
    answers = {"kim": "기쁨 기쁨 분노 분노 슬픔 슬픔", "lee": "기쁨 기쁨 분노 분노 슬픔 기쁨"}
    for by, labels in answers.items():
        for row, label in zip(rows, labels.split(), strict=False):
            append_decision(tmp_path / "all.jsonl", decide(row, "relabel", label, by))
    append_decision(tmp_path / "all.jsonl", decide(rows[9], "drop", by="park"))
    found = run(capsys, "stats", str(tmp_path / "all.jsonl"))
    assert found["people"] == {"kim": 6, "lee": 6, "park": 1}
    [both] = [pair for pair in found["pairs"] if pair["both"]]
    assert (both["both"], both["equal"]) == (6, pytest.approx(5 / 6))
    assert both["kappa"] == pytest.approx(0.75)
    # Krippendorff (2011): 1 - (n - 1) · observed / expected disagreement, of 12 answers: 5, 4 and 3 alike.
    assert found["alpha"] == pytest.approx(1 - 11 * 2 / (5 * 4 + 5 * 3 + 4 * 3) / 2)


def test_ingest_shows_what_became_of_decisions(
    raw: Path, decisions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = ["--text-column", "text", "--label-column", "label", "--tagger", "whitespace"]
    out = ["--out", str(tmp_path / "dataset"), "--corrections", str(decisions), "--workers", "1"]
    app(["ingest", str(raw), *columns, *out], standalone_mode=False)
    shown = capsys.readouterr()
    assert "Corrections: 2 applied to 2 rows" in shown.out
    assert "1 correction not applied: stale" in shown.err


def test_settings_of_python_name_files(
    raw: Path, decisions: Path, corrected: Dataset, tmp_path: Path
) -> None:
    chosen = msgspec.structs.replace(SETTINGS, corrections=Corrections((str(decisions),)))
    again = etl.ingest(raw, tmp_path / "again", chosen)
    assert again.manifest == corrected.manifest
