"""Whatever has become of a file: its rows, or an explained error, soon and in bounded memory."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.raw_files import xlsx

from etl.errors import InputError
from etl.ingestion.tables.reader import open_file_as_tables, raw_file_in_memory

pytestmark = pytest.mark.slow

ROWS = [{"text": f"{number}번째 비, 그리고 눈", "label": "기쁨"} for number in range(6)]
LINES = "".join(f'{row["text"]}|"{row["label"]}"\n' for row in ROWS)
OLD = Path(__file__).parents[2] / "data" / "table" / "survey.xls"
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def frame(write: Callable[[pl.DataFrame, io.BytesIO], object]) -> bytes:
    written = io.BytesIO()
    write(pl.DataFrame(ROWS), written)
    return written.getvalue()


@cache
def contents() -> dict[str, bytes]:
    """A good file of each form."""
    return {
        "a.csv": f"text|label\n{LINES}".encode("utf-8-sig"),
        "a.txt": f"text|label\n{LINES}".encode("utf-16"),
        "a.tsv": LINES.replace("|", "\t").encode("cp949"),
        "a.jsonl": frame(lambda table, out: table.write_ndjson(out)),
        "a.json": b'{"data": ' + frame(lambda table, out: table.write_json(out)) + b', "n": [{"x": 1}]}',
        "b.json": b'{"text": ["a", "b"], "label": ["c", "d"]}',
        "a.parquet": frame(lambda table, out: table.write_parquet(out)),
        "a.arrow": frame(lambda table, out: table.write_ipc_stream(out)),
        "b.arrow": frame(lambda table, out: table.write_ipc(out)),
        "a.xlsx": xlsx([["text", "label"], *([*row.values()] for row in ROWS)]),
        "a.xls": OLD.read_bytes(),
    }


def rows_or_error(name: str, content: bytes) -> None:
    raw = raw_file_in_memory(content, name)
    try:
        with open_file_as_tables(raw, next_step="save it", is_header=lambda names: "text" in names) as tables:
            for table in tables:
                wanted = table.columns[:3]
                for rows in table.frames(wanted, lists=wanted):
                    assert rows.columns == ["position", *wanted, "detail", "bad_record"]
    except InputError as error:
        assert error.what and error.next_step


@pytest.mark.parametrize("name", contents())
@FEW
@given(data=st.data())
def test_a_file_that_is_cut_off_or_has_wrong_bits_is_rows_or_an_error(name: str, data: st.DataObject) -> None:
    content = bytearray(contents()[name])
    place = st.integers(0, len(content) - 1)
    for position, bit in data.draw(st.lists(st.tuples(place, st.integers(0, 7)), max_size=6)):
        content[position] ^= 1 << bit
    rows_or_error(name, bytes(content[: data.draw(st.none() | place)]))


@FEW
@given(part=st.sampled_from(["xl/workbook.xml", "xl/worksheets/sheet1.xml"]), data=st.data())
def test_a_workbook_whose_parts_say_something_else_is_rows_or_an_error(
    part: str, data: st.DataObject
) -> None:
    with zipfile.ZipFile(io.BytesIO(contents()["a.xlsx"])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    numbers = [*re.finditer(rb'(?<==")([A-Z]*)(\d+)(?=")', parts[part])]
    number = data.draw(st.sampled_from(numbers))
    letters = data.draw(st.sampled_from([number[1], b"AA", b"B"] if number[1] else [b""]))
    digits = data.draw(st.sampled_from([0, 1, 2**16]))
    parts[part] = parts[part][: number.start()] + letters + b"%d" % digits + parts[part][number.end() :]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    rows_or_error("a.xlsx", packed.getvalue())


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("begin", [b"[", b'{"a":', b'[{"text":', b'{"text":['])
def test_a_document_that_is_nested_beyond_measure_is_rows_or_an_error(name: str, begin: bytes) -> None:
    rows_or_error(name, begin * 1_200)
    rows_or_error(name, b'{"text": "a", "b": ' + begin * 1_200 + b"\n" + b'{"text": "b"}\n')


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.json", "a.jsonl"])
@pytest.mark.parametrize("content", [b"", b"\n" * 9, b"\0" * 9, b'"' * 9, b"a," * 9, b"{" * 9])
def test_a_text_of_one_sign_again_and_again_is_rows_or_an_error(name: str, content: bytes) -> None:
    rows_or_error(name, content)
    rows_or_error(name, b"text,label\n" + content)


def test_an_object_for_each_row_with_keys_of_its_own_is_no_table_of_all_pairs() -> None:
    keys = ",".join(f'"r{number}": {{"k{number}": 1}}' for number in range(20_000))
    rows_or_error("a.json", b'{"text": {"a": 1},' + keys.encode() + b"}")
