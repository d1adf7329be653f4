"""Tables whose columns, archives or nesting no table of sentences has, with the true cause."""

import datetime as dt
import struct
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.run_etl import TABLE, etl, explained, succeeded
from support.run_etl import ingest as ingest_command
from support.small_tables import ingest, make_rows, write_lines

from etl.ingestion.tables.header import column_names, own_names

TEXTS = [f"오늘 기분이 정말 좋다 {number}" for number in range(20)]
LABELS = ["기쁨"] * 20


def write(path: Path, columns: list[tuple[str, Any]]) -> Path:
    names, values = zip(*columns, strict=True)
    table = pa.Table.from_arrays([pa.array(each) for each in values], names=list(names))
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_of_columns_of_one_name_the_first_is_read(tmp_path: Path, suffix: str) -> None:
    columns = [("text", TEXTS), ("label", LABELS), ("text", ["other"] * 20), ("label", ["none"] * 20)]
    table = write(tmp_path / f"table.{suffix}", columns)
    succeeded(ingest_command(table, "--out", tmp_path / "dataset"))
    rows = pl.read_parquet(tmp_path / "dataset" / "data")
    assert rows.height
    assert set(rows["raw_text"]) <= set(TEXTS)


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize("value", [b"\xff\xfe", dt.timedelta(seconds=1), {"a": 1}])
def test_a_column_of_bytes_durations_or_records_is_called_that(
    tmp_path: Path, suffix: str, value: Any
) -> None:
    table = write(tmp_path / f"table.{suffix}", [("text", TEXTS), ("label", [value] * 20)])
    text = explained(ingest_command(table, "--out", tmp_path / "dataset"), 4)
    assert "no plain values in column 'label'" in text
    # Beside the columns that are read they do no harm.
    table = write(tmp_path / f"more.{suffix}", [("text", TEXTS), ("label", LABELS), ("more", [value] * 20)])
    succeeded(ingest_command(table, "--out", tmp_path / "dataset"))


def test_an_encrypted_member_is_called_that(tmp_path: Path) -> None:
    archive = tmp_path / "raw.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("table.csv", "text,label\n오늘은 좋다,기쁨\n")
    content = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flags of its two headers
        at = content.find(signature) + offset
        content[at : at + 2] = struct.pack("<H", struct.unpack_from("<H", content, at)[0] | 1)
    archive.write_bytes(content)
    text = explained(ingest_command(archive, "--out", tmp_path / "dataset"), 4)
    assert "raw.zip → table.csv is encrypted" in text
    skipping = [archive, write_lines(tmp_path / "t.jsonl", make_rows(20)), "--on-bad-file", "skip"]
    run = succeeded(ingest_command(*skipping, "--out", tmp_path / "dataset"))
    assert "is encrypted" in run.stderr
    assert "(0 rows before that were read)" in run.stderr


def test_a_line_that_nests_beyond_measure_is_one_bad_row(tmp_path: Path) -> None:
    table = write_lines(tmp_path / "table.jsonl", make_rows(20))
    deep = '{"text": "깊은 문장 하나", "label": "기쁨", "more": ' + "[" * 5000 + "]" * 5000 + "}\n"
    table.write_text(table.read_text(encoding="utf-8") + deep, encoding="utf-8")
    manifest = ingest(table, out=tmp_path / "dataset")
    assert manifest.counts["table"].rejected["bad_row"] == 1


def test_names_of_our_own_are_not_called_the_files(tmp_path: Path) -> None:
    header = ["position", "reason", "text", "reason"]
    assert own_names(column_names(header)) == ["position", "reason", "text", "reason#3"]
    (tmp_path / "table.csv").write_text("position,reason\n1,2\n", encoding="utf-8")
    run = etl("ingest", tmp_path / "table.csv", *TABLE, "--out", tmp_path / "dataset")
    text = explained(run, 4)
    assert "*" not in text
