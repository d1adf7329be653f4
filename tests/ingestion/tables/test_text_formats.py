"""Bytes to text: encodings, and the two ways of reading JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.reading import assert_stops_and_skips, kote, read_all, texts

from etl.errors import InputError
from etl.ingestion.sources.raw import HashingStream, OpenFile
from etl.ingestion.tables.json_records import open_lines
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.reader import raw_file_in_memory
from etl.ingestion.tables.table import TOO_LONG

CHUNK_BYTES = 4 << 20
FIELDS = ["review", "rating"]
# The cp949 bytes of these two are valid UTF-8, of other letters.
LOOKS_LIKE_UTF8 = "책칼"


def parsed(content: bytes, columns: Sequence[str] = FIELDS) -> pl.DataFrame:
    raw = raw_file_in_memory(content, "made up.jsonl")
    table = open_lines(OpenFile(raw, HashingStream(raw.open())), Preview(raw))
    frames = list(table.frames(columns))
    return pl.concat(frames) if frames else pl.DataFrame()


@pytest.mark.parametrize(
    ("encoding", "recorded"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp949", "cp949")]
)
def test_a_file_in_each_of_the_encodings_is_read_and_the_encoding_recorded(
    encoding: str, recorded: str, tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_bytes("Q,A,label\r\n뷁 똠방각하,네,0\r\n".encode(encoding))
    rows, log = read_all(tmp_path)
    assert [row["raw_text"] for row in rows] == ["뷁 똠방각하"]
    assert log.inputs[0]["encoding"] == recorded


@pytest.mark.parametrize("name", ["b.csv", "b.tsv"])
def test_a_table_in_no_known_encoding_is_a_bad_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("성한 파일"))
    header = "Q,A,label\n" if name == "b.csv" else "1\tascii\t22,24\n" * 6000
    (tmp_path / name).write_bytes(header.encode() + b"\xff\xfe\xff,b,0\n")
    assert_stops_and_skips(tmp_path, said=name, read=["성한 파일"])


@pytest.mark.parametrize("head", [b"[", b'{"clip_id": 1, "data": {}, "x": "'])
def test_json_in_no_known_encoding_is_a_bad_file(head: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("성한 파일"))
    rest = (
        b'{"profile": {"emotion": {"emotion-id": "\xff\xff"}}, "talk": {}}]'
        if head == b"["
        else b'\xff\xff"}'
    )
    (tmp_path / "b.json").write_bytes(head + rest)
    assert_stops_and_skips(tmp_path, said="b.json is neither UTF-8 nor cp949", read=["성한 파일"])


def test_the_error_names_both_encodings_and_the_bytes_they_fail_at(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"Q,A,label\nab\xff,b,0\n")
    with pytest.raises(InputError) as caught:
        read_all(tmp_path)
    assert caught.value.details == [
        "expected UTF-8, got byte 0xff at offset 12",
        "expected cp949, got byte 0xff at offset 12",
    ]


def test_json_that_is_cut_off_inside_a_character_is_said_to_be_cut_off(tmp_path: Path) -> None:
    content = '{"clip_id": 1, "data": {"1": {"1": {"text": {"script": "가나다라마'.encode()
    (tmp_path / "x.json").write_bytes(content[:-1])
    with pytest.raises(InputError, match="cut off inside a character"):
        read_all(tmp_path)


@pytest.mark.parametrize("before_korean", [CHUNK_BYTES + 5000, CHUNK_BYTES - 1, CHUNK_BYTES])
@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_what_is_ascii_for_megabytes_may_still_be_either(encoding: str, before_korean: int) -> None:
    ascii_line = b'{"review": "plain ascii", "rating": 1}\n'
    head = ascii_line * (before_korean // len(ascii_line) - 1)
    opening = b'{"review": "'
    padding = b" " * (before_korean - len(head) - len(opening))
    content = head + padding + opening + '한글", "rating": 2}\n'.encode(encoding)
    assert content[before_korean:].decode(encoding).startswith("한글")
    frame = parsed(content)
    assert frame["review"][-1] == "한글"
    assert frame["position"].to_list() == list(range(1, len(head) // len(ascii_line) + 2))
    assert frame["detail"].null_count() == frame.height


def test_a_word_that_both_encodings_can_read_does_not_decide() -> None:
    ambiguous = LOOKS_LIKE_UTF8.encode("cp949")
    assert ambiguous.decode("utf-8") != LOOKS_LIKE_UTF8
    filler = b'{"review": "' + b"x" * 4000 + b'", "rating": 1}\n'
    content = b'{"review": "' + ambiguous + b'", "rating": 1}\n' + filler * (CHUNK_BYTES // len(filler) + 1)
    frame = parsed(content + '{"review": "그래도 한글", "rating": 2}\n'.encode("cp949"))
    assert (frame["review"][0], frame["review"][-1]) == (LOOKS_LIKE_UTF8, "그래도 한글")
    backwards = '{"review": "그래도 한글", "rating": 2}\n'.encode("cp949") + filler * (
        CHUNK_BYTES // len(filler) + 1
    )
    frame = parsed(backwards + b'{"review": "' + ambiguous + b'", "rating": 1}')
    assert (frame["review"][0], frame["review"][-1]) == ("그래도 한글", LOOKS_LIKE_UTF8)


def test_a_file_that_changes_its_encoding_halfway_breaks_off_there(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("성한 파일"))
    lines = [f"{number}\t한글 문장 {number}\t22,24\n" for number in range(100_000, 250_000)]
    content = "".join(lines).encode() + "999999\t완성형 문장\t22,24\n".encode("cp949")
    assert len(content) > CHUNK_BYTES
    (tmp_path / "b.tsv").write_bytes(content)
    with pytest.raises(InputError, match=r"b\.tsv breaks off at record"):
        read_all(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16"])
def test_a_text_that_ends_inside_a_character_was_cut_off(tmp_path: Path, encoding: str) -> None:
    text = "".join(f"{number}\t한글 문장 {number}\t22,24\n" for number in range(3)) + "4\t한글"
    (tmp_path / "a.tsv").write_bytes(text.encode(encoding)[:-1])
    with pytest.raises(InputError, match=r"cut off"):
        read_all(tmp_path, read={"source": "kote"})


def test_one_line_in_another_encoding_is_one_bad_row() -> None:
    lines = [f'{{"review": "한글 {number}", "rating": 1}}\n'.encode() for number in range(150_000)]
    content = b"".join([*lines, '{"review": "완성형", "rating": 1}\n'.encode("cp949"), lines[0]])
    frame = parsed(content)
    bad = frame.filter(pl.col("detail").is_not_null())
    assert bad["position"].to_list() == [150_001]
    assert frame.height == 150_002
    few = parsed(b"".join([*lines[:3], '{"review": "완성형", "rating": 1}\n'.encode("cp949"), lines[0]]))
    assert few.filter(pl.col("detail").is_not_null())["position"].to_list() == [4]


def test_a_file_of_no_bytes_belongs_to_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("성한 파일"))
    for name in ("b.tsv", "b.csv", "b.json", "b.jsonl", "b.txt"):
        (tmp_path / name).touch()
    rows, log = read_all(tmp_path)
    assert len(rows) == 1
    assert {entry["file"] for entry in log.left_aside} == {"b.tsv", "b.csv", "b.json", "b.jsonl", "b.txt"}


# --------------------------------------------------------------------------------------------- JSON lines

letters = st.text(st.characters(codec="utf-8"), max_size=6)
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    letters,
    st.sampled_from(["[", "{", '"', "\\", "\u2028", "null", "", " ", "\x00", "\U0001f600"]),
)
flat = st.dictionaries(st.sampled_from([*FIELDS, "author", "날짜"]), plain, max_size=4)


def lines_of(records: list[dict[str, Any]], *, is_ascii: bool) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=is_ascii).encode() + b"\n" for record in records)


@given(st.lists(flat, min_size=1, max_size=6), st.booleans())
@example([{"review": "a", "rating": 1.0}], False)
@example([{"review": True, "rating": 1e-7}], False)
@example([{"review": -0.0, "rating": 1e22}], False)
@example([{"review": "\U0001f600", "rating": None}], True)
def test_the_fast_and_the_careful_way_agree(records: list[dict[str, Any]], is_ascii: bool) -> None:
    content = lines_of(records, is_ascii=is_ascii)
    # A blank line sends the whole chunk the careful way; it is no row, and shifts the lines below it.
    careful = parsed(b"\n" + content)
    fast = parsed(content)
    assert careful.with_columns(pl.col("position") - 1).equals(fast)
    assert fast["position"].to_list() == list(range(1, len(records) + 1))
    for record, row in zip(records, fast.to_dicts(), strict=True):
        for name in FIELDS:
            assert (row[name] is None) == (record.get(name) is None)
            if isinstance(record.get(name), str | int) and not isinstance(record[name], bool):
                assert row[name] == str(record[name])
            elif isinstance(record.get(name), float):
                assert float(row[name]) == record[name]


broken = st.sampled_from(
    [
        "{",
        '{"review": "끊',
        "[]",
        '["review"]',
        "5",
        "null",
        '"review"',
        '{"review": {}}',
        '{"review": []}',
        '{"review": "\\ud800"}',
        '{"review": "\\udc00 \\ud83d"}',
        '{"review": 1} {"review": 2}',
        '{"review": 1},',
        "{'review': 1}",
        '{"review": 01}',
        '{"review": 1e999}',
        '{"review": NaN}',
        "리뷰",
    ]
)
good = st.sampled_from(['{"review": "하나"}', '{"review": 2, "rating": 3}', '  {"review": null}\t', "{}"])
blank = st.sampled_from(["", " ", "\t", "\r"])


@given(st.lists(st.one_of(good, broken, blank), max_size=8), st.booleans())
def test_every_line_is_read_is_blank_or_is_a_problem_of_its_own(lines: list[str], is_ended: bool) -> None:
    content = "\n".join(lines).encode() + (b"\n" if is_ended and lines else b"")
    frame = parsed(content)
    rows = frame.to_dicts() if frame.height else []
    filled = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    assert [row["position"] for row in rows] == [number for number, _ in filled]
    for row, (_, line) in zip(rows, filled, strict=True):
        alone = parsed(line.encode()).to_dicts()[0]
        assert row == alone | {"position": row["position"]}


@pytest.mark.parametrize(
    "line", ['{"review": "\\ud800"}', '{"review": {}}', "[]", "5", '{"review": 1},', "{"]
)
def test_a_broken_line_says_what_is_wrong_with_it(line: str) -> None:
    (row,) = parsed(line.encode()).to_dicts()
    assert row["detail"]
    assert row["review"] is None


def test_a_nested_value_in_a_field_that_nobody_reads_does_no_harm() -> None:
    (row,) = parsed(b'{"review": "a", "rating": 1, "more": {"b": [1, {"c": null}]}}').to_dicts()
    assert (row["review"], row["rating"], row["detail"]) == ("a", "1", None)


def test_positions_run_on_from_chunk_to_chunk() -> None:
    line = '{"review": "' + "긴 글 " * 500 + '", "rating": %d}'
    lines = [line % number if number % 7 else "" for number in range(1, 4001)]
    content = "\n".join(lines).encode()
    assert len(content) > 2 * CHUNK_BYTES
    frame = parsed(content)
    assert frame["position"].to_list() == [number for number in range(1, 4001) if number % 7]
    assert frame["rating"].cast(pl.Int64).to_list() == frame["position"].to_list()


def test_a_line_over_the_end_of_a_chunk_is_one_line_and_one_beyond_all_measure_a_reject() -> None:
    memo = b'"memo": "' + b"a" * (CHUNK_BYTES * 3 // 4) + b'"'
    lines = [b'{"rating": %d, %b}' % (number, memo) for number in range(3)]
    frame = parsed(b"\n".join([*lines, b'{"review": "' + b"a" * (2 * CHUNK_BYTES) + b'"}', lines[0]]))
    assert frame["rating"].to_list() == ["0", "1", "2", None, "0"]
    assert frame["detail"].to_list() == [None, None, None, TOO_LONG, None]


def test_a_cell_beyond_all_measure_is_one_reject() -> None:
    frame = parsed(b'{"review": "%b", "rating": 1}\n{"review": "b", "rating": 2}' % (b"a" * 1_000_001))
    assert frame["rating"].to_list() == [None, "2"]
    assert frame["detail"].to_list() == [TOO_LONG, None]


@given(
    st.lists(flat, max_size=4), st.sampled_from(["review", "rating", "감정"]), st.booleans(), st.booleans()
)
def test_an_object_with_a_key_twice_is_a_bad_row_whatever_stands_around_it(
    others: list[dict[str, Any]], key: str, is_ascii: bool, has_nested: bool
) -> None:
    spelt = json.dumps(key, ensure_ascii=is_ascii)
    twice = b'{%b: "a", "author": "b", %b : "c"}\n' % ((spelt.encode(),) * 2)
    nested = b'{"author": {"name": "c"}}\n' if has_nested else b""
    frame = parsed(lines_of(others, is_ascii=is_ascii) + twice + nested, [*FIELDS, "감정"])
    (bad,) = frame.filter(pl.col("position") == len(others) + 1).iter_rows(named=True)
    assert bad["detail"] == f"the key {key!r} stands in it 2 times"
    assert frame["detail"].count() == 1


def test_records_of_a_delimited_file_may_span_lines(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        'Q,A,label\n"두 줄에\n걸친 질문",네,0\n다음 질문,네,1\n', encoding="utf-8"
    )
    rows, _ = read_all(tmp_path)
    assert [(row["position"], row["raw_text"]) for row in rows] == [
        (2, "두 줄에\n걸친 질문"),
        (3, "다음 질문"),
    ]


def test_the_hash_covers_the_whole_file_however_little_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_bytes(kote(*map(str, range(50_000))))
    _, whole = read_all(tmp_path)
    _, limited = read_all(tmp_path, read={"limit": 1})
    assert len(texts(tmp_path, read={"limit": 1})) == 1
    for name in ("sha256", "bytes"):
        assert limited.inputs[0][name] == whole.inputs[0][name]
