"""The causes that errors of the system are given."""

import errno
import os
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import EtlError, InputError, MemoryLimitError, WriteError
from etl.runtime.failures import errno_of, explain, is_shortage, write_error
from etl.runtime.files import write_atomic

FULL = {errno.ENOSPC, errno.EDQUOT}
NOT_YOURS = {errno.EACCES, errno.EPERM}


@given(st.sampled_from(sorted(set(errno.errorcode) - {errno.ENOMEM})))
def test_the_disk_and_the_owner_are_blamed_only_where_the_system_does(number: int) -> None:
    text = write_error("place", OSError(number, os.strerror(number))).text()
    assert os.strerror(number) in text
    assert ("disk is full" in text or "quota" in text) == (number in FULL)
    assert ("not yours" in text) == (number in NOT_YOURS)


def test_a_name_that_is_too_long_is_called_that(tmp_path: Path) -> None:
    with pytest.raises(WriteError) as caught:
        write_atomic(tmp_path / ("x" * 300), "")
    assert "File name too long" in caught.value.text()
    assert "make room" not in caught.value.text()


def test_a_file_in_the_place_of_a_folder_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError) as caught:
        write_atomic(tmp_path / "file" / "x", "")
    assert "A part of the path is a file." in caught.value.text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_the_libraries_errors_have_their_numbers() -> None:
    with pytest.raises(OSError) as of_polars:
        pl.DataFrame({"a": range(100_000)}).write_csv("/dev/full")
    with pytest.raises(OSError) as of_pyarrow, pq.ParquetWriter("/dev/full", pa.schema([])) as writer:
        writer.write_table(pa.table({}))
    assert {errno_of(of_polars.value), errno_of(of_pyarrow.value)} == {errno.ENOSPC}


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        ImportError("libx.so: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
        pa.ArrowMemoryError("malloc of size 64 failed"),
    ],
)
def test_too_little_memory_is_an_error_of_its_own_with_what_there_is(error: Exception) -> None:
    found = explain(error)
    assert isinstance(found, MemoryLimitError)
    assert any("there is" in line and "MB" in line for line in found.details)


def test_memory_that_lacked_below_another_error_is_found() -> None:
    try:
        try:
            raise MemoryError
        except MemoryError as error:
            raise EtlError("it cannot be loaded") from error
    except EtlError as error:
        assert is_shortage(error)
    assert not is_shortage(RuntimeError("dictionary changed size during iteration"))


def test_a_link_to_itself_is_an_input_that_cannot_be_used(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(OSError) as caught:
        link.read_bytes()
    found = explain(caught.value)
    assert isinstance(found, InputError)
    assert str(link) in found.what


def test_a_defect_of_our_own_stays_one() -> None:
    assert explain(KeyError("x")) is None
    assert explain(OSError("odd")) is None
