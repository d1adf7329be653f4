import json
import re
import tempfile
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_datasets import (
    clean_rows,
    make_reject,
    make_row,
    text_of_length,
    write_dataset,
    write_file,
)

from etl.dataset.read import open_dataset
from etl.errors import InputError, SettingsError, WriteError
from etl.schema.splits import UNLABELLED
from etl.validation.checks.output_contract import REQUIRED
from etl.validation.report import data_docs
from etl.validation.result import Result
from etl.validation.rules import load_rules
from etl.validation.run import validate

pytestmark = pytest.mark.slow

Write = Callable[..., Path]


def codes(result: Result, severity: str | None = None) -> list[str]:
    return [found.code for found in result.findings if severity in (None, found.severity)]


def only(result: Result, code: str):
    (found,) = (found for found in result.findings if found.code == code)
    return found


def test_a_clean_dataset_has_no_errors_and_no_warnings(write: Write) -> None:
    path = write(
        clean_rows(), [make_reject(900, "empty_text"), make_reject(901, "unknown_label")], shard_rows=30
    )
    result = validate(path)
    assert codes(result, "error") == codes(result, "warning") == []
    assert result.verdict() == "clean"
    assert result.exit_code("error") == result.exit_code("warning") == 0


def test_rows_and_rejects_are_counted_again_from_the_files(write: Write) -> None:
    result = validate(write(clean_rows(), [make_reject(900, "empty_text"), make_reject(901, "empty_text")]))
    assert result.statistics
    (account,) = result.statistics["accounts"]
    assert (account.read, account.kept, account.rejected) == (122, 120, {"empty_text": 2})


def test_a_changed_shard_is_named(write: Write) -> None:
    path = write(clean_rows())
    shard = next(path.glob("data/test-*"))
    shard.write_bytes(b"")
    write_file(path, f"data/{shard.name}", [make_row(999, split="test")] * 1)
    result = validate(path)
    assert shard.name in only(result, "file_hash").message
    assert "row_counts" in codes(result, "error")
    assert result.exit_code("error") == 3
    assert result.exit_code("never") == 0


def test_files_that_are_missing_or_unlisted_are_named(write: Write) -> None:
    path = write(clean_rows())
    shard = next(path.glob("data/test-*"))
    shard.rename(shard.with_name("test-00007-of-00008.parquet"))
    result = validate(path)
    assert shard.name in only(result, "file_missing").message
    assert "test-00007-of-00008.parquet" in only(result, "file_unlisted").message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"label": None}, "nulls"),
        ({"text": None}, "nulls"),
        ({"tokens": None}, "nulls"),
        ({"label": "환희"}, "label_outside_taxonomy"),
        ({"text": " \u200b\u3164"}, "blank_text"),
    ],
)
def test_a_row_that_breaks_the_contract_is_named_by_its_id(write: Write, change: dict, code: str) -> None:
    rows = clean_rows()
    rows[7] |= change
    result = validate(write(rows))
    found = only(result, code)
    assert (found.severity, found.number, found.examples) == ("error", 1, ("table:7",))
    assert codes(result, "error") == [code], "counted once"
    assert result.exit_code("error") == 3


def test_a_row_without_an_id_is_named_by_its_shard(write: Write) -> None:
    rows = clean_rows()
    rows[3]["id"] = None
    assert only(validate(write(rows)), "nulls").examples == ("train-00000-of-00001.parquet row 3",)


def test_ids_that_repeat_are_counted_within_and_across_shards(write: Write) -> None:
    rows = clean_rows()
    for number in (1, 2):  # three rows with one id in the first shard
        rows[number]["id"] = "table:0"
    rows[70]["id"] = "table:69"  # in the second shard
    rows[71]["id"] = "table:30"  # in the second, the other in the first
    rows[100]["id"] = "table:81"  # test and validation
    found = only(validate(write(rows, shard_rows=50)), "duplicate_ids")
    assert found.number == 3 + 2 + 2 + 2
    assert set(found.examples) == {"table:0", "table:69", "table:30", "table:81"}


