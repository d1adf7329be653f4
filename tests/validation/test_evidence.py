import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from support.small_datasets import TARGETS, Row, clean_rows

from etl.errors import InputError, SettingsError
from etl.settings import Settings, Validate
from etl.validation import evidence
from etl.validation.report import formats
from etl.validation.run import validate
from etl.validation.selection import number_groups

Write = Callable[..., Path]
TRAIN, VALIDATION, TEST = 0, 80, 100  # the first row of each split in `clean_rows`


def say(row: Row, text: str, label: str | None = None) -> None:
    row |= {"text": text, "raw_text": text} | ({"label": label} if label else {})


def flawed_rows() -> list[Row]:
    """Three rows of one text with two labels, a leak of each kind, a repeat, and an unknown label."""
    rows = clean_rows()
    for number, label in ((1, TARGETS[0]), (2, TARGETS[1]), (3, TARGETS[0])):
        say(rows[number], "오늘은 정말 기분이 좋은 날이다", label)
    say(rows[VALIDATION], rows[TRAIN + 10]["text"], rows[TRAIN + 10]["label"])
    say(rows[TEST], rows[TRAIN + 11]["text"] + "!!", rows[TRAIN + 11]["label"])
    rows[TEST + 1] |= {"group": "g20"}
    rows[TRAIN + 30] |= {"label": "놀람"}
    say(rows[TRAIN + 40], "=1+1 이라는 수식을 그대로 적어 둔 문장")
    say(rows[TRAIN + 41], "=1+1 이라는 수식을 그대로 적어 둔 문장")
    return rows


def test_a_conflict_is_one_group_of_all_rows_that_have_its_text(write: Write, tmp_path: Path) -> None:
    validate(write(flawed_rows()), evidence=tmp_path / "evidence")
    rows = evidence.read(tmp_path / "evidence")["conflict_exact"]
    assert rows.select("group", "id", "label").rows() == [
        (1, "table:1", TARGETS[0]),
        (1, "table:2", TARGETS[1]),
        (1, "table:3", TARGETS[0]),
        (2, "table:40", TARGETS[0]),
        (2, "table:41", TARGETS[1]),
    ]
    assert rows["text"].to_list()[:3] == ["오늘은 정말 기분이 좋은 날이다"] * 3
    assert rows.select("file", "position").row(0) == ("rows.csv", 1)


def test_a_leak_stands_beside_the_row_of_train_that_gives_it_away(write: Write, tmp_path: Path) -> None:
    validate(write(flawed_rows()), evidence=tmp_path / "evidence")
    found = evidence.read(tmp_path / "evidence")
    assert found["leak_exact"].select("group", "split", "id").rows() == [
        (1, "validation", "table:80"),
        (1, "train", "table:10"),
    ]
    assert found["leak_near"].select("group", "id", "similarity").rows() == [
        (1, "table:80", 1.0),
        (1, "table:10", 1.0),
        (2, "table:100", 1.0),
        (2, "table:11", 1.0),
    ]
    assert found["leak_group"]["id"].to_list() == ["table:101", "table:20"]


def test_broken_rows_name_the_column(write: Write, tmp_path: Path) -> None:
    validate(write(flawed_rows()), evidence=tmp_path / "evidence")
    found = evidence.read(tmp_path / "evidence")["label_outside_taxonomy"]
    assert found.select("id", "label", "detail").rows() == [("table:30", "놀람", "label")]


def test_evidence_has_as_many_rows_as_the_measures(write: Write, tmp_path: Path) -> None:
    result = validate(write(flawed_rows()), evidence=tmp_path / "evidence")
    found = evidence.read(tmp_path / "evidence")
    assert result.statistics
    conflicts = [each for each in result.statistics["conflicts"] if each.split == "all"]
    assert {each.code: each.rows for each in conflicts if each.rows} == {
        code: rows.height for code, rows in found.items() if code.startswith("conflict")
    }
    for code in ("leak_exact", "leak_normalised", "leak_group"):
        leaks = [each for each in result.statistics["leakage"] if each.code == code]
        assert found[code].height == sum(each.rows + each.train_rows for each in leaks)
    repeats = [each.rows for each in result.statistics["repeats"] if each.level == "L1"]
    assert found["repeats"].height == sum(repeats)


