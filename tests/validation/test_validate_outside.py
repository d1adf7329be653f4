import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from etl.errors import InputError, SettingsError
from etl.settings import Settings
from etl.settings import Validate as Chosen
from etl.validation.findings import Finding
from etl.validation.result import Result
from etl.validation.run import report_folder, validate

pytestmark = pytest.mark.slow

LABELS = ["기쁨", "슬픔", "분노"]
ROWS = [
    {"문장": f"오늘은 {number}번째로 새로운 문장을 적어 봅니다", "감정": LABELS[number % 3], "note": None}
    for number in range(30)
]
Table = list[dict[str, Any]]


def csv_text(rows: Table, delimiter: str = ",") -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def write_csv(path: Path, rows: Table, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_text(rows).encode(encoding))
    return path


def write_xlsx(path: Path, rows: Table) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        for number, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
            sheet.write_row(number, 0, cells)


def jsonl(rows: Table) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_arrow(path: Path, rows: Table) -> None:
    table = pa.Table.from_pylist(rows)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


KINDS: dict[str, Callable[[Path], object]] = {
    "utf8.csv": lambda path: write_csv(path, ROWS),
    "bom.csv": lambda path: write_csv(path, ROWS, "utf-8-sig"),
    "cp949.csv": lambda path: write_csv(path, ROWS, "cp949"),
    "utf16.csv": lambda path: write_csv(path, ROWS, "utf-16"),
    "table.tsv": lambda path: path.write_text(csv_text(ROWS, "\t"), encoding="utf-8"),
    "table.csv.gz": lambda path: path.write_bytes(gzip.compress(csv_text(ROWS).encode())),
    "table.jsonl": lambda path: path.write_text(jsonl(ROWS), encoding="utf-8"),
    "utf16.jsonl": lambda path: path.write_text(jsonl(ROWS), encoding="utf-16"),
    "cp949.ndjson": lambda path: path.write_text(jsonl(ROWS), encoding="cp949"),
    "array.json": lambda path: path.write_text(json.dumps(ROWS, ensure_ascii=False, indent=2), "utf-8"),
    "lines.json": lambda path: path.write_text(jsonl(ROWS), encoding="utf-8"),
    "book.xlsx": lambda path: write_xlsx(path, ROWS),
    "table.parquet": lambda path: pq.write_table(pa.Table.from_pylist(ROWS), path),
    "file.arrow": lambda path: write_arrow(path, ROWS),
}


def found(result: Result, code: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.code == code]


def labels(result: Result) -> dict[str, int]:
    assert result.statistics
    return {cell.label: cell.rows for cell in result.statistics["labels"]}


def splits(result: Result) -> dict[str, int]:
    assert result.statistics
    return {
        balance.split: balance.rows
        for balance in result.statistics["balance"]
        if balance.split and balance.source is None
    }


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_table_and_encoding_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    KINDS[name](tmp_path / name)
    result = validate(tmp_path / name)
    assert labels(result) == dict.fromkeys(LABELS, 10)
    assert splits(result) == {"train": 30}
    assert found(result, "guessed_columns")[0].message == "read text from `문장`, label from `감정`"
    assert not result.count("error")


def test_the_report_stands_beside_the_file_and_the_copy_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    path = write_csv(tmp_path / "rows.csv", ROWS)
    result = validate(path)
    folder = tmp_path / "rows.csv.validation"
    assert report_folder(path) == folder
    assert sorted(file.name for file in folder.iterdir()) == ["findings.json", "report.html"]
    document = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    assert document == json.loads(json.dumps(result.document()))
    assert "seconds" not in document
    assert {"reading", "contract", "leakage"} <= set(result.seconds)
    assert list(scratch.glob("etl-*")) == []


def test_out_says_where_the_report_goes(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "in" / "rows.csv", ROWS)
    validate(path, out=tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "report.html").is_file()
    assert list(path.parent.iterdir()) == [path]


