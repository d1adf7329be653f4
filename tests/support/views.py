"""Views of small datasets, for tests of a single check."""

from dataclasses import replace
from pathlib import Path

from msgspec import structs

from etl.dataset.read import open_dataset
from etl.validation.check import ReportContext
from etl.validation.rules import load_rules
from etl.validation.view import View

RULES = load_rules()
# For sections that show nothing but the measures of their own check.
NO_CONTEXT = ReportContext({}, RULES)


def view_of(path: Path, *, earlier: Path | None = None, **dedupe: float) -> View:
    """A dataset as the checks see it, with other settings of `dedupe` than in its manifest."""
    dataset = open_dataset(path)
    chosen = structs.replace(dataset.manifest.settings.dedupe, **dedupe)
    settings = structs.replace(dataset.manifest.settings, dedupe=chosen)
    dataset = replace(dataset, manifest=structs.replace(dataset.manifest, settings=settings))
    return View(dataset, earlier=open_dataset(earlier) if earlier else None)