def test_a_row_in_the_shard_of_another_split_is_found(write: Write) -> None:
    path = write(clean_rows())
    shard = next(path.glob("data/test-*"))
    write_file(path, f"data/{shard.name}", [make_row(999, split="validation")])
    assert only(validate(path), "split_mismatch").examples == ("table:999",)


def test_other_columns_and_types_are_reported_and_nothing_else_is_computed(write: Write) -> None:
    path = write(clean_rows())
    shard = next(path.glob("data/train-*"))
    frame = pq.read_table(shard)
    pq.write_table(frame.drop_columns(["tokens"]), shard)
    other = next(path.glob("data/test-*"))
    pq.write_table(frame.set_column(6, "position", frame["position"].cast("string")), other)
    result = validate(path)
    assert "missing tokens" in only(result, "columns").message
    assert "`position` is string, expected int64" in only(result, "types").message
    assert result.statistics is None
    assert (
        json.loads((path / "validation" / "findings.json").read_text(encoding="utf-8"))["statistics"] is None
    )


def test_a_manifest_that_loses_rows_does_not_add_up(write: Write) -> None:
    counts = {"table": {"read": 125, "kept": 120, "rejected": {"empty_text": 1}}}
    result = validate(write(clean_rows(), [make_reject(900, "empty_text")], counts=counts))
    assert "read 125, kept 120, rejected 1" in only(result, "accounting").message
    assert "row_counts" not in codes(result)


def test_counts_that_are_not_those_of_the_rows_are_named(write: Write) -> None:
    counts = {"table": {"read": 121, "kept": 119, "rejected": {"empty_text": 2}}}
    found = only(validate(write(clean_rows(), [make_reject(900, "empty_text")], counts=counts)), "row_counts")
    assert found.number == 2
    assert "counts.table.kept is 119, the rows are 120" in found.message


