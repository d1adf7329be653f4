"""The page: HTML that holds its script and its style, and may load nothing but the model beside it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from etl.models.export.web.modules import PAGE, join_modules
from etl.schema import resources

# WebAssembly is compiled from bytes that stand in the script.
_POLICY = (
    "default-src 'none'; script-src {scripts} 'wasm-unsafe-eval'; style-src {style}; img-src data:; "
    "connect-src {connect}; base-uri 'none'; form-action 'none'"
)
MODEL_FILE = "model.js"


def assign_model(pack: bytes) -> str:
    """Returns the script that holds a pack: one line, for a page, a module and Node alike."""
    return f'globalThis.emotionModel = "{base64.b64encode(pack).decode()}";\n'


def render_page(about: dict[str, Any], pack: bytes | None = None) -> str:
    """Returns the HTML of the page.

    Args:
        about: what its last line says of the model: `model`, `tagger`, `labels`.
        pack: is put into the page; None: the page loads `model.js`, which lies beside it.
    """
    if pack is None:
        # The page of a folder may be opened from the disk, whose files have no origin that 'self' could mean.
        return _render("disk.js", about, f'<script src="{MODEL_FILE}"></script>', ["'self'", "file:"])
    assigned = assign_model(pack)
    return _render("disk.js", about, f"<script>{assigned}</script>", [_hash(assigned)])


def render_served_page(about: dict[str, Any]) -> str:
    """Returns the HTML of a page that imports `classifier.js`, as only a page from a server may.

    Args:
        about: what its last line says of the model: `model`, `tagger`, `labels`.
    """
    return _render("served.js", {**about, "is_served": True}, "", ["'self'"], connect="'self'")


def _render(
    entry: str, about: dict[str, Any], model: str, sources: list[str], connect: str = "'none'"
) -> str:
    """Fills the page in.

    Args:
        entry: the script that starts it.
        about: see `render_page`.
        model: the element that holds or loads the model.
        sources: of scripts, besides its own.
        connect: what its scripts may ask for.
    """
    words = resources.load("schemas", "page.yaml")
    constants = f"const pageWords = {spell(words)};\nconst aboutModel = {spell(about)};\n"
    script = constants + join_modules(PAGE / entry)
    style = (PAGE / "page.css").read_text(encoding="utf-8")
    scripts = " ".join([_hash(script), *sources])
    parts = {
        "policy": _POLICY.format(scripts=scripts, style=_hash(style), connect=connect),
        "style": style,
        "model": model,
        "script": script,
    }
    page = (PAGE / "page.html").read_text(encoding="utf-8")
    for name, content in parts.items():
        page = page.replace(f"{{{{{name}}}}}", content)
    return page


def render_module() -> str:
    """Returns the script of the ES module, which imports `model.js`."""
    entry = (PAGE / "module.js").read_text(encoding="utf-8")
    return f'import "./{MODEL_FILE}";\n\n{join_modules(PAGE / "../runtime/classify.js")}\n{entry}'


def spell(value: object) -> str:
    """A value as JavaScript that no `</script>` in it can end."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
