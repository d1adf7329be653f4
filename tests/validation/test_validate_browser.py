"""The report as Chromium shows it. These tests install nothing, and skip without a browser or playwright."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browsers import CHROMIUM, new_tab, start_chromium
from support.contrast import CONTRASTS
from support.small_datasets import Row, clean_rows, make_reject, write_dataset

from etl.validation.run import validate

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

ATTACK = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
PHONE, DESK, PAPER = 390, 1280, 688  # CSS pixels; A4 less the margins of report.css is 182 mm
# Ordinary words that stand on two lines without a hyphen, of all text but ids and code.
BROKEN_WORDS = """body => {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT), broken = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("style, code, .id")) continue;
    for (const word of node.data.matchAll(/[A-Za-z가-힣]+/g)) {
      if (word[0].length > 20) continue;
      const range = document.createRange();
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
      if (lines.size > 1) broken.push(word[0]);
    }
  }
  return broken;
}"""
BOXES = """elements => elements.map(element => {
  const {left, right, width, height} = element.getBoundingClientRect();
  return {left, right, width, height, says: element.getAttribute("aria-label")};
})"""
COLOUR = "element => getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number)"

OpenPage = Callable[..., Any]


def hostile_rows() -> list[Row]:
    """Rows with leaks, drift and two sources; markup and endless words wherever a text can stand."""
    rows = clean_rows(train=120)
    for row in rows[100:]:
        row["source"] = f"kote {ATTACK}"
    rows[0]["id"] = rows[1]["id"] = f"table:{IMAGE}"
    for at, split in ((0, "train"), (125, "validation"), (145, "test")):
        rows[at] |= {"raw_text": f"{ATTACK} 오늘은 정말 좋은 날이다", "text": "오늘은 정말 좋은 날이다"}
        assert rows[at]["split"] == split
    rows[2]["label"], rows[126]["label"] = f"기쁨 {ATTACK}", "label" * 300
    rows[127]["group"] = rows[3]["group"]
    rows[127]["id"] = "table:" + "endless" * 70
    return rows


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser") / f"dataset {IMAGE}"
    path = write_dataset(folder, hostile_rows(), [make_reject(900, "empty_text")])
    validate(path, show_text=True)
    return path / "validation" / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with start_chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Any, report: Path) -> Iterator[OpenPage]:
    """`open_page(**options of the context)` opens the report."""
    pages = []

    def open_here(width: int = DESK, **options: Any) -> Any:
        page = new_tab(browser, viewport={"width": width, "height": 844}, **options)
        pages.append(page)
        page.goto(report.as_uri())
        return page

    yield open_here
    for page in pages:
        page.close()


def test_nothing_is_requested_and_the_console_stays_empty(browser: Any, report: Path) -> None:
    page = new_tab(browser)
    requested, said = [], []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto(report.as_uri(), wait_until="networkidle")
    page.close()
    assert requested == [report.as_uri()]
    assert said == []


def test_charts_are_seen_without_javascript_and_say_what_they_show(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    assert page.locator("h1").inner_text() == "Do not train on this yet"
    headings = page.locator("h2").all_inner_texts()
    assert {"Labels by split", "Labels by source", "Drift", "Leakage", "Findings"} <= {*headings}
    charts = page.locator("[role=img]").evaluate_all(BOXES)
    assert len(charts) > 20
    assert all(box["width"] > 50 and box["height"] > 4 and box["says"] for box in charts)
    bars = page.locator(".bar i").evaluate_all(BOXES)
    assert len(bars) > 20
    assert all(box["width"] > 0 and box["height"] > 4 for box in bars)


@pytest.mark.parametrize("width", [320, PHONE, DESK])
def test_the_page_never_scrolls_sideways(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in page.locator("header, section, article, .scroll, p, footer").evaluate_all(BOXES):
        assert 0 <= box["left"] <= box["right"] <= width


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_no_word_is_broken_in_its_middle(open_page: OpenPage, width: int) -> None:
    assert open_page(width).locator("body").evaluate(BROKEN_WORDS) == []


def test_areas_that_were_not_looked_at_have_whole_names(
    browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("apart")
    rows = [f"{row['raw_text']},{row['label']}" for row in clean_rows()]
    (folder / "rows.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    validate(folder / "rows.csv")
    for width in (PHONE, DESK):
        page = new_tab(browser, viewport={"width": width, "height": 800})
        page.goto((folder / "rows.csv.validation" / "report.html").as_uri())
        assert page.locator("body").evaluate(BROKEN_WORDS) == []
        page.close()


def test_markup_in_the_data_is_shown_as_it_was_written(open_page: OpenPage) -> None:
    page = open_page()
    shown = page.locator("body").inner_text()
    assert page.locator("script, img, iframe, object, link").count() == 0
    assert f"{ATTACK} 오늘은 정말 좋은 날이다" in page.locator("q").all_inner_texts()
    for text in (f"기쁨 {ATTACK}", f"kote {ATTACK}", f"table:{IMAGE}", f"dataset {IMAGE}"):
        assert text in shown, text
    assert page.title() == f"dataset {IMAGE}: validation report"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_the_light_and_in_the_dark(open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    parts = page.locator("h1, h2, h3, p, th, td, dt, dd, li, a, code, .badge, .quiet, .bad, .doubt")
    assert [text for text, contrast in parts.evaluate_all(CONTRASTS) if contrast < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_splits_differ_in_lightness_for_who_sees_no_colours(open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    lightness = []
    for split in ("train", "validation", "test"):
        red, green, blue = page.locator(f".legend .{split}").first.evaluate(COLOUR)
        lightness.append(sum(w * (c / 255) ** 2.2 for w, c in ((0.21, red), (0.72, green), (0.07, blue))))
    darkest, middle, lightest = sorted(lightness)
    assert middle > 1.3 * darkest
    assert lightest > 1.3 * middle


def test_it_prints_on_white_paper_with_nothing_cut_off(open_page: OpenPage) -> None:
    page = open_page(PAPER, color_scheme="dark")
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
    page.emulate_media(media="print")
    assert page.locator("body").evaluate(COLOUR) == [255, 255, 255]
    assert max(box["right"] for box in page.locator("table, p").evaluate_all(BOXES)) <= PAPER


def test_links_lead_to_the_finding_they_name(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    for link in page.locator("#findings table a").all():
        target = page.locator(link.get_attribute("href"))
        assert target.count() == 1
        assert target.locator("h3").inner_text().startswith(link.inner_text())
