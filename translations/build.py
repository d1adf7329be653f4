"""The step of the build that compiles the translations: `hatch.build.hooks.custom` in pyproject.toml."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))

from catalogues import compile_all


class CompileTranslations(BuildHookInterface[Any]):
    """Compiles them into the package, for a wheel as for an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling calls it
        """Runs before the files are collected."""
        compile_all(Path(self.root))