def test_ids_are_the_file_and_the_row_as_a_spreadsheet_counts_it(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", [*ROWS, {"문장": "", "감정": "기쁨"}])
    result = validate(path)
    [blank] = found(result, "blank_text")
    assert (blank.number, blank.examples) == (1, ("rows.csv:32",))
    # That is what is wrong with it; that it has no token follows.
    assert found(result, "rows_without_tokens") == []


def test_a_label_keeps_its_spelling_and_its_twin_is_named(tmp_path: Path) -> None:
    rows = [*ROWS, {"문장": "한 문장 더", "감정": "기쁨  "}, {"문장": "또 한 문장", "감정": "기쁨\u3000"}]
    result = validate(write_csv(tmp_path / "rows.csv", rows))
    assert labels(result) == {**dict.fromkeys(LABELS, 10), "기쁨  ": 1, "기쁨\u3000": 1}
    [finding] = found(result, "label_spelling")
    assert finding.number == 2
    assert "'기쁨␣␣' (1) beside '기쁨' (10)" in finding.message
    assert finding.examples == ("rows.csv:32", "rows.csv:33")


def test_labels_that_differ_in_case_or_width_are_named_too(tmp_path: Path) -> None:
    rows = [
        {"text": f"{number}번 문장", "label": label} for number, label in enumerate(["joy", "Joy", "ｊｏｙ"])
    ]
    assert found(validate(write_csv(tmp_path / "rows.csv", rows)), "label_spelling")[0].number == 2


def test_null_and_blank_labels_are_counted_and_are_no_class(tmp_path: Path) -> None:
    rows = [*ROWS, *({"문장": f"라벨 없는 문장 {blank!r}", "감정": blank} for blank in (None, "", "  "))]
    path = tmp_path / "rows.jsonl"
    path.write_text(jsonl(rows), encoding="utf-8")
    result = validate(path)
    [finding] = found(result, "nulls")
    assert (finding.number, "`label`" in finding.message) == (3, True)
    assert set(labels(result)) == set(LABELS)
    assert result.statistics
    assert result.statistics["accounts"][0].kept == 33


def test_no_label_at_all_is_a_report(tmp_path: Path) -> None:
    rows = [{"text": f"{number}번째 문장", "label": None} for number in range(3)]
    path = tmp_path / "rows.jsonl"
    path.write_text(jsonl(rows), encoding="utf-8")
    assert found(validate(path), "nulls")[0].number == 3


def test_a_header_without_rows_is_a_report_that_there_is_nothing_to_train_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n", encoding="utf-8")
    assert found(validate(path), "empty_train")


def test_columns_that_cannot_be_guessed_are_listed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", [{"a": "한 문장", "b": "기쁨"}])
    with pytest.raises(InputError) as raised:
        validate(path)
    assert "which column holds the text" in str(raised.value)
    assert "its columns are a, b" in str(raised.value)
    assert "--text-column" in raised.value.next_step
    assert sorted(tmp_path.iterdir()) == [path]


def test_named_columns_go_before_usual_names(tmp_path: Path) -> None:
    rows = [{"text": "x", "label": "y", "a": row["문장"], "b": row["감정"]} for row in ROWS]
    result = validate(write_csv(tmp_path / "rows.csv", rows), text_column="a", label_column="b")
    assert labels(result) == dict.fromkeys(LABELS, 10)
    assert not found(result, "guessed_columns")


def test_a_column_that_is_not_there_is_an_error_with_those_that_are(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", ROWS)
    with pytest.raises(InputError, match="has no column 'emotion'") as raised:
        validate(path, label_column="emotion")
    assert "문장, 감정, note" in str(raised.value)


def test_a_column_of_sentences_is_no_label(tmp_path: Path) -> None:
    rows = [{"text": f"{number}", "label": f"문장 {number}"} for number in range(1001)]
    with pytest.raises(InputError, match="holds no labels"):
        validate(write_csv(tmp_path / "rows.csv", rows))


def test_a_list_is_no_label(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"text": ["가"], "label": [["기쁨", "슬픔"]]}).write_parquet(path)
    with pytest.raises(InputError, match="no plain values in column 'label'"):
        validate(path)


def test_without_a_split_all_is_train_and_a_note_says_what_that_means(tmp_path: Path) -> None:
    [finding] = found(validate(write_csv(tmp_path / "rows.csv", ROWS)), "no_split_column")
    assert finding.severity == "note"
    assert finding.number == 30
    assert "leakage" in finding.message


def test_splits_and_groups_come_from_their_columns(tmp_path: Path) -> None:
    names = ["train", "Training", "dev", " TEST "]
    rows = [{**row, "split": names[number % 4], "speaker": "s1"} for number, row in enumerate(ROWS)]
    path = write_csv(tmp_path / "rows.csv", rows)
    result = validate(path, group_column="speaker")
    assert splits(result) == {"train": 16, "validation": 7, "test": 7}
    assert not found(result, "no_split_column")
    assert [finding.number for finding in found(result, "leak_group")] == [7, 7]


def test_rows_of_an_unknown_split_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [{**row, "split": "holdout" if number < 4 else "train"} for number, row in enumerate(ROWS)]
    result = validate(write_csv(tmp_path / "rows.csv", rows))
    [finding] = found(result, "bad_rows")
    assert (finding.number, finding.examples[0]) == (4, "rows.csv:2")
    assert "no split is called holdout (4)" in finding.message
    assert result.statistics
    account = result.statistics["accounts"][0]
    assert (account.read, account.kept, account.rejected) == (30, 26, {"bad_row": 4})


def test_records_that_are_no_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", ROWS)
    path.write_text(path.read_text(encoding="utf-8") + "하나,둘,셋,넷\n", encoding="utf-8")
    [finding] = found(validate(path), "bad_rows")
    assert finding.message == "1 record is left out: expected 3 fields, got 4 (1)"
    path = tmp_path / "rows.jsonl"
    path.write_text(jsonl(ROWS) + '[1]\n{"문장": \n', encoding="utf-8")
    assert found(validate(path), "bad_rows")[0].examples == ("rows.jsonl:31", "rows.jsonl:32")


def hugging_face() -> Any:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=LABELS)}
    )
    numbered = [{"text": row["문장"], "label": LABELS.index(row["감정"])} for row in ROWS]
    return datasets.DatasetDict(
        {
            "train": datasets.Dataset.from_list(numbered[:20], features=features),
            "validation": datasets.Dataset.from_list(numbered[15:25], features=features),
            "test": datasets.Dataset.from_list(numbered[25:], features=features),
        }
    )


