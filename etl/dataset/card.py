"""Writes metadata for other tools: the dataset card of Hugging Face, Croissant, and a data contract."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from etl.dataset import data_contract
from etl.dataset.manifest import FileEntry, Manifest, describe_files
from etl.language import catalogue
from etl.language.message import tr, translated
from etl.schema import contract, row
from etl.schema.splits import UNLABELLED
from etl.text.markdown import code, escape

# Of the Croissant 1.0 specification.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "column": "cr:column",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileSet": "cr:fileSet",
    "includes": "cr:includes",
    "recordSet": "cr:recordSet",
    "repeated": "cr:repeated",
    "source": "cr:source",
    "subField": "cr:subField",
}

_log = logging.getLogger(__name__)

# What the card says of rows with several labels or votes.
_VOTES = {
    "majority": "",
    "soft": tr(", a row with votes shared out between its labels (`labels: soft`): see `label_votes`"),
    "multi": tr(", several of them a row (`labels: multi`): those that `label_votes` names"),
}


def write_cards(folder: Path, manifest: Manifest) -> dict[str, FileEntry]:
    """Writes the files that tell other programs what the shards are, and `labels.json`.

    Args:
        folder: the dataset's folder.
        manifest: its manifest, which lists the shards.

    Returns:
        The files as they shall stand in the manifest.
    """
    taxonomy = manifest.taxonomy
    labels = {
        "taxonomy": taxonomy.name,
        "mode": manifest.settings.labels,
        "labels": list(taxonomy.targets),
        "ids": {label: index for index, label in enumerate(taxonomy.targets)},
    }
    if not catalogue.is_compiled("ko"):
        _log.warning(tr("README.ko.md is English: the Korean texts of this checkout are not compiled"))
    contents = {
        "labels.json": _to_json(labels),
        # Both in every language, so that the same input makes the same files for everybody.
        "README.md": dataset_card(manifest),
        "README.ko.md": korean_card(manifest),
        "croissant.json": _to_json(croissant(manifest.files)),
        data_contract.FILE: _to_yaml(data_contract.describe(manifest)),
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return describe_files(folder, *contents)


def dataset_card(manifest: Manifest) -> str:
    """Returns the dataset card of Hugging Face.

    Its head is for programs: it tells `datasets.load_dataset` which files are which split.
    """
    split_files = "".join(
        f"      - split: {split}\n        path: data/{split}-*.parquet\n"
        for split, counts in manifest.splits.items()
        if counts.rows
    )
    head = (
        "---\nlanguage: [ko]\ntask_categories: [text-classification]\npretty_name: Korean emotion sentences\n"
        f"configs:\n  - config_name: default\n    data_files:\n{split_files}---\n"
    )
    return "\n".join((head, *map(str, _prose(manifest, tr("[In Korean](README.ko.md)")))))


def korean_card(manifest: Manifest) -> str:
    """Returns the same card in Korean, for people alone."""
    prose = _prose(manifest, tr("[In English](README.md)"))
    return "\n".join(translated(paragraph, "ko") for paragraph in prose)


def _prose(manifest: Manifest, link: str) -> Iterator[str]:
    """Yields the paragraphs of a card, with a link to the other one."""
    labelled = [counts for split, counts in manifest.splits.items() if split != UNLABELLED]
    yield from _introduction(manifest, link)
    yield tr("| corpus | licence | read | kept | rejected |")
    yield "|---|---|---:|---:|---:|"
    for source, counts in manifest.counts.items():
        corpus = contract.load(source)
        yield tr(
            "| {title} (`{source}`) | {licence} | {read:,} | {kept:,} | {rejected:,} |",
            title=tr(corpus.title),
            source=source,
            licence=tr(corpus.licence),
            read=counts.read,
            kept=counts.kept,
            rejected=counts.read - counts.kept,
        )
    yield ""
    yield tr("| label | train | validation | test |")
    yield "|---|---:|---:|---:|"
    for label in manifest.taxonomy.targets:
        numbers = (f"{round(counts.labels[label], 1):,}" for counts in labelled)
        yield f"| {escape(label)} | {' | '.join(numbers)} |"
    yield ""
    yield from _end(manifest)


def _introduction(manifest: Manifest, link: str) -> Iterator[str]:
    yield tr("# Korean emotion sentences")
    yield ""
    yield link
    yield ""
    yield tr(
        "Labels: taxonomy {taxonomy}{votes}. Tagger: `{tagger}`.",
        taxonomy=code(manifest.taxonomy.name),
        votes=_VOTES[manifest.settings.labels],
        tagger=manifest.tagger.name,
    )
    yield tr(
        "Key tokens: {after:,} of {before:,} tokens; `manifest.json` says which were removed.",
        after=manifest.tokens.after,
        before=manifest.tokens.before,
    )
    yield tr("Each corpus keeps its own licence; AIHub corpora may not be redistributed.")
    yield ""


def _end(manifest: Manifest) -> Iterator[str]:
    if counts := manifest.splits.get(UNLABELLED):
        yield tr(
            "The split `{split}` has {rows:,} rows that wait for a label: `label` is null there.",
            split=UNLABELLED,
            rows=counts.rows,
        )
        yield ""
    yield tr(
        "Every rejected row is in `rejects/` with its reason; `manifest.json` accounts for every raw file."
    )
    yield ""


def croissant(files: dict[str, FileEntry]) -> dict[str, Any]:
    """Croissant 1.0 metadata (MLCommons) of the shards."""
    shards = [name for name in sorted(files) if name.startswith("data/")]
    fields = [_field(column) for column in row.column_specs() if column["in"] == "both"]
    distribution: list[dict[str, Any]] = [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "encodingFormat": "application/x-parquet",
            "sha256": files[name].sha256,
        }
        for name in shards
    ]
    distribution.append(
        {
            "@type": "cr:FileSet",
            "@id": "shards",
            "name": "shards",
            "encodingFormat": "application/x-parquet",
            "includes": "data/*.parquet",
        }
    )
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "korean-emotion-sentences",
        "description": "Korean sentences with emotion labels, cleaned, tagged and split without leaks.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "inLanguage": "ko",
        "distribution": distribution,
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}],
    }


def _field(column: dict[str, Any]) -> dict[str, Any]:
    """A column as Croissant describes it; the parts of a vote are fields below it."""
    kinds = {"string": "sc:Text", "dictionary": "sc:Text", "int64": "sc:Integer", "list<string>": "sc:Text"}
    name, kind = column["name"], column["type"]
    source = {"fileSet": {"@id": "shards"}, "extract": {"column": name}}
    parts = [
        {
            "@type": "cr:Field",
            "@id": f"rows/{name}/{part}",
            "name": part,
            "dataType": data_type,
            "source": {**source, "transform": {"jsonPath": part}},
        }
        for part, data_type in (("label", "sc:Text"), ("weight", "sc:Float"))
    ]
    return {
        "@type": "cr:Field",
        "@id": f"rows/{name}",
        "name": name,
        "description": column["about"],
        **({"subField": parts} if kind == "list<vote>" else {"dataType": kinds[kind]}),
        **({"repeated": True} if kind.startswith("list") else {}),
        "source": source,
    }


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _to_yaml(document: dict[str, Any]) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # ten times as fast
    return str(yaml.dump(document, Dumper=dumper, allow_unicode=True, sort_keys=False, width=110))
