"""Whatever a table holds: a whole report, or an explained error and no report at all."""

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.small_datasets import text_of_length

from etl.errors import EtlError
from etl.validation.run import validate

pytestmark = pytest.mark.slow

Rows = list[list[Any]]
FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
TEXTS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.sampled_from(
        ["", "  ", "\u3164", text_of_length(5000), "안녕 하세요", "<script>", '"', "a\nb", "a\r\nb", "\x00"]
    ),
    st.just(text_of_length(200_000)),
)
LABELS = st.one_of(
    st.none(),
    st.sampled_from(["기쁨", "기쁨 ", "슬픔", "", " ", "a,b"]),
    st.integers(-(2**70), 2**70),
    st.booleans(),
    st.floats(),
    st.text(max_size=300),
)
SPLITS = st.sampled_from(["train", "test", "valid", "", None, "x", 3])
NAMES = st.lists(
    st.sampled_from(["text", "label", "split", "group", "text ", "Label", "", "position", "reason"]),
    min_size=4,
    max_size=4,
)
ROWS = st.lists(st.tuples(TEXTS, LABELS, SPLITS, LABELS).map(list), max_size=12)


def report_or_error(path: Path, columns: dict[str, str], rows: int | None) -> None:
    out = path.parent / "report"
    try:
        validate(path, out=out, **columns)
    except EtlError as error:
        assert error.exit_code in {2, 4}, error
        assert error.next_step, error
        assert not out.exists()
        return
    assert sorted(file.name for file in out.iterdir()) == ["findings.json", "report.html"]
    document = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    assert (out / "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    if rows is not None:
        assert sum(account["read"] for account in document["statistics"]["accounts"]) == rows


def check(
    names: list[str], rows: Rows, write: Any, suffix: str, columns: dict[str, str] | None = None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{suffix}"
        counted = write(path, names, rows)
        report_or_error(path, columns or {}, counted)
        assert not list(Path(folder).glob(".*"))


def write_csv(path: Path, names: list[str], rows: Rows) -> int | None:
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as stream:
        csv.writer(stream).writerows([names, *rows])
    return None  # a row of blanks only may be no record


def write_jsonl(path: Path, names: list[str], rows: Rows) -> int:
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=True) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")
    return len(rows)


def write_array(path: Path, names: list[str], rows: Rows) -> int:
    path.write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows]), encoding="utf-8")
    return len(rows)


def write_parquet(path: Path, names: list[str], rows: Rows) -> int:
    columns = [pa.array([None if row[at] is None else str(row[at]) for row in rows]) for at in range(4)]
    pq.write_table(pa.Table.from_arrays(columns, names=names), path)
    return len(rows)


WRITERS = {
    ".csv": write_csv,
    ".tsv": write_csv,
    ".jsonl": write_jsonl,
    ".json": write_array,
    ".parquet": write_parquet,
}
SUFFIXES = st.sampled_from([*WRITERS])


@FEW
@given(suffix=SUFFIXES, rows=ROWS)
@example(suffix=".csv", rows=[])
@example(suffix=".parquet", rows=[])
@example(suffix=".json", rows=[["한 문장", float("nan"), "train", 1e300]])
@example(suffix=".jsonl", rows=[["한 문장", "기쁨", "train", ""]])
@example(suffix=".jsonl", rows=[["한 문장", "기쁨", "test", ""]])
@example(suffix=".jsonl", rows=[[f"{number}번째 문장", "기쁨", "train", ""] for number in range(9)])
@example(suffix=".jsonl", rows=[[None, None, "train", None]] * 3)
def test_rows_of_any_kind(suffix: str, rows: Rows) -> None:
    check(["text", "label", "split", "group"], rows, WRITERS[suffix], suffix)


@FEW
@given(
    suffix=SUFFIXES,
    names=NAMES,
    rows=ROWS,
    columns=st.sampled_from([{}, *({"text_column": name, "label_column": name} for name in ("text", ""))]),
)
def test_columns_of_any_name_and_twice(
    suffix: str, names: list[str], rows: Rows, columns: dict[str, str]
) -> None:
    check(names, rows, WRITERS[suffix], suffix, columns)


ODD_TYPES = [
    pa.int8(), pa.uint64(), pa.float16(), pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("ns", "UTC"),
    pa.duration("s"), pa.time64("us"), pa.decimal128(10, 2), pa.binary(), pa.null(), pa.large_string(),
    pa.list_(pa.string()), pa.struct([("a", pa.int8())]), pa.dictionary(pa.int8(), pa.string()),
    pa.map_(pa.string(), pa.string()), pa.string_view(),
]  # fmt: skip


@pytest.mark.parametrize("kind", ODD_TYPES, ids=str)
@pytest.mark.parametrize("role", ["text", "label"])
def test_columns_of_any_type(kind: pa.DataType, role: str, tmp_path: Path) -> None:
    values = {"text": ["한 문장", "또 하나"], "label": ["a", "b"], "split": ["train", "test"]}
    table = pa.table({name: pa.array(column) for name, column in values.items()})
    odd = pa.nulls(2, kind)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        odd = pa.array([1, 2], pa.int8()).cast(kind)
    path = tmp_path / "rows.parquet"
    pq.write_table(table.set_column(table.schema.get_field_index(role), role, odd), path)
    report_or_error(path, {}, 2)


@settings(max_examples=100, deadline=None)
@given(
    suffix=st.sampled_from([*WRITERS, ".xlsx", ".arrow", ".csv.gz", ".txt"]),
    content=st.one_of(
        st.binary(max_size=200), st.text(alphabet='text,label\n"{}[]:é가\t', max_size=60).map(str.encode)
    ),
)
def test_bytes_of_any_kind(suffix: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{suffix}"
        path.write_bytes(content)
        report_or_error(path, {}, None)
