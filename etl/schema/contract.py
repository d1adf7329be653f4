"""The data contract of each corpus: its layouts, labels, licence and published numbers of rows.

A contract is a file `data_contracts/<slug>.odcs.yaml` of the Open Data Contract Standard v3.1
(https://bitol-io.github.io/open-data-contract-standard/v3.1.0/). The adapters in `etl.ingestion.sources`
compare raw files with it; `dataset.odcs.yaml`, the contract of the output, is only published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from etl.schema import resources
from etl.text.composition import composed

_SUFFIX = ".odcs.yaml"
_OUTPUT = "dataset"


@dataclass(frozen=True)
class Layout:
    """A table or JSON layout of files of a corpus.

    Args:
        name: such as `xlsx-v1-final`.
        columns: columns, or top-level JSON keys, in order; a blank header is `""`.
        required: the columns without which a file cannot be read.
    """

    name: str
    columns: tuple[str, ...]
    required: frozenset[str]


@dataclass(frozen=True)
class ExpectedRows:
    """A published number of raw rows (sentences, dialogues or utterances).

    A difference is reported, but is no error. `split` is None where the number is of the whole release.
    """

    release: str
    split: str | None
    layout: str
    rows: int


@dataclass(frozen=True)
class Contract:
    """A corpus as described before any of its files is opened.

    Args:
        slug: name of the contract, the adapter and the label table.
        title: name given by the publisher.
        licence: one line.
        where: addresses to get it from; none for the user's own tables.
        about: description of the sentences.
        limitations: known problems.
        domain: kind of text, one of the domains of `schemas/columns.yaml`.
        releases: known releases.
        labels: codes of the label table; none for the user's own tables.
        layouts: by name.
        expected_rows: published numbers of rows.
        files: names of the files as published.
        name_words: words in the names of files of this corpus and no other, also of copies; lower case, NFC.
    """

    slug: str
    title: str
    licence: str
    where: tuple[str, ...]
    about: str
    limitations: str
    domain: str
    releases: tuple[str, ...]
    labels: frozenset[str]
    layouts: Mapping[str, Layout]
    expected_rows: tuple[ExpectedRows, ...]
    files: tuple[str, ...]
    name_words: tuple[str, ...]


def slugs() -> list[str]:
    """Returns the names of the corpora that have a contract, sorted."""
    return [name for name in resources.names("data_contracts", suffix=_SUFFIX) if name != _OUTPUT]


@cache
def load(slug: str) -> Contract:
    """Loads the contract of a corpus.

    Raises:
        SettingsError: there is no corpus of that name.
    """
    document = resources.load("data_contracts", f"{slug}{_SUFFIX}")
    description = document["description"]
    custom = _custom(document)
    return Contract(
        slug=document["id"],
        title=document["name"],
        licence=custom["licence"],
        where=tuple(source["url"] for source in description.get("authoritativeDefinitions", [])),
        about=description["purpose"],
        limitations=description["limitations"],
        domain=document["domain"],
        releases=tuple(custom.get("releases", ())),
        labels=frozenset(custom.get("labels", ())),
        layouts={schema["name"]: _layout(schema) for schema in document["schema"]},
        expected_rows=tuple(rows for schema in document["schema"] for rows in _expected_rows(schema)),
        files=tuple(custom["files"]),
        name_words=tuple(custom.get("name_words", ())),
    )


def match_layout(contract: Contract, header: Sequence[str]) -> Layout | None:
    """Returns the layout whose required columns are all in the header; of several the one that requires most.

    Names are compared as a set, stripped and in NFC: files that were on a Mac have NFD names.
    """
    names = {composed(name).strip() for name in header}
    matching = [
        layout for layout in contract.layouts.values() if layout.required and layout.required <= names
    ]
    return max(matching, key=lambda layout: len(layout.required), default=None)


def _layout(schema: Mapping[str, Any]) -> Layout:
    names = [(prop.get("physicalName", prop["name"]), prop) for prop in schema["properties"]]
    return Layout(
        name=schema["name"],
        columns=tuple(name for name, _ in names),
        required=frozenset(name for name, prop in names if prop.get("required", False)),
    )


def _expected_rows(schema: Mapping[str, Any]) -> Iterator[ExpectedRows]:
    for rule in schema.get("quality", []):
        if rule.get("metric") == "rowCount":
            which = _custom(rule)
            yield ExpectedRows(which["release"], which.get("split"), schema["name"], rule["mustBe"])


def _custom(part: Mapping[str, Any]) -> dict[str, Any]:
    return {entry["property"]: entry["value"] for entry in part.get("customProperties", [])}
