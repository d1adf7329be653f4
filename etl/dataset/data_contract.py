"""The contract of one dataset: the promises of `data_contracts/dataset.odcs.yaml`, with its own servers.

`datacontract test dataset.odcs.yaml`, called in the dataset's folder, compares the shards with it.
"""

from __future__ import annotations

from typing import Any

from etl.dataset.manifest import Manifest
from etl.schema import resources
from etl.schema.splits import UNLABELLED

FILE = "dataset.odcs.yaml"


def describe(manifest: Manifest) -> dict[str, Any]:
    """Returns the contract of a dataset, in the Open Data Contract Standard v3.1.

    Args:
        manifest: of the dataset; its shards are listed.
    """
    general: dict[str, Any] = resources.load("data_contracts", FILE)
    rows = {
        "data": sum(counts.rows for counts in manifest.splits.values()),
        "rejects": sum(sum(counts.rejected.values()) for counts in manifest.counts.values()),
    }
    folders = {name.partition("/")[0] for name in manifest.files if name.endswith(".parquet")}
    server = {
        "server": "shards",
        "type": "local",
        "path": "{model}/*.parquet",  # of the dataset's folder; a schema is called after its folder
        "format": "parquet",
        "description": "kept rows in data/, rejected ones in rejects/; the working folder is the dataset's",
    }
    schemas = [
        {
            **schema,
            "properties": [
                _property(each, manifest, is_reject=schema["name"] == "rejects")
                for each in schema["properties"]
            ],
            "quality": [_row_count(rows[schema["name"]])],
        }
        for schema in general["schema"]
        if schema["name"] in folders
    ]
    return {**general, "servers": [server], "schema": schemas}


def _property(described: dict[str, Any], manifest: Manifest, *, is_reject: bool) -> dict[str, Any]:
    """Leaves out `physicalType`: programs read a dictionary as strings, and call it so."""
    kept = {key: value for key, value in described.items() if key != "physicalType"}
    if described["name"] == "label" and not is_reject:
        if manifest.settings.labels == "majority" and UNLABELLED not in manifest.splits:
            kept["required"] = True
        kept["quality"] = [_valid_values(list(manifest.taxonomy.targets))]
    return kept


def _valid_values(values: list[str]) -> dict[str, Any]:
    return {
        "type": "library",
        "metric": "invalidValues",
        "arguments": {"validValues": values},
        "mustBe": 0,
        "unit": "rows",
        "severity": "error",
        "description": "targets of the taxonomy",
    }


def _row_count(rows: int) -> dict[str, Any]:
    return {
        "type": "library",
        "metric": "rowCount",
        "mustBe": rows,
        "unit": "rows",
        "severity": "error",
        "description": "manifest.json",
    }
