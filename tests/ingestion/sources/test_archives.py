"""Archives of every kind, sound and damaged, read through the front door."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_files import tar, xlsx
from support.reading import assert_stops_and_skips, kote, read_all, texts

from etl.ingestion.sources.archive import files_on_disk
from etl.ingestion.sources.joined_parts import JoinedParts
from etl.sample.files import korean_zip_bytes, zip_bytes

GOOD = "성한 파일의 문장"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one sound file, which sorts before all others."""
    (tmp_path / "a.tsv").write_bytes(kote(GOOD))
    return tmp_path


def stored(*members: tuple[str, bytes]) -> bytes:
    """A zip that does not compress, so that a byte of it can be hit."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def split(path: Path, content: bytes, parts: int, name: str = "{}.part{}") -> list[Path]:
    size = -(-len(content) // parts)
    made = []
    for number in range(parts):
        part = path.with_name(name.format(path.name, number))
        part.write_bytes(content[number * size : (number + 1) * size])
        made.append(part)
    return made


def test_inputs_of_one_name_are_recorded_with_the_folders_that_tell_them_apart(tmp_path: Path) -> None:
    for folder in ("a/raw", "b/raw", "c"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "train.tsv").write_bytes(kote(f"{folder}의 댓글이다", first=ord(folder[0])))
    names = [
        path for path, _ in files_on_disk([tmp_path / "a/raw", tmp_path / "b/raw", tmp_path / "c/train.tsv"])
    ]
    assert names == ["a/raw/train.tsv", "b/raw/train.tsv", "train.tsv"]
    files = [tmp_path / folder / "train.tsv" for folder in ("a/raw", "b/raw", "c")]
    assert [path for path, _ in files_on_disk(files)] == ["a/raw/train.tsv", "b/raw/train.tsv", "c/train.tsv"]
    assert len({row["file"] for row in read_all(*files)[0]}) == 3


def test_a_file_a_folder_and_an_archive_of_it_give_the_same_sentences(tmp_path: Path) -> None:
    content = kote("하나", "둘")
    below = tmp_path / "folder with spaces" / "한글 폴더"
    below.mkdir(parents=True)
    (below / "x.tsv").write_bytes(content)
    (tmp_path / "x.zip").write_bytes(zip_bytes([("깊은/x.tsv", content)]))
    assert texts(below / "x.tsv") == texts(tmp_path / "folder with spaces") == ["하나", "둘"]
    assert texts(tmp_path / "x.zip") == ["하나", "둘"]


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        (
            "x.tar",
            tar([("./a/안.zip", zip_bytes([("a.tsv", kote("하나"))])), ("./b.tsv", kote("둘", first=2))]),
        ),
        ("x.tar.gz", tar([("a.tsv", kote("하나")), ("b.tsv", kote("둘", first=2))], mode="w:gz")),
        ("x.tgz", tar([("a.tsv", kote("하나")), ("b.tsv", kote("둘", first=2))], mode="w:gz")),
        ("x.zip", zip_bytes([("a.zip", zip_bytes([("b.tar", tar([("c.tsv", kote("하나", "둘"))]))]))])),
        ("x.tsv.gz", gzip.compress(kote("하나", "둘"), mtime=0)),
        ("X.ZIP", zip_bytes([("A.TSV", kote("하나", "둘"))])),
        ("x.zip", zip_bytes([("a.tsv.gz", gzip.compress(kote("하나", "둘"), mtime=0))])),
    ],
)
def test_archives_inside_archives_are_read_without_being_unpacked(
    name: str, packed: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(packed)
    assert texts(tmp_path) == ["하나", "둘"]
    assert [path.name for path in tmp_path.rglob("*")] == [name]


def test_the_path_inside_nested_archives_is_recorded(tmp_path: Path) -> None:
    inner = korean_zip_bytes([("라벨\\파일.tsv", kote("하나"))])
    (tmp_path / "밖.tar").write_bytes(tar([("./가운데.zip", inner)]))
    rows, log = read_all(tmp_path)
    assert (rows[0]["file"], rows[0]["member"]) == ("밖.tar", "가운데.zip/라벨/파일.tsv")
    assert (log.inputs[0]["file"], log.inputs[0]["member"]) == ("밖.tar", "가운데.zip/라벨/파일.tsv")


@pytest.mark.parametrize("pack", [zip_bytes, korean_zip_bytes])
def test_names_in_utf8_and_in_cp949_are_read_alike(pack, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(pack([("뷁/펭귄 똠방각하.tsv", kote("하나"))]))
    assert read_all(tmp_path)[0][0]["member"] == "뷁/펭귄 똠방각하.tsv"


def test_a_name_that_is_neither_utf8_nor_cp949_is_kept_as_it_is(tmp_path: Path) -> None:
    packed = zip_bytes([("12345678.tsv", kote("하나"))]).replace(b"12345678", b"\xff\xfe  name")
    (tmp_path / "x.zip").write_bytes(packed)
    assert texts(tmp_path) == ["하나"]


def test_what_a_mac_adds_is_no_file(folder: Path) -> None:
    (folder / "._b.tsv").write_bytes(kote("부산물"))
    (folder / "b.zip").write_bytes(
        zip_bytes([("__MACOSX/b.tsv", kote("부산물")), ("안/._b.tsv", kote("부산물")), (".DS_Store", b"x")])
    )
    assert texts(folder) == [GOOD]


def test_a_tar_may_hold_links_and_folders(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        link = tarfile.TarInfo("link.tsv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        inside = tarfile.TarInfo("안")
        inside.type = tarfile.DIRTYPE
        archive.addfile(inside)
        file = tarfile.TarInfo("안/a.tsv")
        file.size = len(kote("하나"))
        archive.addfile(file, io.BytesIO(kote("하나")))
    (tmp_path / "x.tar").write_bytes(packed.getvalue())
    assert texts(tmp_path) == ["하나"]


# ---------------------------------------------------------------------------------------------- split parts


@pytest.mark.parametrize("name", ["{}.part{}", "{}.part{:02d}", "{}.PART{}"])
def test_parts_are_joined_in_numeric_order(name: str, tmp_path: Path) -> None:
    split(tmp_path / "나눈 것.zip", zip_bytes([("x.tsv", kote(*map(str, range(400))))]), 11, name)
    rows, _ = read_all(tmp_path)
    assert [row["raw_text"] for row in rows] == [str(number) for number in range(400)]
    assert (rows[0]["file"], rows[0]["member"]) == ("나눈 것.zip", "x.tsv")


def test_parts_may_count_from_one(tmp_path: Path) -> None:
    for number, part in reversed(
        list(enumerate(split(tmp_path / "x.tar", tar([("x.tsv", kote("하나"))]), 3)))
    ):
        part.rename(part.with_suffix(f".part{number + 1}"))
    assert texts(tmp_path) == ["하나"]


def test_parts_may_be_called_by_the_byte_at_which_they_begin(tmp_path: Path) -> None:
    packed = stored(("x.tsv", kote(*map(str, range(300)))))
    for start in range(0, len(packed), 1000):
        (tmp_path / f"x.zip.part{start}").write_bytes(packed[start : start + 1000])
    assert texts(tmp_path) == [str(number) for number in range(300)]


def test_parts_of_several_archives_lie_beside_each_other(tmp_path: Path) -> None:
    split(tmp_path / "a.zip", zip_bytes([("a.tsv", kote("하나"))]), 2)
    split(tmp_path / "b.zip", zip_bytes([("b.tsv", kote("둘", first=2))]), 3)
    (tmp_path / "c.tsv").write_bytes(kote("셋", first=3))
    assert texts(tmp_path) == ["하나", "둘", "셋"]


def test_parts_inside_a_tar_are_joined(tmp_path: Path) -> None:
    packed = zip_bytes([("x.tsv", kote(*map(str, range(300))))])
    parts = [(f"안/x.zip.part{n}", packed[n * 100 : (n + 1) * 100]) for n in range(-(-len(packed) // 100))]
    assert len(parts) > 10
    (tmp_path / "download.tar").write_bytes(tar(sorted(parts)))
    rows, _ = read_all(tmp_path)
    assert [row["raw_text"] for row in rows] == [str(number) for number in range(300)]
    assert rows[0]["member"] == "안/x.zip/x.tsv"


@pytest.mark.parametrize("missing", [1, 5])
def test_a_missing_part_is_named(missing: int, folder: Path) -> None:
    split(folder / "x.zip", zip_bytes([("x.tsv", kote(*map(str, range(400))))]), 11)[missing].unlink()
    assert_stops_and_skips(folder, said=f"missing .part{missing}", read=[GOOD])


@pytest.mark.parametrize("missing", [0, 10])
def test_a_missing_first_or_last_part_cannot_pass_for_a_whole(missing: int, folder: Path) -> None:
    content = stored(("x.tsv", kote(*map(str, range(400)))))
    split(folder / "x.zip", content, 11)[missing].unlink()
    assert_stops_and_skips(folder, said="x.zip", read=[GOOD])


def test_a_huge_part_number_costs_nothing(folder: Path) -> None:
    (folder / "x.zip.part0").write_bytes(b"PK")
    (folder / "x.zip.part4611686018427387904").write_bytes(b"PK")
    assert_stops_and_skips(folder, said="missing .part1", read=[GOOD])


pieces = st.lists(st.binary(max_size=12), min_size=1, max_size=5)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 40), st.just(0)),
        st.tuples(st.just("seek"), st.integers(0, 70), st.just(io.SEEK_SET)),
        st.tuples(st.just("seek"), st.integers(0, 30), st.just(io.SEEK_CUR)),
        st.tuples(st.just("seek"), st.integers(-60, 10), st.just(io.SEEK_END)),
    ),
    max_size=12,
)


@given(pieces, moves)
def test_joined_parts_read_as_the_joined_bytes(parts: list[bytes], steps: list[tuple[str, int, int]]) -> None:
    whole = io.BytesIO(b"".join(parts))
    joined = io.BufferedReader(JoinedParts([io.BytesIO(part) for part in parts]), 8)
    for step, amount, whence in steps:
        if step == "read":
            assert joined.read(amount) == whole.read(amount)
        else:
            from_end = max(amount, -len(whole.getvalue())) if whence == io.SEEK_END else amount
            assert joined.seek(from_end, whence) == whole.seek(from_end, whence)
        assert joined.tell() == whole.tell()
    assert joined.read() == whole.read()


# ------------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    "name",
    ["../밖.tsv", "안/../../밖.tsv", "/etc/밖.tsv", "C:/밖.tsv", "c:\\밖.tsv", "..\\밖.tsv", "../밖.mp4"],
)
def test_a_zip_member_that_leaves_its_folder_is_refused(name: str, folder: Path) -> None:
    (folder / "b.zip").write_bytes(
        zip_bytes([("성한.tsv", kote("성하지만 함께 거절", first=2)), (name, kote("밖"))])
    )
    assert_stops_and_skips(folder, said="leaves the archive's folder", read=[GOOD])


@pytest.mark.parametrize("name", ["../밖.tsv", "/밖.tsv"])
def test_a_tar_member_that_leaves_its_folder_is_refused(name: str, folder: Path) -> None:
    (folder / "b.tar").write_bytes(tar([(name, kote("밖"))]))
    assert_stops_and_skips(folder, said="leaves the archive's folder", read=[GOOD])


def declaring(packed: bytes, size: int) -> bytes:
    """The zip with another uncompressed size in the entry of its only member."""
    entry = packed.index(b"PK\x01\x02")
    return packed[: entry + 24] + struct.pack("<I", size) + packed[entry + 28 :]


def test_a_member_that_declares_an_absurd_size_is_refused_unopened(folder: Path) -> None:
    (folder / "b.zip").write_bytes(declaring(zip_bytes([("b.tsv", kote("폭탄"))]), 4_000_000_000))
    assert_stops_and_skips(folder, said="far too large once unpacked", read=[GOOD])


def test_a_zip_inside_that_declares_an_absurd_size_is_refused(folder: Path) -> None:
    (folder / "b.zip").write_bytes(declaring(zip_bytes([("b.zip", b"x")]), 4_000_000_000))
    assert_stops_and_skips(folder, said="far too large once unpacked", read=[GOOD])


def test_a_film_may_be_as_large_as_it_likes(folder: Path) -> None:
    (folder / "b.zip").write_bytes(declaring(zip_bytes([("b.mp4", b"x")]), 4_000_000_000))
    rows, log = read_all(folder)
    assert len(rows) == 1
    assert log.ignored == {".mp4": 1}


def test_a_workbook_that_declares_an_absurd_size_is_refused(folder: Path) -> None:
    packed = xlsx([["Sentence", "Emotion"], ["폭탄", "공포"]])
    entries, at = [], -1
    while (at := packed.find(b"PK\x01\x02", at + 1)) >= 0:
        entries.append(at)
    for entry in entries[:2]:
        packed = packed[: entry + 24] + struct.pack("<I", 4_000_000_000) + packed[entry + 28 :]
    (folder / "b.xlsx").write_bytes(packed)
    assert_stops_and_skips(folder, said="far too large once unpacked", read=[GOOD])


def test_archives_nested_too_deeply_are_refused(folder: Path) -> None:
    packed = kote("너무 깊다")
    for name in ("x.tsv", "c.zip", "b.zip", "a.zip"):
        packed = zip_bytes([(name, packed)])
    (folder / "b.zip").write_bytes(packed)
    assert_stops_and_skips(folder, said="nested too deeply", read=[GOOD])


# ------------------------------------------------------------------------------------------------- damaged


@pytest.mark.parametrize("kept", [0, 1, 20, 300, -1, -30])
def test_a_zip_that_is_cut_off_is_one_bad_file(kept: int, folder: Path) -> None:
    packed = stored(("a.tsv", kote("하나 둘 셋 " * 30, first=2)), ("b.tsv", kote("둘", first=3)))
    (folder / "b.zip").write_bytes(packed[:kept])
    assert_stops_and_skips(folder, said="b.zip cannot be read", read=[GOOD])


@pytest.mark.parametrize("pack", [lambda packed: packed, lambda packed: zip_bytes([("c.zip", packed)])])
def test_a_zip_whose_beginning_is_lost_is_a_bad_file(pack, folder: Path) -> None:
    (folder / "b.zip").write_bytes(pack(stored(("a.tsv", kote("하나 둘 셋 " * 30, first=2)))[100:]))
    assert_stops_and_skips(folder, said="cannot be read", read=[GOOD])


def test_a_member_with_a_wrong_checksum_is_bad_and_its_neighbours_are_read(folder: Path) -> None:
    packed = stored(("a.tsv", kote("이 문장이 다친다", first=2)), ("b.tsv", kote("둘", first=3)))
    (folder / "b.zip").write_bytes(packed.replace("다친다".encode(), "다쳤다".encode()))
    assert_stops_and_skips(folder, said="b.zip → a.tsv cannot be read", read=[GOOD, "둘"])


def test_damage_beyond_the_first_look_is_found_when_the_member_is_read(folder: Path) -> None:
    sentences = [f"긴 파일의 {number}번째 문장" for number in range(3000)]
    packed = stored(("a.tsv", kote(*sentences, first=2)), ("b.tsv", kote("둘", first=9000)))
    (folder / "b.zip").write_bytes(packed.replace("2999번째".encode(), "299X번째".encode()))
    assert_stops_and_skips(folder, said="b.zip → a.tsv cannot be read", read=[GOOD, "둘"])


def test_a_damaged_member_of_the_size_of_another_is_a_bad_file_too(folder: Path) -> None:
    content = kote(*(f"긴 파일의 {number}번째 문장" for number in range(3000)))
    hurt = stored(("b.tsv", content)).replace("2999번째".encode(), "299X번째".encode())
    (folder / "b.zip").write_bytes(hurt)
    (folder / "c.zip").write_bytes(stored(("c.tsv", content)))
    with_damage = texts(folder, read={"on_bad_file": "skip"})
    assert with_damage == texts(folder / "a.tsv") + texts(folder / "c.zip")
    assert_stops_and_skips(folder, said="b.zip → b.tsv cannot be read", read=with_damage)


def test_an_encrypted_zip_is_a_bad_file(folder: Path) -> None:
    packed = bytearray(stored(("a.tsv", kote("비밀", first=2))))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + flags] |= 1
    (folder / "b.zip").write_bytes(bytes(packed))
    assert_stops_and_skips(folder, said="encrypted", read=[GOOD])


def test_a_zip_with_an_unknown_compression_is_a_bad_file(folder: Path) -> None:
    packed = bytearray(stored(("a.tsv", kote("모르는 압축", first=2))))
    for signature, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        packed[packed.index(signature) + method] = 97
    (folder / "b.zip").write_bytes(bytes(packed))
    assert_stops_and_skips(folder, said="b.zip → a.tsv cannot be read", read=[GOOD])


@pytest.mark.parametrize("kept", [100, 512 + 50, 1024 + 100, 1024 + 700], ids=lambda kept: f"{kept} bytes")
def test_a_tar_that_ends_early_is_a_bad_file(kept: int, folder: Path) -> None:
    packed = tar([("a.tsv", kote("하나", first=2)), ("b.tsv", kote("둘 셋 넷 " * 100, first=3))])
    (folder / "b.tar").write_bytes(packed[:kept])
    assert_stops_and_skips(folder, said="b.tar cannot be read", read=[GOOD])


def test_a_tar_whose_second_header_is_damaged_does_not_pass_for_a_shorter_one(folder: Path) -> None:
    packed = bytearray(tar([("a.tsv", kote("하나", first=2)), ("b.tsv", kote("둘", first=3))]))
    packed[1024 + 148 : 1024 + 156] = b"9999999\0"
    (folder / "b.tar").write_bytes(bytes(packed))
    assert_stops_and_skips(folder, said="b.tar cannot be read", read=[GOOD])


def test_a_tar_without_the_blocks_that_end_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tar([("a.tsv", kote("하나"))])[:1024])
    assert texts(tmp_path) == ["하나"]


@pytest.mark.parametrize("name", ["b.tar.gz", "b.tgz"])
def test_a_compressed_tar_that_is_cut_off_is_a_bad_file(name: str, folder: Path) -> None:
    packed = tar([("a.tsv", kote(*map(str, range(500)), first=2))], mode="w:gz")
    (folder / name).write_bytes(packed[: len(packed) // 2])
    assert_stops_and_skips(folder, said=f"{name} cannot be read", read=[GOOD])


def test_a_gz_that_is_cut_off_is_a_bad_file(folder: Path) -> None:
    packed = gzip.compress(kote(*map(str, range(500)), first=2))
    (folder / "b.tsv.gz").write_bytes(packed[: len(packed) // 2])
    assert_stops_and_skips(folder, said="b.tsv.gz cannot be read", read=[GOOD])


def test_what_is_called_an_archive_and_is_none_is_a_bad_file(folder: Path) -> None:
    (folder / "b.zip").write_text("<html>로그인이 필요합니다</html>", encoding="utf-8")
    assert_stops_and_skips(
        folder, said="b.zip is a page of HTML, not the archive that its name says", read=[GOOD]
    )


@pytest.mark.parametrize("kept", [10, 2000])
def test_a_workbook_that_is_cut_off_is_a_bad_file(kept: int, folder: Path) -> None:
    (folder / "b.xlsx").write_bytes(xlsx([["Sentence", "Emotion"], ["잘린 문장", "공포"]])[:kept])
    assert_stops_and_skips(folder, said="b.xlsx is not a readable workbook", read=[GOOD])