def test_no_dataset_no_manifest_and_broken_parquet_are_clear_errors(write: Write, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a dataset"):
        validate(tmp_path / "nowhere")
    for folder in ("current", "versions"):
        (tmp_path / "published" / folder).mkdir(parents=True)
    for read in (validate, open_dataset):
        with pytest.raises(InputError, match="name the current version"):
            read(tmp_path / "published")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").touch()
    with pytest.raises(InputError, match="is a model, and not a dataset"):
        validate(tmp_path / "model")
    (tmp_path / "table.csv").write_text("text,label\n", encoding="utf-8")
    with pytest.raises(InputError, match="is a file, and not a dataset"):
        open_dataset(tmp_path / "table.csv")
    path = write(clean_rows(), counts=[])
    with pytest.raises(InputError, match=r"Expected `object`, got `array` - at `\$.counts`"):
        validate(path)
    path = write(clean_rows())
    next(path.glob("data/train-*")).write_bytes(b"PAR1 no longer")
    with pytest.raises(InputError, match=r"train-00000-of-00001.parquet cannot be read"):
        validate(path)


def test_a_dataset_that_lost_its_manifest_is_not_validated_as_any_table(write: Write) -> None:
    path = write(clean_rows())
    (path / "preparation.json").touch()
    (path / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"is a dataset without its manifest\.json"):
        validate(path)
    assert validate(path / "data").findings


def test_a_dataset_without_rows_is_reported(write: Write) -> None:
    result = validate(write([]))
    assert codes(result, "error") == ["empty_train"]
    result = validate(write(clean_rows(train=8, validation=0, test=0)))
    assert codes(result, "error") == []
    assert codes(result, "warning") == ["no_validation"]


def test_findings_json_is_the_document_and_the_same_bytes_each_time(write: Write) -> None:
    rows = clean_rows()
    rows[0]["label"] = None
    path = write(rows)
    result = validate(path)
    files = [path / "validation" / name for name in ("findings.json", "report.html")]
    first = [file.read_bytes() for file in files]
    document = json.loads(first[0])
    assert document == json.loads(json.dumps(result.document()))
    assert {*document} == {"format", "tool", "verdict", "counts", "findings", "unchecked", "statistics"}
    assert {*document["findings"][0]} == {
        *("code", "severity", "message", "number", "threshold", "examples", "rows", "evidence", "what_to_do")
    }
    assert document["counts"]["error"] == 1
    validate(path)
    assert [file.read_bytes() for file in files] == first
    assert sorted(file.name for file in (path / "validation").iterdir()) == ["findings.json", "report.html"]


def test_a_report_that_cannot_be_written_is_a_write_error(write: Write) -> None:
    path = write(clean_rows())
    (path / "validation").write_text("in the way", encoding="utf-8")
    with pytest.raises(WriteError, match=r"cannot be written"):
        validate(path)


def test_every_check_has_all_its_words() -> None:
    for code, rule in load_rules().by_code.items():
        assert all((rule.area, rule.title, rule.message, rule.explanation, rule.what_to_do)), code
        assert rule.severity in ("error", "warning", "note"), code
        assert re.fullmatch(r"[a-z_]+", code)


def status(site: Path, page: str) -> str:
    """What the index says of a page, which must be there."""
    index = (site / "index.html").read_text(encoding="utf-8")
    said, link = re.findall(rf'<td[^>]*>(\w+)</td><td><a href="([^"]*)">{page}</a>', index)[0]
    assert (site / urllib.parse.unquote(link)).is_file()
    return said


def page_of(site: Path, name: str) -> str:
    (page,) = site.glob(f"validations/{name}/**/*.html")
    return page.read_text(encoding="utf-8")


def test_data_docs_of_a_clean_dataset_pass_everywhere(write: Write, tmp_path: Path) -> None:
    path = write(clean_rows(train=9, validation=3, test=0), [make_reject(900, "empty_text")], shard_rows=5)
    site = tmp_path / "docs"
    assert data_docs.build(open_dataset(path), site) == site / "index.html"
    for page in ("files", "train-00000-of-00002", "train-00001-of-00002", "ids-in-several-shards"):
        assert status(site, page) == "passed", page
    first = sorted(file.name for file in tmp_path.iterdir())
    data_docs.build(open_dataset(path), site)  # replaces the earlier site
    assert sorted(file.name for file in tmp_path.iterdir()) == first
    assert len([*site.glob("validations/files/**/*.html")]) == 1


def test_data_docs_expect_no_label_of_rows_that_wait_for_one(write: Write, tmp_path: Path) -> None:
    rows = clean_rows(train=4, validation=2, test=0)
    rows += [make_row(100 + at, label=None, split=UNLABELLED) for at in range(3)]
    site = tmp_path / "docs"
    data_docs.build(open_dataset(write(rows)), site)
    assert status(site, "unlabelled-00000-of-00001") == "passed"
    rows[-1]["label"] = rows[0]["label"]
    data_docs.build(open_dataset(write(rows)), site)
    assert status(site, "unlabelled-00000-of-00001") == "failed"


def test_data_docs_name_what_is_broken_and_show_no_sentence(write: Write, tmp_path: Path) -> None:
    rows = clean_rows(train=12, validation=4, test=4)
    rows[1]["label"] = "환희라는 비밀"
    rows[2]["text"] = None
    rows[11]["id"] = "table:3"
    path = write(rows, shard_rows=10)
    validation = next(path.glob("data/validation-*"))
    pq.write_table(pq.read_table(validation).drop_columns(["tokens"]), validation)
    next(path.glob("data/test-*")).unlink()
    data_docs.build(open_dataset(path, is_as_found=True), tmp_path / "docs")
    site = tmp_path / "docs"
    for page in ("files", "train-00000-of-00002", "validation-00000-of-00001", "ids-in-several-shards"):
        assert status(site, page) == "failed", page
    assert status(site, "train-00001-of-00002") == "passed"
    assert "data/test-00000-of-00001.parquet" in page_of(site, "files")
    assert "1 unexpected values found. 10% of 10 total rows" in page_of(site, "train-00000-of-00002")
    written = [file.read_text(encoding="utf-8") for file in site.rglob("*.html")]
    for secret in ("비밀", "문장", "새로운", "단어1"):
        assert not any(secret in page for page in written), secret


def test_data_docs_say_of_votes_whether_they_are_sound(write: Write, tmp_path: Path) -> None:
    rows = clean_rows(train=12, validation=4, test=0)
    for number, row in enumerate(rows):
        row["label_votes"] = [{"label": "기쁨", "weight": 0.5}, {"label": "슬픔", "weight": 0.5}]
        row["label"] = None if number % 2 else row["label"]
        row["label_votes"] = row["label_votes"] if number % 2 else None
    path = write(rows, shard_rows=6, settings={"labels": "soft", "dedupe": {}})
    data_docs.build(open_dataset(path), tmp_path / "docs")
    assert status(tmp_path / "docs", "train-00000-of-00002") == "passed"
    rows[1]["label_votes"] = [{"label": "기쁨", "weight": 0.9}, {"label": "슬픔", "weight": 0.5}]
    rows[3]["label"] = "기쁨"
    broken = write(rows, shard_rows=6, settings={"labels": "soft", "dedupe": {}})
    data_docs.build(open_dataset(broken), tmp_path / "docs")
    assert status(tmp_path / "docs", "train-00000-of-00002") == "failed"
    assert status(tmp_path / "docs", "train-00001-of-00002") == "passed"
    assert "2 unexpected values found." in page_of(tmp_path / "docs", "train-00000-of-00002")


def test_data_docs_without_room_for_a_page_are_not_left_without_it(
    write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    resource = pytest.importorskip("resource", reason="no limits of the system here")
    path = write(clean_rows(train=4, validation=0, test=0))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, before[1]))
    try:
        with pytest.raises(WriteError, match=r"docs cannot be written\n  .*File too large"):
            data_docs.build(open_dataset(path), tmp_path / "docs")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "Traceback" not in caplog.text
    assert sorted(file.name for file in tmp_path.iterdir() if "docs" in file.name) == []