def test_a_near_duplicate_within_a_split_is_a_pair_with_how_similar_it_is(
    write: Write, tmp_path: Path
) -> None:
    rows = clean_rows()
    say(rows[4], rows[5]["text"] + "ㅋ")
    validate(write(rows), evidence=tmp_path / "evidence")
    [(group, other), alike] = evidence.read(tmp_path / "evidence")["repeats"].select("group", "similarity")
    assert group == other == 1
    assert 0.8 < alike[0] < 1


def test_the_csv_opens_in_a_spreadsheet_and_runs_no_formula(write: Write, tmp_path: Path) -> None:
    validate(write(flawed_rows()), evidence=tmp_path / "evidence")
    content = (tmp_path / "evidence" / "repeats.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfgroup,id,")
    sheet = pl.read_csv(content)["text"].to_list()
    whole = evidence.read(tmp_path / "evidence")["repeats"]["text"].to_list()
    assert [text.removeprefix("'") for text in sheet] == whole
    assert "'=1+1 이라는 수식을 그대로 적어 둔 문장" in sheet


def test_the_cells_are_left_as_they_are_on_request(write: Write, tmp_path: Path) -> None:
    validate(write(flawed_rows()), evidence=tmp_path / "evidence", raw=True)
    folder = tmp_path / "evidence"
    for code, rows in evidence.read(folder).items():
        sheet = pl.read_csv(folder / f"{code}.csv", schema=rows.schema)
        assert_frame_equal(sheet, rows)


def test_texts_are_read_in_batches_of_any_size(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(flawed_rows(), shard_rows=7)
    validate(path, evidence=tmp_path / "whole")
    monkeypatch.setattr(evidence, "_BATCH_ROWS", 2)
    validate(path, evidence=tmp_path / "in batches")
    for file in (tmp_path / "whole").glob("*.csv"):
        assert file.read_bytes() == (tmp_path / "in batches" / file.name).read_bytes()


def test_the_index_says_how_much_there_is_and_what_it_means(write: Write, tmp_path: Path) -> None:
    settings = Settings(validate=Validate(thresholds={"repeats": 0.5}))
    validate(write(flawed_rows()), settings=settings, evidence=tmp_path / "evidence")
    index = json.loads((tmp_path / "evidence" / "index.json").read_bytes())
    assert index["findings"]["conflict_exact"] == {
        "rows": 5,
        "groups": 2,
        "severity": "warning",
        "meaning": "The same raw text with different labels",
    }
    # So few rows are no finding, and can be looked at all the same.
    assert index["findings"]["repeats"]["severity"] is None


def test_codes_are_collected_without_a_folder(write: Write, tmp_path: Path) -> None:
    path = write(flawed_rows())
    validate(path, evidence=tmp_path / "evidence")
    written = evidence.read(tmp_path / "evidence")
    assert evidence.collect(path).keys() == written.keys()
    cheap = evidence.collect(path, ["conflict_exact", "leak_exact", "leak_tokens"])
    assert list(cheap) == ["leak_exact", "conflict_exact"]
    assert_frame_equal(cheap["conflict_exact"], written["conflict_exact"])


def test_nothing_is_written_without_a_request_or_over_something_else(write: Write, tmp_path: Path) -> None:
    path = write(flawed_rows())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(SettingsError, match="already holds something else"):
        validate(path, evidence=tmp_path / "mine")
    validate(path)
    assert not [*path.rglob("conflict_exact*")]


def test_a_later_run_leaves_nothing_of_the_earlier_one(write: Write, tmp_path: Path) -> None:
    validate(write(flawed_rows()), evidence=tmp_path / "evidence")
    validate(write(clean_rows()), evidence=tmp_path / "evidence")
    assert [path.name for path in (tmp_path / "evidence").iterdir()] == ["index.json"]
    assert evidence.read(tmp_path / "evidence") == {}


def test_a_folder_without_evidence_is_an_error_that_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"etl validate DATASET --evidence DIR"):
        evidence.read(tmp_path)


