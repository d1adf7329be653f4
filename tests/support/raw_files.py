"""Makes raw files from a description that a person can read: the `files` of `tests/data/<slug>/<case>.yaml`.

Each file is a mapping with its `path` and one kind of content:

    text: …                  as it is
    lines: […]               joined by `ending` ("\\n" by default), also after the last unless `cut: true`
    json: …                  any JSON
    sheet: [[…], …]          a workbook of one sheet; null is no cell
    records: [{…}, …]        a Parquet file
    zip: [files], tar: [files]

and may say `encoding` (utf-8, utf-8-sig, cp949), `name: nfd` (decomposed, as on a Mac), `names: cp949` (of a
zip: as Korean Windows tools write it), `gzip: true`, `parts: 3` (cut into `.part0` …) and, in a zip,
`unopenable: true` (opening this member is an error).
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from etl.sample.files import korean_zip_bytes, zip_bytes

Description = dict[str, Any]


def write_files(folder: Path, files: list[Description]) -> Path:
    """Writes all files below `folder` and returns it."""
    for file in files:
        name, content = _named(file)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = file.get("parts")
        if parts is None:
            path.write_bytes(content)
            continue
        size = -(-len(content) // parts)
        for index in range(parts):
            path.with_name(f"{path.name}.part{index}").write_bytes(content[index * size : (index + 1) * size])
    return folder


def content_of(file: Description) -> bytes:
    """The bytes of one file."""
    content = _content(file)
    return gzip.compress(content, mtime=0) if file.get("gzip") else content


def _named(file: Description) -> tuple[str, bytes]:
    form = "NFD" if file.get("name") == "nfd" else "NFC"
    return unicodedata.normalize(form, file["path"]), content_of(file)


def _content(file: Description) -> bytes:
    encoding = file.get("encoding", "utf-8")
    if "text" in file:
        return str(file["text"]).encode(encoding)
    if "lines" in file:
        ending = file.get("ending", "\n")
        return (ending.join(file["lines"]) + ("" if file.get("cut") else ending)).encode(encoding)
    if "json" in file:
        return json.dumps(file["json"], ensure_ascii=False, indent=1).encode(encoding)
    if "sheet" in file:
        return xlsx(file["sheet"])
    if "records" in file:
        return parquet(file["records"])
    if "tar" in file:
        return tar([_named(member) for member in file["tar"]])
    return _zip(file)


def _zip(file: Description) -> bytes:
    members = [_named(member) for member in file["zip"]]
    packed = bytearray(korean_zip_bytes(members) if file.get("names") == "cp949" else zip_bytes(members))
    with zipfile.ZipFile(io.BytesIO(bytes(packed))) as archive:
        for member, described in zip(archive.infolist(), file["zip"], strict=True):
            if described.get("unopenable"):
                packed[member.header_offset : member.header_offset + 4] = b"gone"
    return bytes(packed)


def tar(members: list[tuple[str, bytes]], *, mode: str = "w") -> bytes:
    """A tar archive; `mode` as in `tarfile.open`."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return packed.getvalue()


def xlsx(rows: list[list[Any]]) -> bytes:
    """A workbook of one sheet; None is no cell at all."""
    workbook = openpyxl.Workbook()
    for row, cells in enumerate(rows, start=1):
        for column, value in enumerate(cells, start=1):
            if value is not None:
                workbook.active.cell(row, column, value)
    packed = io.BytesIO()
    workbook.save(packed)
    return packed.getvalue()


def parquet(records: list[dict[str, Any]]) -> bytes:
    """A Parquet file."""
    packed = io.BytesIO()
    pl.DataFrame(records).write_parquet(packed)
    return packed.getvalue()
