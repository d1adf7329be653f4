"""Bad input: a clear error, the right exit code, nothing half-written, an existing dataset untouched."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from support.run_etl import TABLE, etl, explained, ingest, make_rows, succeeded
from support.small_tables import write_lines

Untouched = Callable[[], bool]
SETTINGS, FINDINGS, INPUT = 2, 3, 4


def dialogues(count: int) -> bytes:
    """감성대화 as JSON."""
    return json.dumps(
        [
            {
                "profile": {
                    "persona-id": "Pro_1",
                    "persona": {"human": ["A02", "G02"], "computer": ["C01"]},
                    "emotion": {"emotion-id": "S06_D02_E18", "type": "E18", "situation": ["S06", "D02"]},
                },
                "talk": {
                    "id": {"profile-id": f"Pro_{number}", "talk-id": f"Pro_{number}_1"},
                    "content": {"HS01": f"{number}번째 이야기", "SS01": "그래", "HS02": "응", "SS02": "음"},
                },
            }
            for number in range(count)
        ],
        ensure_ascii=False,
    ).encode()


def zip_of(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def workbook(**columns: list[str]) -> bytes:
    packed = io.BytesIO()
    pl.DataFrame(columns).write_excel(packed)
    return packed.getvalue()


# Name of the file, its content, and what the error must speak of.
BAD_FILES: dict[str, tuple[str, Callable[[], bytes], list[str]]] = {
    "a zip that is none": ("bad.zip", lambda: b"PK\x03\x04 not a zip", ["bad.zip"]),
    "a zip that is cut off": (
        "bad.zip",
        lambda: zip_of(**{"dialogues.json": dialogues(200)})[:-40],
        ["bad.zip", "cut off"],
    ),
    "a zip with a damaged member": (
        "bad.zip",
        lambda: (packed := zip_of(**{"dialogues.json": dialogues(200)}))[:300] + b"\0" * 50 + packed[350:],
        ["bad.zip", "dialogues.json"],
    ),
    "a zip member that leaves its folder": (
        "bad.zip",
        lambda: zip_of(**{"../../etc/dialogues.json": dialogues(2)}),
        ["bad.zip", "../../etc/dialogues.json", "leaves"],
    ),
    "JSON that is cut off": (
        "bad.json",
        lambda: (whole := dialogues(50))[: whole.rindex(b'"HS01"')],
        ["bad.json", "expected", "got", "cut off"],
    ),
    "JSON that is cut off inside a character": (
        "bad.json",
        lambda: (whole := dialogues(50))[: whole.rindex("이야기".encode()) + 1],
        ["bad.json", "expected", "got", "cut off"],
    ),
    "JSON in an unknown encoding": (
        "bad.json",
        lambda: dialogues(3) + b"\xff\xfe\xff",
        ["bad.json", "UTF-8", "cp949", "0xff"],
    ),
    "a workbook that is none": ("bad.xlsx", lambda: b"PK no workbook", ["bad.xlsx", "workbook"]),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_stops_the_run(kind: str, tmp_path: Path, dataset: Path, is_untouched: Untouched) -> None:
    name, content, words = BAD_FILES[kind]
    (tmp_path / "good.json").write_bytes(dialogues(5))
    (tmp_path / name).write_bytes(content())
    text = explained(etl("ingest", tmp_path, "--out", dataset, "--tagger", "whitespace"), INPUT)
    assert all(word in text for word in words), text
    assert str(Path.home()) not in text
    assert is_untouched()


@pytest.mark.parametrize("kind", BAD_FILES)
def test_skipping_goes_on_and_lists_what_was_skipped(kind: str, tmp_path: Path) -> None:
    name, content, _ = BAD_FILES[kind]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "good.json").write_bytes(dialogues(5))
    (tmp_path / "raw" / name).write_bytes(content())
    out = tmp_path / "dataset"
    run = succeeded(
        etl("ingest", tmp_path / "raw", "--out", out, "--tagger", "whitespace", "--on-bad-file", "skip")
    )
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert [entry["file"] for entry in manifest["skipped"]] == [name]
    assert f"skipped: {manifest['skipped'][0]['error'].splitlines()[0]}" in run.stderr
    assert manifest["counts"]["aihub-dialogue"]["read"] == 5


def test_a_path_that_is_not_there(tmp_path: Path, dataset: Path, is_untouched: Untouched) -> None:
    text = explained(ingest(tmp_path / "none", "--out", dataset), INPUT)
    assert "none does not exist" in text
    assert is_untouched()


def test_a_folder_without_a_corpus(tmp_path: Path, dataset: Path, is_untouched: Untouched) -> None:
    (tmp_path / "notes.txt").write_text("안녕하세요\n오늘은 맑다\n", encoding="utf-8")
    text = explained(etl("ingest", tmp_path, "--out", dataset), INPUT)
    assert "notes.txt" in text
    assert is_untouched()


def test_an_empty_folder(tmp_path: Path, dataset: Path, is_untouched: Untouched) -> None:
    explained(etl("ingest", tmp_path, "--out", dataset), INPUT)
    assert is_untouched()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("book.xlsx", lambda: workbook(sentence=["오늘 좋다"], emotion=["기쁨"])),
        ("book.csv", lambda: "sentence,emotion\n오늘 좋다,기쁨\n".encode("cp949")),
        ("book.jsonl.gz", lambda: b"\x1f\x8b not gzip"),
    ],
)
def test_a_table_without_the_columns_that_were_named(
    name: str, content: Callable[[], bytes], tmp_path: Path, dataset: Path, is_untouched: Untouched
) -> None:
    (tmp_path / name).write_bytes(content())
    text = explained(ingest(tmp_path / name, "--out", dataset), INPUT)
    assert name in text
    if not name.endswith(".gz"):
        assert "no column 'text'" in text
        assert "sentence, emotion" in text
    assert is_untouched()


def test_a_workbook_that_lacks_a_column_of_its_corpus(
    tmp_path: Path, dataset: Path, is_untouched: Untouched
) -> None:
    (tmp_path / "감성대화.xlsx").write_bytes(
        workbook(번호=["1"], 감정_대분류=["기쁨"], 사람문장1=["오늘 좋다"])
    )
    text = explained(
        etl("ingest", tmp_path, "--source", "aihub-dialogue", "--out", dataset, "--tagger", "whitespace"),
        INPUT,
    )
    assert "감성대화.xlsx" in text
    assert is_untouched()


def test_unknown_labels_and_nulls_are_rows_not_errors(dataset: Path) -> None:
    manifest = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"] == {
        "table": {
            "read": 63,
            "kept": 60,
            "rejected": {"empty_text": 1, "missing_label": 1, "unknown_label": 1},
        }
    }


def test_a_broken_row_is_a_row_not_an_error(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "table.jsonl", make_rows(5))
    with path.open("a", encoding="utf-8") as lines:
        lines.write('{"text": "잘린 문\n')
    run = succeeded(ingest(path, "--out", tmp_path / "dataset", "--json"))
    assert json.loads(run.stdout)["counts"]["table"]["rejected"]["bad_row"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--taxonomy", "ko8"], ["'ko8'", "ko7"]),
        (["--source", "aihub"], ["'aihub'", "aihub-dialogue"]),
        (["--domain", "poetry"], ["'poetry'", "dialogue"]),
        (["--config", "none.yaml"], ["none.yaml"]),
    ],
)
def test_settings_that_cannot_be_used(
    options: list[str], words: list[str], table: Path, dataset: Path, is_untouched: Untouched
) -> None:
    text = explained(ingest(table, "--out", dataset, *options), SETTINGS)
    assert all(word in text for word in words), text
    assert is_untouched()


def test_a_table_of_which_only_one_column_is_named(
    table: Path, dataset: Path, is_untouched: Untouched
) -> None:
    text = explained(etl("ingest", table, "--text-column", "text", "--out", dataset), FINDINGS)
    assert "is `--label-column` missing?" in text
    assert is_untouched()
    text = explained(etl("ingest", table, "--label-column", "label", "--out", dataset), SETTINGS)
    assert "--text-column" in text
    assert is_untouched()


@pytest.mark.parametrize(
    "options",
    [
        ["--tagger", "twitter"],
        ["--limit", "0"],
        ["--workers", "-1"],
        ["--turns", "last"],
        ["--on-bad-file", "explode"],
        ["--seed", "x"],
        ["--no-such-option"],
    ],
)
def test_options_that_make_no_sense(
    options: list[str], table: Path, dataset: Path, is_untouched: Untouched
) -> None:
    run = etl("ingest", table, *TABLE, "--out", dataset, *options)
    assert run.returncode == SETTINGS
    assert options[0] in run.stderr
    assert "Traceback" not in run.stderr
    assert is_untouched()


def test_a_folder_with_something_else_is_not_written_into(tmp_path: Path, table: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    text = explained(ingest(table, "--out", tmp_path), SETTINGS)
    assert "already holds something else" in text
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_file_is_not_overwritten(tmp_path: Path, table: Path) -> None:
    (tmp_path / "dataset").write_bytes(b"mine")
    explained(ingest(table, "--out", tmp_path / "dataset"), SETTINGS)
    assert (tmp_path / "dataset").read_bytes() == b"mine"


def test_a_place_that_cannot_be_written(table: Path) -> None:
    explained(ingest(table, "--out", "/proc/nowhere/dataset"), 6)


def test_a_raw_folder_is_never_replaced_by_its_dataset(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "raw" / "table.jsonl", make_rows(3))
    explained(ingest(path, "--out", path.parent), SETTINGS)
    assert path.exists()


def test_debug_shows_where_an_error_came_from(tmp_path: Path) -> None:
    run = etl("--debug", "ingest", tmp_path / "none", "--out", tmp_path / "dataset")
    assert run.returncode == INPUT
    assert "Traceback (most recent call last)" in run.stderr
    assert "InputError" in run.stderr
