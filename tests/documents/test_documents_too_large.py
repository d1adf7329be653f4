"""A document that would be far larger once unpacked is refused, before it takes the memory."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support import hwp_files as hwp
from support.document_files import write_docx_body
from support.hwpx_files import section as hwpx_section
from support.hwpx_files import write_hwpx

from etl.documents.file import DocumentFile, ReadOptions
from etl.documents.read import read_file
from etl.errors import InputError
from etl.settings import Limits

MB = 1 << 20
ALLOWED, LOWERED = Limits(member_mb=4, package_mb=4), Limits(member_mb=1, package_mb=4)
PARAGRAPH = "<w:p><w:r><w:t>끝까지 참았다.</w:t></w:r></w:p>"


def write_docx(path: Path) -> Path:
    return write_docx_body(path, PARAGRAPH + " " * (2 * MB))


def write_xml_sections(path: Path) -> Path:
    return write_hwpx(path, hwpx_section("끝까지 참았다.", " " * (2 * MB)))


def write_record_sections(path: Path) -> Path:
    return hwp.write_hwp(path, hwp.section("끝까지 참았다.") + hwp.record(200, 0, bytes(2 * MB)))


def write_chats(path: Path) -> Path:
    title = "지우 님과 카카오톡 대화\n저장한 날짜 : 2024년 3월 2일\n\n"
    chat = f"{title}2024년 3월 1일 오후 1:10, 지우 : 끝까지 참았다.\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("KakaoTalk_1.txt", chat + "\n" * (2 * MB))
    return path


def read(path: Path, limits: Limits) -> list[str]:
    return [each.text for each in read_file(DocumentFile(path.name, path, limits=limits), ReadOptions())]


def refusal(path: Path, limits: Limits) -> InputError:
    with pytest.raises(InputError, match="would be far too large once unpacked") as caught:
        read(path, limits)
    assert caught.value.details
    assert "save its text" in caught.value.next_step
    return caught.value


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.docx", write_docx), ("a.hwpx", write_xml_sections), ("a.hwp", write_record_sections)],
)
def test_a_part_beyond_the_limit_is_refused(tmp_path: Path, name: str, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path / name)
    assert path.stat().st_size < MB
    assert read(path, ALLOWED)[0] == "끝까지 참았다."
    assert "1,048,576 bytes" in refusal(path, LOWERED).text()


@pytest.mark.parametrize(("name", "write"), [("a.docx", write_docx), ("a.hwpx", write_xml_sections)])
def test_parts_that_are_too_large_together_are_refused(
    tmp_path: Path, name: str, write: Callable[[Path], Path]
) -> None:
    refusal(write(tmp_path / name), Limits(member_mb=4, package_mb=1))


@pytest.mark.parametrize("limits", [Limits(package_mb=1), Limits(ratio=10, ratio_from_mb=1)])
def test_a_chat_in_a_zip_beyond_a_limit_is_refused(tmp_path: Path, limits: Limits) -> None:
    path = write_chats(tmp_path / "a.zip")
    assert read(path, Limits(ratio=100_000)) == ["끝까지 참았다."]
    with pytest.raises(InputError):
        read(path, limits)


def test_what_is_refused_costs_no_memory(tmp_path: Path) -> None:
    path = hwp.write_hwp(tmp_path / "a.hwp", bytes(20 * MB))
    tracemalloc.start()
    refusal(path, LOWERED)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MB
