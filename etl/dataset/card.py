"""Writes metadata for other tools: the dataset card of Hugging Face, Croissant, and a data contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from etl.dataset import data_contract
from etl.dataset.manifest import FileEntry, Manifest, describe_files
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

# What the card says of rows with several labels or votes.
_VOTES = {
    "majority": "",
    "soft": ", a row with votes shared out between its labels (`labels: soft`): see `label_votes`",
    "multi": ", several of them a row (`labels: multi`): those that `label_votes` names",
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
    contents = {
        "labels.json": _to_json(labels),
        "README.md": dataset_card(manifest),
        "croissant.json": _to_json(croissant(manifest.files)),
        data_contract.FILE: _to_yaml(data_contract.describe(manifest)),
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return describe_files(folder, *contents)


def dataset_card(manifest: Manifest) -> str:
    """The dataset card. Its head tells `datasets.load_dataset` which files are which split."""
    split_files = "".join(
        f"      - split: {split}\n        path: data/{split}-*.parquet\n"
        for split, counts in manifest.splits.items()
        if counts.rows
    )
    head = (
        "---\nlanguage: [ko]\ntask_categories: [text-classification]\npretty_name: Korean emotion sentences\n"
        f"configs:\n  - config_name: default\n    data_files:\n{split_files}---\n"
    )
    sources = "".join(
        f"| {contract.load(source).title} (`{source}`) | {contract.load(source).licence} "
        f"| {counts.read:,} | {counts.kept:,} | {counts.read - counts.kept:,} |\n"
        for source, counts in manifest.counts.items()
    )
    labelled = [counts for split, counts in manifest.splits.items() if split != UNLABELLED]
    labels = "".join(
        f"| {escape(label)} | "
        + " | ".join(f"{round(counts.labels[label], 1):,}" for counts in labelled)
        + " |\n"
        for label in manifest.taxonomy.targets
    )
    return (
        f"{head}\n# Korean emotion sentences\n\n"
        f"Labels: taxonomy {code(manifest.taxonomy.name)}{_VOTES[manifest.settings.labels]}. "
        f"Tagger: `{manifest.tagger.name}`.\n"
        f"Key tokens: {manifest.tokens.after:,} of {manifest.tokens.before:,} tokens; "
        "`manifest.json` says which were removed.\n"
        "Each corpus keeps its own licence; AIHub corpora may not be redistributed.\n\n"
        "| corpus | licence | read | kept | rejected |\n|---|---|---:|---:|---:|\n"
        f"{sources}\n| label | train | validation | test |\n|---|---:|---:|---:|\n{labels}\n"
        f"{_unlabelled(manifest)}"
        "Every rejected row is in `rejects/` with its reason; `manifest.json` accounts for every raw file.\n"
    )


def _unlabelled(manifest: Manifest) -> str:
    """Returns what the card says of rows that wait for a label; "" where there are none."""
    counts = manifest.splits.get(UNLABELLED)
    if counts is None:
        return ""
    return (
        f"The split `{UNLABELLED}` has {counts.rows:,} rows that wait for a label: `label` is null there.\n\n"
    )


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
