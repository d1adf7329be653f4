"""Opens a HWPX file: a zip whose sections are XML, in the order that its package document says.

The form is KS X 6101 (OWPML).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from etl.documents.file import SAVE_TEXT, DocumentFile
from etl.documents.hwp import damage
from etl.language.message import joined, tr
from etl.runtime.unpacking import check_member, check_package

SUFFIXES = (".hwpx", ".hwtx")
# A parsed element or attribute takes some 200 bytes of memory.
_MAX_NODES = 6_000_000
_SECTION = re.compile(r"Contents/section(\d{1,9})\.xml", re.IGNORECASE)


def is_hwpx(file: DocumentFile) -> bool:
    """Whether a zip archive holds sections of a document; also one that was cut off, by its suffix."""
    is_cut_off = file.head.startswith(b"PK\x03\x04") and not file.members and file.suffix in SUFFIXES
    return is_cut_off or any(_SECTION.fullmatch(member) for member in file.members)


def read_sections(file: DocumentFile) -> Iterator[Any]:
    """Reads the sections, in the order of the spine, or else of their numbers.

    Yields:
        The root element of each.

    Raises:
        InputError: it is damaged, encrypted, or would be far larger once unpacked.
    """
    damage.require("lxml", file.name)
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            yield from _sections(archive, file)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise damage.damaged(file.name, "HWPX", joined(": ", (type(error).__name__, error))) from error
    except RuntimeError as error:  # a member that asks for a password
        raise damage.encrypted(file.name) from error


def _sections(archive: zipfile.ZipFile, file: DocumentFile) -> Iterator[Any]:
    name = file.name
    members = {info.filename: info for info in archive.infolist()}
    if _is_encrypted(archive, members, file):
        raise damage.encrypted(name)
    sections = sorted(
        (int(matched[1]), member) for member in members if (matched := _SECTION.fullmatch(member))
    )
    if not sections:
        raise damage.damaged(name, "HWPX", tr("expected sections of text, got none"))
    check_package(name, (members[member] for _, member in sections), file.limits, SAVE_TEXT)
    spine = _spine(archive, members, file)
    for _, member in sorted(
        sections, key=lambda section: (spine.get(_base(section[1]), len(spine)), section)
    ):
        yield _parsed(archive, members[member], file)


def _base(member: str) -> str:
    return member.rpartition("/")[2].lower()


def _is_encrypted(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], file: DocumentFile) -> bool:
    """Whether the manifest says how members are enciphered, as that of OpenDocument does."""
    manifest = members.get("META-INF/manifest.xml")
    return manifest is not None and b"encryption-data" in _read(archive, manifest, file)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: DocumentFile) -> bytes:
    check_member(file.name, info.filename, info.compress_size, info.file_size, file.limits, SAVE_TEXT)
    return archive.read(info)


def _spine(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], file: DocumentFile
) -> dict[str, int]:
    """The place of each file in the order of reading, by its name in lower case."""
    package = next((info for member, info in members.items() if member.lower().endswith("content.hpf")), None)
    if package is None:
        return {}
    root = _parsed(archive, package, file)
    files = {item.get("id"): _base(item.get("href", "")) for item in root.iter("{*}item")}
    order = [files.get(item.get("idref"), "") for item in root.iter("{*}itemref")]
    return {file: place for place, file in reversed(list(enumerate(order))) if file}


def _parsed(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: DocumentFile) -> Any:
    from lxml import etree

    name = file.name
    # Nothing is loaded from elsewhere, and no entity of a document is put in: none has any.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    content = _read(archive, info, file)
    if content.count(b"<") + content.count(b"=") > _MAX_NODES:
        raise damage.beyond(
            name, tr("expected at most {most:,} elements and attributes in a section", most=_MAX_NODES)
        )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise damage.damaged(name, "HWPX", joined(": ", (info.filename, error))) from error
    if root.getroottree().docinfo.doctype:
        raise damage.damaged(
            name, "HWPX", tr("{filename}: expected no document type, got one", filename=info.filename)
        )
    return root
