"""The page of `etl review` in this process, and what a browser would send to it."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from etl.dataset.read import open_dataset
from etl.review.browsing import Review
from etl.review.serve import Choices, address, open_review, serve
from etl.runtime.loopback import open_socket
from support.browsers import new_tab, start_chromium
from support.patience import PATIENCE

TOKEN = "a-token-of-a-test"


@dataclass(frozen=True)
class Page:
    """A page that is served."""

    url: str
    review: Review

    def send(
        self, path: str, body: Any = None, *, method: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Returns status, content and headers of the answer to a request; `path` begins after the token."""
        parts = urlsplit(self.url)
        path = path if path.startswith("/") else parts.path + path
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=PATIENCE)
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            connection.request(
                method or ("GET" if body is None else "POST"), path, content, dict(headers or {})
            )
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def find(self, queue: str = "all", **wanted: Any) -> dict[str, Any]:
        """Returns what the page shows of a queue."""
        self.review.queues.wait(queue)
        status, content, _ = self.send("api/find", {"queue": queue, **wanted})
        assert status == 200, content
        found: dict[str, Any] = json.loads(content)
        return found

    def decide(self, queue: str, row: int, decision: str, *labels: str, **more: Any) -> dict[str, Any]:
        """Decides on a row, which must be answered well."""
        sent = {"queue": queue, "row": row, "decision": decision, "labels": labels, "by": "kim"} | more
        status, content, _ = self.send("api/decide", sent)
        assert status == 200, content
        answer: dict[str, Any] = json.loads(content)
        return answer


@contextmanager
def review_page(dataset: Path, corrections: Path, **choices: Any) -> Iterator[Page]:
    """Serves the page of a dataset while the block runs."""
    review = open_review(open_dataset(dataset), Choices(corrections=corrections, **choices))
    with open_socket(0) as listening, serve(review, TOKEN, listening):
        yield Page(address(TOKEN, listening), review)


@contextmanager
def open_tab(url: str, by: str) -> Iterator[Any]:
    """Opens an address of the page in Chromium as somebody; its console must say nothing."""
    said: list[str] = []
    with start_chromium() as browser:
        tab = new_tab(browser, locale="ko-KR")
        tab.on("console", lambda message: said.append(message.text))
        tab.add_init_script(f"localStorage.setItem('etl-review-name', {json.dumps(by)})")
        tab.goto(url)
        tab.wait_for_selector("#text")
        yield tab
    assert said == []


def press(page: Any, key: str, event: Mapping[str, Any] | None = None) -> None:
    """Presses a key in a browser, and waits until the page is done with it.

    Args:
        page: of playwright.
        key: its name; or a function of the page that makes an event of what `event` says.
        event: None presses the key as it is called.
    """
    from playwright.sync_api import expect

    row = page.locator("#row")
    turns = int(row.get_attribute("data-turns") or 0)
    if event is None:
        page.keyboard.press(key)
    else:
        page.evaluate(key, event)
    # Not `wait_for_function`: what it polls is evaluated in the page, which the page's own policy refuses.
    expect(row).to_have_attribute("data-turns", re.compile(rf"^(?!{turns}$)\d+$"), timeout=PATIENCE * 1000)
