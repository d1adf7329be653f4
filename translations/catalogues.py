"""Compiles the translations, `translations/LANGUAGE.po`, into what gettext reads."""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
DOMAIN = "messages"
COMPILED = "etl/language/compiled"


def compile_all(root: Path = ROOT) -> list[Path]:
    """Writes a compiled catalogue for each language, without what is marked fuzzy; returns their paths."""
    written = []
    for source in sorted((root / "translations").glob("*.po")):
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.stem, domain=DOMAIN)
        target = root / COMPILED / source.stem / "LC_MESSAGES" / f"{DOMAIN}.mo"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            write_mo(file, catalogue)
        written.append(target)
    return written


if __name__ == "__main__":
    compile_all()
