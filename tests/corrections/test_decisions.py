"""Decisions as lines: what is read, what is refused with file and line, and that none is lost or torn."""

import csv
import logging
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.corrections import Decision, append_decision, read_decisions, text_hash
from etl.corrections.decision import to_line
from etl.errors import InputError, SettingsError
from etl.settings import load, load_settings

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
BY_KIM = '"by":"kim","at":"2026-11-29T12:00:00Z"'
HASH = text_hash("오늘은 비가 와서 기분이 가라앉는다")


def relabel(row: str = "chatbot:7", label: str = "sadness", by: str = "kim") -> Decision:
    return Decision(id=row, text_hash=HASH, decision="relabel", label=label, by=by, at=NOON)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_is_appended_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "corrections.jsonl"
    decisions = [
        relabel(),
        Decision(id="a:1", text_hash=HASH, decision="relabel", label=("joy", "trust"), by="lee", at=NOON),
        Decision(source="table", raw_label="그냥", decision="map_label", label=None, by="kim", at=NOON),
        Decision(id="a:1", decision="undo", by="lee", at=NOON, why="뜻을 잘못 읽음\n두 번째 줄"),
    ]
    for each in decisions:
        append_decision(path, each)
    assert read_decisions([path]) == decisions
    assert path.read_bytes().count(b"\n") == len(decisions)


def test_csv_has_the_same_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path / "corrections.csv",
        "\ufeffid,text_hash,decision,label,by,at,why",
        f'chatbot:7,{HASH},relabel,sadness,kim,2026-11-29T12:00:00Z,"두 줄\n짜리 ""이유"""',
        f'chatbot:8,{HASH},relabel,"[""joy"",""trust""]",kim,2026-11-29T21:00:00+09:00,',
    )
    first, second = read_decisions([path])
    assert (first.label, first.why) == ("sadness", '두 줄\n짜리 "이유"')
    assert second.label == ("joy", "trust")
    assert second.at == NOON


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id": "a:1", "decision": "relabel"', "truncated"),
        ("[1, 2]", "Expected `object`"),
        ('{"id":"a:1","decision":"keep","by":"kim","at":"2026-11-29T12:00:00Z"}', "text_hash"),
        (f'{{"id":"a:1","text_hash":"{HASH}","decision":"relabel",{BY_KIM}}}', "needs a `label`"),
        ('{"id":"a:1","decision":"undo","by":"kim","at":"2026-11-29T12:00:00"}', "timezone"),
        ('{"id":"a:1","decision":"undo","at":"2026-11-29T12:00:00Z"}', "`by`"),
        ('{"id":"a:1","decision":"delete","by":"kim","at":"2026-11-29T12:00:00Z"}', "'delete'"),
        ('{"id":"a:1","decision":"undo","by":"kim","at":"2026-11-29T12:00:00Z","labell":"joy"}', "`labell`"),
        ('{"id":"a:1","decision":"undo","label":"joy","by":"kim","at":"2026-11-29T12:00:00Z"}', "no `label`"),
        ('{"decision":"map_label","source":"table","by":"kim","at":"2026-11-29T12:00:00Z"}', "raw_label"),
        ('{"id":"a:1","decision":"undo","by":"kim","at":"9999-12-31T23:59:59-10:00"}', "year 9999"),
        ('{"id":"a:1","decision":"undo","by":"kim","at":"0001-01-01T00:00:00+10:00"}', "year 1"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_decision_is_named_with_its_file(tmp_path: Path, line: str, problem: str) -> None:
    good = to_line(relabel()).decode()
    path = write(tmp_path / "corrections.jsonl", good, "", line, good)
    with pytest.raises(InputError) as caught:
        read_decisions([path])
    assert "corrections.jsonl, line 3: " in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"id,labell\na:1,joy\n", "line 1: .*'labell'"),
        (b"id,decision,by,at\na:1,undo,kim,yesterday\n", "line 2: .*RFC3339"),
        (b"id,decision,by,at\na:1,undo,kim,2026-11-29T12:00:00Z,more\n", "line 2: .*without a column"),
        (b"id,decision,by,at\na:1,undo,\xff\xff,2026-11-29T12:00:00Z\n", "line 2: .*neither UTF-8 nor cp949"),
        (
            b"id,decision,label,by,at\na:1,relabel,[joy,kim,2026-11-29T12:00:00Z\n",
            "line 2: .*the label is no list: JSON is malformed",
        ),
        (b'id,decision,by,at\n"a:1"x,undo,kim,2026-11-29T12:00:00Z\n', "line 2: "),
    ],
)
def test_a_line_of_csv_that_is_no_decision_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "corrections.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"(?s)corrections.csv, {problem}"):
        read_decisions([path])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_file_from_a_spreadsheet_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "corrections.csv"
    path.write_bytes("id,decision,by,at\na:1,undo,김수,2026-11-29T12:00:00Z\n".encode(encoding))
    assert [each.by for each in read_decisions([path])] == ["김수"]


