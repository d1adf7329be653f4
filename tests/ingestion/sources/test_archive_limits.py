"""What an archive or a workbook may at most be stands in the settings; beyond, it is one bad file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from support.raw_files import tar, xlsx
from support.reading import SKIP, kote, read_all

from etl.errors import InputError
from etl.sample.files import zip_bytes

GOOD = "성한 파일의 문장"
MB = 1 << 20
LONG = kote("하나", "둘" + " " * (2 * MB))
CSV = [["Sentence", "Emotion"], ["둘", "공포"]]


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def nested(content: bytes, times: int) -> bytes:
    for _ in range(times):
        content = zip_bytes([("b.zip" if content[:2] == b"PK" else "b.tsv", content)])
    return content


# The name of a file, its content, and limits that it passes, of which the error names the first.
BEYOND = {
    "a member of a zip": ("b.zip", zip_bytes([("b.tsv", LONG)]), {"member_mb": 1}),
    "a member of a zip in a zip": ("b.zip", nested(LONG, 2), {"member_mb": 1}),
    "a member of a tar": ("b.tar", tar([("b.tsv", LONG)]), {"member_mb": 1}),
    "a gzip": ("b.tsv.gz", gzipped(LONG), {"member_mb": 1}),
    "a gzip in a zip": ("b.zip", zip_bytes([("b.tsv.gz", gzipped(LONG))]), {"member_mb": 1}),
    "the ratio of a member": ("b.zip", zip_bytes([("b.tsv", LONG)]), {"ratio": 9, "ratio_from_mb": 1}),
    "the ratio of a tar": ("b.tgz", tar([("b.tsv", LONG)], mode="w:gz"), {"ratio": 9, "ratio_from_mb": 1}),
    "the ratio of a gzip": ("b.tsv.gz", gzipped(LONG), {"ratio": 9, "ratio_from_mb": 1}),
    "members of a zip": ("b.zip", zip_bytes([("b.tsv", LONG), ("c", b"")]), {"members": 1}),
    "members of a tar": ("b.tar", tar([("b.tsv", LONG), ("c", b"")]), {"members": 1}),
}


@pytest.mark.parametrize("kind", BEYOND)
def test_what_is_beyond_a_limit_is_one_bad_file_and_below_it_is_read(kind: str, tmp_path: Path) -> None:
    name, content, lowered = BEYOND[kind]
    (tmp_path / "a.tsv").write_bytes(kote(GOOD))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="would be far too large once unpacked") as caught:
        read_all(tmp_path, limits=lowered)
    assert f"`limits.{next(iter(lowered))}`" in caught.value.next_step
    assert caught.value.details

    _, log = read_all(tmp_path, read=SKIP, limits=lowered)
    assert {entry["file"] for entry in log.skipped} == {name}
    assert len(read_all(tmp_path)[0]) == 3


def test_how_deep_archives_may_stand_in_each_other_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(nested(LONG, 3))
    with pytest.raises(InputError, match="nested too deeply"):
        read_all(tmp_path, limits={"archives": 2})
    assert len(read_all(tmp_path, limits={"archives": 3})[0]) == 2


def test_a_workbook_beyond_the_limit_is_one_bad_file(tmp_path: Path) -> None:
    rows = [*CSV, *([f"{number}째 글", "공포"] for number in range(20_000))]
    (tmp_path / "b.xlsx").write_bytes(xlsx(rows))
    with pytest.raises(InputError, match=r"far too large once unpacked(.|\n)*`limits.package_mb`"):
        read_all(tmp_path, limits={"package_mb": 1})
    assert len(read_all(tmp_path, limits={"package_mb": 20})[0]) == 20_001
