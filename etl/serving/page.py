"""The page at `/`: that of a web export where the model has one, else a plain one that asks the server."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path

_PLAIN = "plain_page"


def page_of(model: Path) -> bytes | None:  # noqa: ARG001
    """Returns the page on which a model answers by itself; None where it cannot be exported so."""
    return None


def plain_page() -> bytes:
    """Returns a page that sends what is written in its box to the server, and shows the answer."""
    folder = files("etl.serving").joinpath(_PLAIN)
    page, script, style = (
        folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.html", "page.js", "page.css")
    )
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    )
    for name, content in {"policy": policy, "script": script, "style": style}.items():
        page = page.replace(f"{{{{{name}}}}}", content)
    return page.encode()


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
