"""The description of what a server answers: `schemas/openapi.yaml`, with what the running one adds."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import etl
from etl.schema import resources
from etl.serving.limits import Limits


def describe(labels: Sequence[str], limits: Limits) -> dict[str, Any]:
    """Returns an OpenAPI 3.1 description.

    Args:
        labels: of the model.
        limits: of the server.
    """
    document: dict[str, Any] = deepcopy(resources.load("schemas", "openapi.yaml"))
    document["info"]["version"] = etl.__version__
    schemas = document["components"]["schemas"]
    schemas["Label"]["enum"] = list(labels)
    schemas["Text"]["maxLength"] = limits.max_chars
    schemas["Request"]["properties"]["texts"]["maxItems"] = limits.max_texts
    return document
