"""ODT (OpenDocument 1.3): body, tables, text boxes, captions, fields and notes, in reading order.

Tracked deletions, hidden text, headers, footers and comments are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from etl.documents.file import DocumentFile
from etl.documents.formal.markup import Rules, load_rules, parse_member, tag, walk_paragraphs
from etl.documents.formal.needs import DAMAGE, damaged
from etl.documents.formal.soft_breaks import join_soft_breaks
from etl.documents.passage import Passage
from etl.errors import InputError
from etl.language.message import tr

MIMETYPE = "application/vnd.oasis.opendocument.text"


def read_odt(file: DocumentFile) -> Iterator[Passage]:
    """Reads the paragraphs and the cells of tables; merged cells once.

    Raises:
        InputError: it is damaged, encrypted, would be far larger once unpacked, or lxml is not installed.
    """
    try:
        _refuse_encrypted(file)
        root = parse_member(file, "content.xml")
        bodies = (
            [each for each in root.iter() if tag(each) == "text" and _is_body(each)]
            if root is not None
            else []
        )
        texts = [text for body in bodies for text in walk_paragraphs(body, Rules(load_rules("odt")))]
    except InputError:
        raise
    except DAMAGE as error:
        raise damaged(file.name, "ODT", error) from error
    lines = (" ".join(line.split()) for text in texts for line in join_soft_breaks(text))
    for position, line in enumerate(lines, start=1):
        yield Passage(line, "formal", "paragraph", position)


def _is_body(element: object) -> bool:
    parent = element.getparent()  # type: ignore[attr-defined]
    return parent is not None and tag(parent) == "body"


def _refuse_encrypted(file: DocumentFile) -> None:
    manifest = parse_member(file, "META-INF/manifest.xml")
    if manifest is not None and any(tag(each) == "encryption-data" for each in manifest.iter()):
        raise InputError(
            tr("{file} is encrypted", file=file.name),
            details=[tr("expected an ODT that opens without a password")],
            next_step=tr("open it with its password and save it without one."),
        )
