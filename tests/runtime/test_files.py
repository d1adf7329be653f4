"""Files are hashed by their bytes, and written whole or not at all."""

import hashlib
from pathlib import Path

import pytest

from etl.errors import WriteError
from etl.runtime.files import sha256_file, write_atomic


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_atomic(tmp_path / "deep" / "etl.yaml", "가: 1\n")
    assert (tmp_path / "deep" / "etl.yaml").read_text(encoding="utf-8") == "가: 1\n"
    write_atomic(tmp_path / "deep" / "etl.yaml", b"other")
    assert sha256_file(tmp_path / "deep" / "etl.yaml") == hashlib.sha256(b"other").hexdigest()
    assert names(tmp_path / "deep") == ["etl.yaml"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteError, match="Next:"):
        write_atomic(tmp_path / "folder", "text")
    assert names(tmp_path) == ["deep", "folder"]
