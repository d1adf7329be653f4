"""Thresholds and severities that the settings put in the place of those in `schemas/checks/`.

They hold while a validation runs (`chosen`), so that no check has to hand them on.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from etl.errors import SettingsError
from etl.settings import Validate

_CHOSEN: ContextVar[Validate | None] = ContextVar("chosen", default=None)


@contextmanager
def chosen(settings: Validate, codes: Collection[str]) -> Iterator[None]:
    """Within the block, `applied` gives these thresholds and severities.

    Args:
        settings: the section `validate` of the settings.
        codes: every finding code there is.

    Raises:
        SettingsError: a code is not among them.
    """
    for section, named in (("thresholds", settings.thresholds), ("severities", settings.severities)):
        for code in named:
            if code not in codes:
                raise _unknown(section, code, codes)
    token = _CHOSEN.set(settings)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def applied(checks: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The entries of `schemas/checks/` with what was chosen in the place of theirs."""
    settings = _CHOSEN.get()
    if settings is None:
        return dict(checks)
    return {
        code: {
            **check,
            "threshold": settings.thresholds.get(code, check["threshold"]),
            "severity": settings.severities.get(code, check["severity"]),
        }
        for code, check in checks.items()
    }


def _unknown(section: str, code: str, codes: Collection[str]) -> SettingsError:
    nearest = difflib.get_close_matches(code, codes, n=3, cutoff=0.5)
    meant = f"the nearest are {', '.join(nearest)}" if nearest else f"expected one of {', '.join(codes)}"
    return SettingsError(
        f"validate.{section} names {code!r}, which is no finding code",
        details=[meant],
        next_step="correct the code in your etl.yaml; docs/dataset.md lists them all.",
    )