def test_data_docs_load_and_run_nothing(write: Write, tmp_path: Path) -> None:
    taxonomy = {
        "name": "four",
        "targets": ["기쁨", "<script>alert(1)</script>", '<img src="https://x.example">'],
    }
    path = write(clean_rows(train=4, validation=0, test=0), taxonomy=taxonomy)
    data_docs.build(open_dataset(path), tmp_path / "docs")
    for file in (tmp_path / "docs").rglob("*.html"):
        page = file.read_text(encoding="utf-8")
        assert "default-src 'none'" in page.partition("<style")[0]
        assert "<script" not in page
        assert not re.search(r"<[^>]+\son[a-z]+=", page)
        assert ".breadcrumb, .nav {" in page, "what it looks like stands in the page"
        assert not re.search(r"<link[^>]+https?:", page)
        assert "amazonaws" not in page


def test_data_docs_go_into_no_folder_that_holds_something_else(write: Write, tmp_path: Path) -> None:
    path = write(clean_rows(train=4, validation=0, test=0))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "index.html").write_text("a site of mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="already holds something else"):
        data_docs.build(open_dataset(path), mine)
    assert (mine / "index.html").read_text(encoding="utf-8") == "a site of mine"
    next(path.glob("data/train-*")).write_bytes(b"PAR1 no longer")
    with pytest.raises(InputError, match=r"cannot be read as part of the dataset"):
        data_docs.build(open_dataset(path), tmp_path / "docs")
    assert not (tmp_path / "docs").exists()


values = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(["기쁨", "슬픔", "네.", " ", "<blink>", text_of_length(5000)]),
)
wild_rows = st.lists(
    st.fixed_dictionaries(
        {"split": st.sampled_from(["train", "validation", "test"])},
        optional={
            **dict.fromkeys(("id", "source", "group", "raw_text", "text", "raw_label", "label"), values),
            "position": st.one_of(st.none(), st.integers(0, 9)),
            "tokens": st.one_of(st.none(), st.lists(values, max_size=3)),
        },
    ),
    max_size=12,
)


@settings(max_examples=10)
@given(rows=wild_rows)
def test_any_rows_give_a_report(tmp_path: Path, rows: list[dict]) -> None:
    path = write_dataset(
        Path(tempfile.mkdtemp(dir=tmp_path)) / "dataset",
        [make_row(at) | row for at, row in enumerate(rows)],
        shard_rows=5,
    )
    result = validate(path)
    report = (path / "validation" / "report.html").read_text(encoding="utf-8")
    assert result.statistics is not None
    assert "<blink>" not in report
    has_nulls = any(column in row and row[column] is None for row in rows for column in REQUIRED)
    assert ("nulls" in codes(result)) == has_nulls
