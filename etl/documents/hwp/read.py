"""The passages of documents of Hangul, HWP 5 and HWPX."""

from __future__ import annotations

from collections.abc import Iterator

from etl.documents.file import DocumentFile
from etl.documents.hwp import binary, compound, markup, package
from etl.documents.hwp.records import tree_of
from etl.documents.hwp.words import passages_of
from etl.documents.passage import Passage


def read_hwp(file: DocumentFile) -> Iterator[Passage]:
    """Reads the paragraphs of a HWP 5 file, also of one that was saved for distribution.

    Raises:
        InputError: it is damaged, encrypted, far larger once unpacked, or a package is not installed.
    """
    return passages_of(
        text
        for section, has_marks in compound.read_sections(file)
        for text in binary.texts_of(tree_of(section, file.name), file.name, has_marks=has_marks)
    )


def read_hwpx(file: DocumentFile) -> Iterator[Passage]:
    """Reads the paragraphs of a HWPX file.

    Raises:
        InputError: it is damaged, encrypted, far larger once unpacked, or a package is not installed.
    """
    return passages_of(text for section in package.read_sections(file) for text in markup.texts_of(section))
