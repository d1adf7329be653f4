"""Whatever the bytes are, a document of Hangul is read or refused, in bounded time and memory."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import hwp_files as hwp
from support.hwpx_files import control, paragraph, table, write_hwpx
from support.hwpx_files import section as xml_section

from etl.documents.file import DocumentFile
from etl.documents.hwp import binary, markup
from etl.documents.hwp.read import read_hwp, read_hwpx
from etl.documents.hwp.records import tree_of
from etl.errors import InputError

SECTION = hwp.section(
    ["동료들과 행", hwp.note("각주도 읽습니다."), "복했습니다.", *hwp.click_here("이름", "이름")],
    [hwp.table("칸", [hwp.box("상자")]), hwp.Deleted(("지운 글",), takes_end=True)],
    "끝까지 읽어 주셔서 감사합니다.",
)
_SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def texts(name: str, content: bytes) -> list[str] | None:
    """The texts of a file; None where it is refused."""
    read = read_hwpx if name.endswith("x") else read_hwp
    try:
        return [each.text for each in read(DocumentFile(name, Path(name), content))]
    except InputError as error:
        assert "\n  Next: " in str(error)
        return None


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A file of each kind, whole."""
    folder = tmp_path_factory.mktemp("hwp")
    noted = paragraph(
        "동료들과 행", control("footNote", "각주"), "복했습니다.", table(["칸", "<hp:p ><hp:run/></hp:p>"])
    )
    return {
        "plain.hwp": hwp.write_hwp(folder / "plain.hwp", SECTION, flags=0).read_bytes(),
        "packed.hwp": hwp.write_hwp(folder / "packed.hwp", SECTION, SECTION).read_bytes(),
        "view.hwp": hwp.write_hwp(folder / "view.hwp", SECTION, flags=hwp.DISTRIBUTION | 1).read_bytes(),
        "a.hwpx": write_hwpx(folder / "a.hwpx", xml_section(noted), xml_section("끝입니다.")).read_bytes(),
    }


@_SETTINGS
@given(data=st.data())
@pytest.mark.parametrize("name", ["plain.hwp", "packed.hwp", "view.hwp", "a.hwpx"])
def test_a_file_that_was_cut_off_or_changed_is_read_or_refused(
    files: dict[str, bytes], name: str, data: st.DataObject
) -> None:
    content = bytearray(files[name])
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
        content[at] = data.draw(st.integers(0, 255))
    kept = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    found = texts(name, bytes(content[:kept]))
    assert found is None or hwp.NOTICE not in found


@_SETTINGS
@given(data=st.data())
def test_a_section_with_changed_bytes_is_read_or_refused(data: st.DataObject) -> None:
    section = bytearray(SECTION)
    for at in data.draw(st.lists(st.integers(0, len(section) - 1), min_size=1, max_size=12)):
        section[at] = data.draw(st.integers(0, 255))
    try:
        found = list(binary.texts_of(tree_of(bytes(section), "a.hwp"), "a.hwp", has_marks=True))
    except InputError:
        return
    assert all(isinstance(text, str) and text.encode() is not None for text in found)


@_SETTINGS
@given(
    records=st.lists(
        st.tuples(
            st.sampled_from(
                [hwp.PARA_HEADER, hwp.PARA_TEXT, hwp.PARA_RANGE_TAG, hwp.CTRL_HEADER, hwp.FORM_OBJECT]
            ),
            st.integers(0, 1023),
            st.binary(max_size=40) | st.sampled_from([b" lbt", b"knu%", b"tudt", b"onta" + bytes(6)]),
        )
    )
)
def test_any_records_in_any_order_are_read_or_refused(records: list[tuple[int, int, bytes]]) -> None:
    section = b"".join(hwp.record(*each) for each in records)
    with contextlib.suppress(InputError):
        assert all(
            text.encode() is not None for text in binary.texts_of(tree_of(section, "a"), "a", has_marks=True)
        )


_ELEMENTS = st.recursive(
    st.sampled_from(
        ["<hp:tab/>", "<hp:deleteBegin/>", "<hp:deleteEnd paraend='1'/>", "<hp:t>글</hp:t>", "<hp:switch/>"]
    ),
    lambda inner: st.builds(
        lambda name, parts: f"<hp:{name}>{''.join(parts)}</hp:{name}>",
        st.sampled_from(
            ["p", "run", "t", "ctrl", "tbl", "tc", "subList", "switch", "case", "fieldBegin", "dutmal"]
        ),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@_SETTINGS
@given(elements=st.lists(_ELEMENTS, max_size=6))
def test_any_elements_in_each_other_are_read(elements: list[str]) -> None:
    from lxml import etree

    root = etree.fromstring(xml_section("<hp:p >" + "".join(elements) + "</hp:p>").encode())
    assert all(set(text) <= set("글\t \n") for text in markup.texts_of(root))
