"""HWPX files that a test makes for itself: the smallest package around sections of made-up text."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_NAMESPACES = (
    'xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section"'
    ' xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"'
)


def run(*pieces: str) -> str:
    """A run; a piece that is no element is text."""
    parts = [piece if piece.startswith("<") else f"<hp:t>{piece}</hp:t>" for piece in pieces]
    return f'<hp:run charPrIDRef="0">{"".join(parts)}</hp:run>'


def paragraph(*pieces: str) -> str:
    """A paragraph of one run, or of several."""
    inside = (
        "".join(pieces) if pieces and all(piece.startswith("<hp:run") for piece in pieces) else run(*pieces)
    )
    return f'<hp:p id="0" paraPrIDRef="0" styleIDRef="0">{inside}</hp:p>'


def sub_list(*paragraphs: str) -> str:
    """A list of paragraphs; text stands for one."""
    return f"<hp:subList>{_paragraphs(paragraphs)}</hp:subList>"


def _paragraphs(paragraphs: Sequence[str]) -> str:
    return "".join(each if each.startswith("<hp:p ") else paragraph(each) for each in paragraphs)


def table(*rows: Sequence[str], caption: str = "") -> str:
    """A table of cells, each with the text or paragraphs given."""
    said = f"<hp:caption>{sub_list(caption)}</hp:caption>" if caption else ""
    cells = "".join(
        f"<hp:tr>{''.join(f'<hp:tc>{sub_list(cell)}<hp:cellSpan/></hp:tc>' for cell in row)}</hp:tr>"
        for row in rows
    )
    return f'<hp:tbl rowCnt="{len(rows)}">{said}{cells}</hp:tbl>'


def box(*paragraphs: str) -> str:
    """A text box."""
    comment = "<hp:shapeComment>사각형입니다.</hp:shapeComment>"
    return f"<hp:rect><hp:drawText>{sub_list(*paragraphs)}</hp:drawText>{comment}</hp:rect>"


def control(name: str, *paragraphs: str) -> str:
    """A control with paragraphs: footNote, endNote, header, footer, hiddenComment."""
    return f'<hp:ctrl><hp:{name} id="1">{sub_list(*paragraphs)}</hp:{name}></hp:ctrl>'


def field(kind: str, text: str, *, direction: str = "", memo: str = "") -> str:
    """A field around some text, within one run."""
    settings = f'<hp:stringParam name="Direction">{direction}</hp:stringParam>' if direction else ""
    inside = f"<hp:parameters>{settings}</hp:parameters>" + (sub_list(memo) if memo else "")
    return (
        f'<hp:ctrl><hp:fieldBegin id="7" type="{kind}">{inside}</hp:fieldBegin></hp:ctrl>'
        f'<hp:t>{text}</hp:t><hp:ctrl><hp:fieldEnd beginIDRef="7"/></hp:ctrl>'
    )


def section(*paragraphs: str) -> str:
    """The XML of a section; text stands for a paragraph."""
    inside = _paragraphs(paragraphs)
    return f'<?xml version="1.0" encoding="UTF-8"?><hs:sec {_NAMESPACES}>{inside}</hs:sec>'


def write_hwpx(path: Path, *sections: str, others: Mapping[str, str] | None = None) -> Path:
    """A HWPX with sections in the order given, and other members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/hwp+zip", zipfile.ZIP_STORED)
        archive.writestr("Preview/PrvText.txt", "미리 보기입니다.")
        for number, content in enumerate(sections):
            archive.writestr(f"Contents/section{number}.xml", content)
        for member, content in (others or {}).items():
            archive.writestr(member, content)
    return path
