"""The page at `/`: that of a web export where the model has one, else a plain one that asks the server."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path

from etl.errors import SettingsError
from etl.models.baseline.tokens import TokenEncoder
from etl.models.checkpoint import load_model
from etl.models.export.web.bundle import describe_page, make_pack
from etl.models.export.web.page import render_page, spell
from etl.models.linear.features import FeatureEncoder
from etl.schema import resources

_PLAIN = "plain_page"


def page_of(model: Path, language: str | None = None) -> bytes | None:
    """Returns the page of a web export, on which a model answers by itself; None where it has none.

    Args:
        model: its folder.
        language: in which the page opens; None: that of the browser.

    Raises:
        InputError: the model is damaged.
    """
    checkpoint = load_model(model)
    if not isinstance(checkpoint.encoder, TokenEncoder | FeatureEncoder):
        return None  # a transformer, whose page loads its runtime from files beside it
    try:
        pack = make_pack(model, checkpoint, checkpoint.max_len, is_int8=True)
    except SettingsError:
        return None  # its tagger runs in Python alone
    return render_page({**describe_page(checkpoint), "language": language}, pack).encode()


def plain_page(language: str | None = None) -> bytes:
    """Returns a page that sends what is written in its box to the server, and shows the answer.

    Args:
        language: in which the page is; None: that of the browser.
    """
    folder = files("etl.serving").joinpath(_PLAIN)
    page, script, style = (
        folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.html", "page.js", "page.css")
    )
    constants = {"pageWords": resources.load("schemas", "page.yaml"), "pageLanguage": language}
    script = "".join(f"const {name} = {spell(value)};\n" for name, value in constants.items()) + script
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    )
    for name, content in {"policy": policy, "script": script, "style": style}.items():
        page = page.replace(f"{{{{{name}}}}}", content)
    return page.encode()


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