def check_hugging_face(result: Result) -> None:
    assert splits(result) == {"train": 20, "validation": 10, "test": 5}
    assert set(labels(result)) == set(LABELS)  # the names, not the numbers that stand for them
    assert found(result, "leak_exact")[0].number == 5
    assert not found(result, "no_split_column")


def test_a_folder_that_hugging_face_saved_is_read_with_its_splits(tmp_path: Path) -> None:
    hugging_face().save_to_disk(tmp_path / "saved")
    check_hugging_face(validate(tmp_path / "saved"))


def test_a_folder_as_it_stands_on_the_hub_is_read_with_its_splits(tmp_path: Path) -> None:
    folder = tmp_path / "hub" / "data"
    folder.mkdir(parents=True)
    for split, rows in hugging_face().items():
        rows.to_parquet(folder / f"{split}-00000-of-00001.parquet")
    (folder.parent / "README.md").write_text("---\n---\n", encoding="utf-8")
    (folder.parent / "dataset_infos.json").write_text("{}", encoding="utf-8")
    result = validate(tmp_path / "hub")
    check_hugging_face(result)
    assert found(result, "leak_exact")[0].examples[0].startswith("data/validation-00000-of-00001.parquet:")
    assert not found(result, "files_left_aside")


def test_tables_named_after_splits_are_read_and_the_others_named(tmp_path: Path) -> None:
    for name, part in {"train": ROWS[:20], "valid": ROWS[20:], "words": ROWS[:3]}.items():
        write_csv(tmp_path / "folder" / f"{name}.csv", part)
    result = validate(tmp_path / "folder")
    assert splits(result) == {"train": 20, "validation": 10}
    assert found(result, "files_left_aside")[0].message.endswith("words.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("empty.json", b""),
        ("empty.jsonl", b"\n\n"),
        ("empty.xlsx", b""),
        ("empty.parquet", b""),
        ("broken.parquet", b"PAR1 no PAR1"),
        ("broken.arrow", b"ARROW1"),
        ("broken.xlsx", b"PK\x03\x04"),
        ("broken.json", b'[{"text": "a", "label'),
        ("broken.csv.gz", b"\x1f\x8b\x08"),
        ("neither.csv", b"text,label\n\xff\xff,\xfe\n"),
        ("half.csv", b"\xff\xfet\x00e"),
        ("picture.png", b"\x89PNG"),
        ("no-ending", b"text,label\na,b\n"),
    ],
)
def test_what_cannot_be_read_is_an_explained_error(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        validate(path)
    assert name in raised.value.what
    assert raised.value.next_step
    assert "on-bad-file" not in raised.value.next_step
    assert list(tmp_path.iterdir()) == [path]


def test_columns_of_a_dataset_are_not_asked_for(write: Callable[..., Path]) -> None:
    from support.small_datasets import clean_rows

    with pytest.raises(SettingsError, match="whose columns are known"):
        validate(write(clean_rows()), text_column="text")


def test_a_finding_that_is_not_known_is_refused_with_its_neighbours(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", ROWS)
    settings = Settings(validate=Chosen(thresholds={"imbalanced": 3}))
    with pytest.raises(SettingsError) as raised:
        validate(path, settings=settings)
    assert "the nearest are imbalance" in str(raised.value)
    assert list(tmp_path.iterdir()) == [path]


def test_thresholds_and_severities_of_the_settings_win(tmp_path: Path) -> None:
    rows = [*ROWS, *ROWS[:2], {"문장": "한 문장 더", "감정": "기쁨 "}]
    path = write_csv(tmp_path / "rows.csv", rows)
    usual = validate(path)
    assert found(usual, "no_validation")[0].severity == "warning"
    assert found(usual, "label_spelling")
    assert not found(usual, "majority_share")
    chosen = Chosen(
        thresholds={"majority_share": 0.3, "label_spelling": 1},
        severities={"no_validation": "error", "no_split_column": "off"},
    )
    result = validate(path, settings=Settings(validate=chosen))
    assert found(result, "majority_share")[0].threshold == 0.3
    assert not found(result, "label_spelling")
    assert found(result, "no_validation")[0].severity == "error"
    assert not found(result, "no_split_column")
    assert found(validate(path), "no_validation")[0].severity == "warning"


def test_what_is_short_comes_from_the_settings(tmp_path: Path) -> None:
    rows = [
        {"text": "정말 좋다", "label": label, "split": split} for label in "ab" for split in ("train", "test")
    ]
    path = write_csv(tmp_path / "rows.csv", rows)
    assert not found(validate(path), "leak_exact")
    settings = Settings()
    strict = Settings(dedupe=type(settings.dedupe)(short_eojeols=0, short_chars=0))
    assert found(validate(path, settings=strict), "leak_exact")[0].number == 2


def test_chatbot_data_has_a_label_that_is_spelt_apart(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    path = shared_data("chatbot") / "ChatbotData.csv"
    result = validate(path, out=tmp_path)
    assert labels(result) == {"0": 5290, "1": 3570, "2": 2962, "2   ": 1}
    [finding] = found(result, "label_spelling")
    assert "'2␣␣␣' (1) beside '2' (2,962)" in finding.message
    assert len(finding.examples) == 1
    assert found(result, "guessed_columns")[0].message == "read text from `Q`, label from `label`"
