"""A Chromium that the machine has; nothing is installed for it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support.patience import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def start_chromium() -> Iterator[Any]:
    """Yields a running Chromium, as playwright knows it; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        # Chromium's own sandbox does not start for root, as whom containers run tests.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def new_tab(browser: Any, **options: Any) -> Any:
    """Opens a tab, with a context of its own: closing one closes the other.

    Args:
        browser: of `start_chromium`.
        options: of the context.
    """
    tab = browser.new_page(**options)
    tab.set_default_timeout(PATIENCE * 1000)
    return tab
