"""The readers of raw files: for each a good file, and the ways to read it, on the command line and in Python.

A new format of tables, a new corpus or a new form of documents is one row of `READERS`.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl
import yaml
from support import raw_files
from support.compound_files import compound_file
from support.document_files import write_docx, write_odt, write_pdf
from support.hwp_files import section as hwp_section
from support.hwp_files import write_hwp
from support.hwpx_files import section as hwpx_section
from support.hwpx_files import write_hwpx
from support.outlook_files import outlook_mail
from support.reading import read_all

from etl.documents.read import read_document
from etl.ingestion.tables import form
from etl.sample.files import zip_bytes

DATA = Path(__file__).parents[1] / "data"
# The columns of all tables here: those of `survey.xls`, a workbook that nothing writes any more.
TEXT, LABEL = "문장", "감정"
ROWS = [{TEXT: f"{number}번째 문장을 적는다", LABEL: ("기쁨", "슬픔")[number % 2]} for number in range(6)]
# {path} stands for what is read.
COLUMNS = f"--text-column {TEXT} --label-column {LABEL}"
TABLE = f"ingest {{path}} {COLUMNS} --tagger whitespace --workers 1 --out made"
CORPUS = "ingest {path} --tagger whitespace --workers 1 --out made"
POSTS = f"predict model {{path}} --text-column {TEXT} --format jsonl --workers 1"
DOCUMENT = "predict model {path} --format jsonl --workers 1"
TOKENS = f"tokens {{path}} --text-column {TEXT} --tagger whitespace --json"
VALIDATE = f"validate {{path}} {COLUMNS} --out made --json"


@dataclass(frozen=True)
class Reader:
    """One form of raw files.

    Args:
        group: a format of tables, an archive of such, a corpus, or a form of documents.
        name: the ending of a table or an archive, the slug of a corpus, what a form of documents is called.
        write: writes a good file (of a corpus, several) into an empty folder; returns what is to be read.
        lines: command lines that read it, in the prepared folder.
        read: reads it in Python; returns the texts of its rows, or of its passages.
    """

    group: Literal["table", "archive", "corpus", "document"]
    name: str
    write: Callable[[Path], Path]
    lines: tuple[str, ...]
    read: Callable[[Path], list[str]]


def _delimited(delimiter: str) -> bytes:
    return "".join(delimiter.join(cells) + "\n" for cells in _cells()).encode()


def _cells() -> list[list[str]]:
    return [[TEXT, LABEL], *([row[TEXT], row[LABEL]] for row in ROWS)]


def _frame(how: str, **options: str) -> bytes:
    packed = io.BytesIO()
    getattr(pl.DataFrame(ROWS), how)(packed, **options)
    return packed.getvalue()


def _json_lines() -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def _page() -> str:
    rows = ("".join(f"<td>{cell}</td>" for cell in cells) for cells in _cells())
    return f"<html><body><table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table></body></html>"


def _spreadsheet_xml() -> str:
    cell = '<Cell><Data ss:Type="String">{}</Data></Cell>'
    rows = "".join(f"<Row>{''.join(map(cell.format, cells))}</Row>" for cells in _cells())
    return (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="a"><Table>{rows}</Table></Worksheet></Workbook>'
    )


CSV = _delimited(",")
TABLES: dict[str, Callable[[], bytes]] = {
    ".csv": lambda: CSV,
    ".tsv": lambda: _delimited("\t"),
    ".txt": lambda: _delimited("\t"),
    ".json": lambda: json.dumps(ROWS, ensure_ascii=False).encode(),
    ".jsonl": _json_lines,
    ".xlsx": lambda: raw_files.xlsx(_cells()),
    ".xlsm": lambda: raw_files.xlsx(_cells()),
    ".xls": (DATA / "table" / "survey.xls").read_bytes,
    ".parquet": lambda: _frame("write_parquet"),
    ".arrow": lambda: _frame("write_ipc"),
    ".feather": lambda: _frame("write_ipc", compression="zstd"),
    form.HTML: lambda: _page().encode("cp949"),
    form.XML: lambda: _spreadsheet_xml().encode(),
}
# Of forms that no ending promises, what files of them are called.
CALLED = {form.HTML: "rows.xls", form.XML: "rows.xls"}
ARCHIVES: dict[str, Callable[[], bytes]] = {
    ".zip": lambda: zip_bytes([("a/rows.csv", CSV)]),
    ".tar": lambda: raw_files.tar([("a/rows.csv", CSV)]),
    ".tgz": lambda: raw_files.tar([("a/rows.csv", CSV)], mode="w:gz"),
    ".tar.gz": lambda: raw_files.tar([("a/rows.csv", CSV)], mode="w:gz"),
    ".tar.zip": lambda: zip_bytes([("a.tar", ARCHIVES[".tar"]())]),
    ".zip.tar": lambda: raw_files.tar([("a.zip", ARCHIVES[".zip"]())]),
    ".csv.gz": lambda: gzip.compress(CSV, mtime=0),
    ".zip.part0": lambda: zip_bytes([("a/rows.csv", CSV)]),
}
MAIL = {0x001A: "IPM.Note", 0x0037: "안부", 0x1000: "오늘은 기쁘다.\r\n내일은 슬프다."}
VIDEO = {
    "id": "x",
    "title": "제목",
    "comments": [{"text": "최고다", "author": "@b", "timestamp": 1767225600}],
}
RTF = rb"{\rtf1\ansi\ansicpg949\uc1 " + rb"\u44592?\u49240?\u45796?.\par}"
PAGE = "<!doctype html><html><body><p>오늘은 기쁘다.</p></body></html>"
EXAMPLES = DATA / "documents"
DOCUMENTS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a PDF": ("a.pdf", lambda path: write_pdf(path, [["오늘은 기쁘다.", "내일은 슬프다."]])),
    "a DOCX": ("a.docx", write_docx),
    "a document of Hangul (HWP)": ("a.hwp", lambda path: write_hwp(path, hwp_section("오늘은 기쁘다."))),
    "a document of Hangul (HWPX)": ("a.hwpx", lambda path: write_hwpx(path, hwpx_section("오늘은 기쁘다."))),
    "an ODT": ("a.odt", lambda path: write_odt(path, "<text:p>오늘은 기쁘다.</text:p>")),
    "an RTF document": ("a.rtf", lambda path: path.write_bytes(RTF)),
    "a workbook (XLSX)": ("a.xlsx", lambda path: path.write_bytes(TABLES[".xlsx"]())),
    "a workbook of an old Excel (XLS)": ("a.xls", lambda path: path.write_bytes(TABLES[".xls"]())),
    "a Parquet table": ("a.parquet", lambda path: path.write_bytes(TABLES[".parquet"]())),
    "an Arrow table": ("a.arrow", lambda path: path.write_bytes(TABLES[".arrow"]())),
    "a table in gzip": ("a.csv.gz", lambda path: path.write_bytes(ARCHIVES[".csv.gz"]())),
    "a table of another form than its name says": (
        "a.xls",
        lambda path: path.write_bytes(TABLES[form.HTML]()),
    ),
    "a mailbox": ("a.mbox", partial(shutil.copyfile, EXAMPLES / "team.mbox")),
    "a mail": ("a.eml", partial(shutil.copyfile, EXAMPLES / "reply.eml")),
    "a mail of Outlook (MSG)": ("a.msg", lambda path: path.write_bytes(compound_file(outlook_mail(MAIL)))),
    "a chat": ("a.txt", partial(shutil.copyfile, EXAMPLES / "kakao-windows.txt")),
    "a zip archive with chats": (
        "a.zip",
        lambda path: path.write_bytes(zip_bytes([("a.txt", (EXAMPLES / "kakao-windows.txt").read_bytes())])),
    ),
    "an export of posts or comments": ("a.info.json", lambda path: path.write_text(json.dumps(VIDEO))),
    "JSON": ("a.jsonl", partial(shutil.copyfile, EXAMPLES / "posts.jsonl")),
    "a page of HTML": ("a.html", lambda path: path.write_text(PAGE, encoding="utf-8")),
    "Markdown": ("a.md", partial(shutil.copyfile, EXAMPLES / "self-introduction.md")),
    "a table": ("a.csv", partial(shutil.copyfile, EXAMPLES / "posts.csv")),
    "text": ("a.txt", partial(shutil.copyfile, EXAMPLES / "posts.txt")),
}
CORPORA = sorted(path.name for path in DATA.iterdir() if path.name not in {"documents", "table"})


def _write_bytes(name: str, content: Callable[[], bytes], folder: Path) -> Path:
    (folder / name).write_bytes(content())
    return folder / name


def _write_document(name: str, write: Callable[[Path], object], folder: Path) -> Path:
    write(folder / name)
    return folder / name


def _write_corpus(slug: str, folder: Path) -> Path:
    cases = [yaml.safe_load(path.read_bytes()) for path in sorted((DATA / slug).glob("*.yaml"))]
    case = next(case for case in cases if "files" in case)
    return raw_files.write_files(folder / slug, case["files"])


def _read_table(path: Path) -> list[str]:
    rows, _ = read_all(path, table={"text_column": TEXT, "label_column": LABEL})
    return [row["raw_text"] for row in rows]


def _read_corpus(path: Path) -> list[str]:
    return [row["raw_text"] for row in read_all(path)[0]]


def _read_document(path: Path) -> list[str]:
    return [passage.text for passage in read_document(path, path.name)]


READERS: tuple[Reader, ...] = (
    *(
        Reader(
            "table",
            ending,
            partial(_write_bytes, CALLED.get(ending, f"rows{ending}"), content),
            (TABLE, POSTS, TOKENS, VALIDATE),
            _read_table,
        )
        for ending, content in TABLES.items()
    ),
    *(
        Reader("archive", ending, partial(_write_bytes, f"rows{ending}", content), (TABLE,), _read_table)
        for ending, content in ARCHIVES.items()
    ),
    *(Reader("corpus", slug, partial(_write_corpus, slug), (CORPUS,), _read_corpus) for slug in CORPORA),
    *(
        Reader("document", said, partial(_write_document, name, write), (DOCUMENT,), _read_document)
        for said, (name, write) in DOCUMENTS.items()
    ),
)