def test_a_table_has_evidence_too(tmp_path: Path) -> None:
    lines = [f"문장 {number}번은 서로 다른 이야기를 한다 {number * 7919},a,g" for number in range(40)]
    lines += ["모두가 같은 이 문장은 두 번 적혀 있다,a ,g", "모두가 같은 이 문장은 두 번 적혀 있다,b,g"]
    lines.append("이 줄에는 칸이 하나 많다,a,g,h")
    (tmp_path / "table.csv").write_text("\n".join(["text,label,kind", *lines]), encoding="utf-8")
    validate(tmp_path / "table.csv", evidence=tmp_path / "evidence")
    found = evidence.read(tmp_path / "evidence")
    assert found["conflict_exact"].select("id", "label").rows() == [
        ("table.csv:42", "a "),
        ("table.csv:43", "b"),
    ]
    assert found["bad_rows"].select("position", "detail").rows() == [(44, "expected 3 fields, got 4")]
    assert found["label_spelling"].select("label", "likely_label").rows() == [("a ", "a")]


def test_examples_say_how_many_rows_there_are_and_where_all_of_them_are(write: Write, tmp_path: Path) -> None:
    rows = clean_rows()
    for number in range(9):
        say(rows[number], f"모두 다른 뜻으로 두 번 적은 {number // 2}번 문장이다", TARGETS[number % 2])
    path = write(rows)
    [finding] = [one for one in validate(path).findings if one.code == "conflict_exact"]
    assert (len(finding.examples), finding.rows, finding.evidence) == (5, 8, "")
    result = validate(path, evidence=tmp_path / "evidence")
    sheet = tmp_path / "evidence" / "conflict_exact.csv"
    assert f"for example 5 of 8 rows, all in {sheet}: table:0, " in formats.as_lines(result)
    assert f"5 of 8 rows, all in {sheet}" in (path / "validation" / "report.html").read_text(encoding="utf-8")
    for one in result.findings:
        assert not one.evidence or Path(one.evidence).is_file()


def test_rows_that_are_gone_and_rows_that_changed_are_evidence_of_a_comparison(
    write: Write, tmp_path: Path
) -> None:
    before, now = clean_rows(), clean_rows()
    now[3] |= {"label": TARGETS[0]}
    validate(write(now[:70] + now[71:]), against=write(before), evidence=tmp_path / "evidence")
    found = evidence.read(tmp_path / "evidence")
    assert found["since_removed"].select("id", "text").rows() == [("table:70", before[70]["text"])]
    assert found["since_relabelled"].select("id", "label", "detail").rows() == [
        ("table:3", TARGETS[0], TARGETS[3])
    ]


@pytest.mark.parametrize("laxer", [{"near": 0.0}, {"near": 0.99}, {"short_chars": 10_000}])
def test_no_manifest_switches_a_check_off(write: Write, laxer: dict[str, float]) -> None:
    rows = clean_rows()
    say(rows[VALIDATION], rows[TRAIN + 4]["text"] + "ㅋ")
    settings = {"dedupe": {"short_eojeols": 3, "short_chars": 10} | laxer}
    found = {finding.code for finding in validate(write(rows, settings=settings)).findings}
    assert "leak_near" in found


@given(st.lists(st.tuples(st.integers(0, 3), st.text("abc", max_size=2)), min_size=1))
def test_groups_are_numbered_by_size_without_a_gap(rows: list[tuple[int, str]]) -> None:
    frame = pl.DataFrame(rows, schema={"key": pl.Int64, "id": pl.String}, orient="row").with_row_index("row")
    numbered = number_groups(frame, ["key"])
    assert sorted(numbered["row"]) == list(range(len(rows)))
    sizes = numbered.group_by("group").agg(pl.len(), pl.col("key").n_unique().alias("keys")).sort("group")
    assert sizes["group"].to_list() == list(range(1, sizes.height + 1))
    assert sizes["len"].to_list() == sorted(sizes["len"].to_list(), reverse=True)
    assert sizes["keys"].to_list() == [1] * sizes.height
