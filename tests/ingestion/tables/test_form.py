"""Files that are called a workbook or CSV and are another table are read as what they are, and it is said."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from support.raw_files import parquet, xlsx
from support.reading import read_all

from etl.documents.read import read_document
from etl.errors import InputError

HTML = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>
<meta http-equiv=Content-Type content="text/html; charset=euc-kr">
<style>td {mso-number-format:"\\@"}</style></head>
<body><table><tr><td><![if supportMisalignedColumns]><b>게시글 목록</b><![endif]></td></tr>
<tr><td><table border=1>
<tr><th>번호<th>내용<th>감정</tr>
<tr><td rowspan=2>1<td>비가&nbsp; 와서<br>우울했다 &amp; 울었다<td>슬픔
<tr><td>해가
 났다</td><td rowspan=2>기쁨</td></tr>
<tr><td colspan=2>글이 아닌 칸</table></td></tr></table></body></html>"""
XML = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="게시글"><Table><Row><Cell><Data ss:Type="String">내용</Data></Cell>
<Cell ss:Index="3"><Data ss:Type="String">감정</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">비가 왔다</Data></Cell>
<Cell ss:Index="3" ss:MergeDown="1"><Data ss:Type="String">슬픔</Data></Cell></Row>
<Row><Cell><ss:Data ss:Type="String">눈이 <B>왔다</B></ss:Data></Cell></Row></Table></Worksheet></Workbook>"""
TABS = "내용\t감정\n비가 왔다\t슬픔\n눈이 왔다\t슬픔\n"
LINES = '{"내용": "비가 왔다", "감정": "슬픔"}\n{"내용": "눈이 왔다", "감정": "슬픔"}\n'
RECORDS = [{"내용": "비가 왔다", "감정": "슬픔"}, {"내용": "눈이 왔다", "감정": "슬픔"}]
CELLS = [["내용", "감정"], ["비가 왔다", "슬픔"], ["눈이 왔다", "슬픔"]]
TABLE = {"text_column": "내용", "label_column": "감정"}


def read(path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    rows, log = read_all(path, table=TABLE)
    return [(row["raw_text"], row["raw_label"]) for row in rows], log.warnings


def test_the_tables_of_a_page_are_sheets_with_spans_filled_and_words_as_a_browser_shows_them(
    tmp_path: Path,
) -> None:
    path = tmp_path / "글.xls"
    path.write_bytes(HTML.encode("cp949"))
    rows, warnings = read(path)
    assert rows == [("비가 와서\n우울했다 & 울었다", "슬픔"), ("해가 났다", "기쁨"), (None, "기쁨")]
    assert "글.xls: it is a page of HTML, whatever its name says, and read as that" in warnings


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xls", XML.encode(), "a workbook in XML (Excel 2003)"),
        (
            "a.xls",
            XML.replace("?>", ' encoding="euc-kr"?>', 1).encode("cp949"),
            "a workbook in XML (Excel 2003)",
        ),
        (
            "a.xls",
            XML.replace("?>", ' encoding="utf-16"?>', 1).encode("utf-16"),
            "a workbook in XML (Excel 2003)",
        ),
        ("a.xlsx", TABS.encode("utf-16"), "delimited text"),
        ("a.xls", TABS.encode("cp949"), "delimited text"),
        ("a.xls", TABS.replace("\t", ",").replace("\n", "\r\n").encode(), "delimited text"),
        ("a.csv", LINES.encode(), "JSON"),
        ("a.csv", xlsx(CELLS), "a workbook (XLSX)"),
        ("a.tsv", parquet(RECORDS), "a Parquet table"),
    ],
)
def test_a_table_of_another_form_than_its_name_says_is_read_by_ingest_and_predict(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    rows, warnings = read(path)
    assert rows == [("비가 왔다", "슬픔"), ("눈이 왔다", "슬픔")]
    assert warnings == [f"{name}: it is {said}, whatever its name says, and read as that"]
    with caplog.at_level(logging.WARNING, "etl"):
        assert [each.text for each in read_document(path, name)] == ["비가 왔다", "눈이 왔다"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.csv",
            b"<!DOCTYPE html><html><body><h1>Login</h1></body></html>",
            "a page of HTML without a table",
        ),
        ("a.xls", XML.replace("<Table>", "<!DOCTYPE x><Table>").encode(), "entities"),
        ("a.xls", XML.replace("<Table>", "<!DOCTYPE x><Table>").encode("utf-16"), "entities"),
        ("a.xls", XML[:-20].encode(), "not a readable workbook"),
        ("a.xls", "그냥 글입니다.".encode(), "a.xls is text, not a workbook"),
        ("a.xls", b"<table><tr><td colspan=1000>a<td>b" + b"<tr>" * 40_000, "too large"),
        ("a.xlsx", b"%PDF-1.7\n", "a.xlsx is a PDF, not a workbook"),
        ("a.csv", b"\x1f\x8b\x08\0\0\0\0\0", "a.csv is a gzip archive, not text"),
        ("a.xls", b"", "a.xls is empty, not a workbook"),
    ],
)
def test_what_is_no_table_is_called_what_it_is(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as refused:
        read(tmp_path / name)
    assert said in str(refused.value)
