"""The manifest is one type: what is written is what is read, and what is damaged is refused."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_tables import ingest, make_rows, write_lines

from etl.dataset.manifest import MANIFEST, Manifest, decode_manifest, read_manifest, to_bytes
from etl.errors import InputError


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manifest")
    ingest(write_lines(folder / "rows.jsonl", make_rows(60)), out=folder / "dataset")
    return folder / "dataset"


def test_what_is_read_is_written_again_byte_for_byte(dataset: Path) -> None:
    assert to_bytes(read_manifest(dataset)) == (dataset / MANIFEST).read_bytes()


def test_every_key_of_the_file_is_a_field(dataset: Path) -> None:
    assert tuple(json.loads((dataset / MANIFEST).read_bytes())) == Manifest.__struct_fields__


@settings(max_examples=60)
@given(bit=st.integers(min_value=0))
def test_every_bit_of_a_manifest_counts(dataset: Path, bit: int) -> None:
    content = bytearray((dataset / MANIFEST).read_bytes())
    content[bit // 8 % len(content)] ^= 1 << bit % 8
    with pytest.raises(msgspec.DecodeError):
        decode_manifest(bytes(content))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"{", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[]", "is not the manifest of a dataset"),
        (b'{"name": "of a web page"}', "is not the manifest of a dataset"),
    ],
)
def test_a_damaged_manifest_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(InputError, match=what) as raised:
        read_manifest(tmp_path)
    assert raised.value.details
    assert "etl ingest" in raised.value.next_step