def test_reading_decisions_leaves_long_cells_of_tables_readable(tmp_path: Path) -> None:
    before = csv.field_size_limit(5_000_000)
    try:
        path = tmp_path / "corrections.csv"
        path.write_bytes(b"id,decision,by,at\na:1,undo,kim,2026-11-29T12:00:00Z\n")
        read_decisions([path])
        assert len(next(csv.reader(["a" * 2_000_000]))[0]) == 2_000_000
    finally:
        csv.field_size_limit(before)


def test_a_file_that_is_not_there_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)No such file.*Next: "):
        read_decisions([tmp_path / "corrections.jsonl"])


def test_a_torn_last_line_is_passed_over_and_healed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "corrections.jsonl"
    whole = to_line(relabel())
    for length in range(1, len(whole)):
        path.write_bytes(whole + b"\n" + whole[:length])
        assert len(read_decisions([path])) == 1
        append_decision(path, relabel("chatbot:9"))
        assert [each.id for each in read_decisions([path])] == ["chatbot:7", "chatbot:9"]
    assert "cut off" in caplog.text


def test_a_whole_last_line_without_an_end_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "corrections.jsonl"
    path.write_bytes(to_line(relabel()))
    with caplog.at_level(logging.WARNING):
        append_decision(path, relabel("chatbot:9"))
    assert [each.id for each in read_decisions([path])] == ["chatbot:7", "chatbot:9"]
    assert caplog.text == ""


def append_many(path: Path, by: str) -> None:
    for number in range(50):
        append_decision(path, relabel(f"a:{number}", by=by))


def test_two_processes_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "corrections.jsonl"
    processes = [
        multiprocessing.get_context("fork").Process(target=append_many, args=(path, by))
        for by in ("kim", "lee")
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    decisions = read_decisions([path])
    assert len({(each.by, each.id) for each in decisions}) == len(decisions) == 100
    assert [path.name for path in tmp_path.iterdir()] == ["corrections.jsonl"]


def test_csv_is_not_appended_to(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="JSON lines"):
        append_decision(tmp_path / "corrections.csv", relabel())


@given(st.lists(st.text(max_size=20)))
def test_the_hash_of_a_column_is_that_of_each_text(texts: list[str]) -> None:
    hashes = pl.select(text_hash(pl.lit(pl.Series(texts, dtype=pl.String)))).to_series()
    assert hashes.to_list() == [text_hash(text) for text in texts]


def test_the_hash_does_not_depend_on_the_normal_form() -> None:
    assert text_hash("\u1100\u1161") == text_hash("\uac00")
    assert len(text_hash("")) == 32


def test_an_option_names_one_file_or_several(tmp_path: Path) -> None:
    path = tmp_path / "fixes.jsonl"
    assert load_settings(corrections=path).corrections.files == (str(path),)
    assert load_settings(corrections=[path, "more.csv"]).corrections.files == (str(path), "more.csv")


def test_files_of_settings_are_relative_to_their_folder(tmp_path: Path) -> None:
    write(tmp_path / "etl.yaml", "corrections:", "  files: [fixes.jsonl]", "  resolve: [kim, lee]")
    corrections = load(tmp_path / "etl.yaml", {}).corrections
    assert corrections.files == (str(tmp_path / "fixes.jsonl"),)
    assert corrections.resolve == ("kim", "lee")
