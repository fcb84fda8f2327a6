"""A real browser for the review page."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip('playwright.sync_api')
expect = playwright.expect
BROWSER = shutil.which('chromium') or shutil.which('chromium-browser')
if BROWSER is None:
    pytest.skip('no chromium on this machine', allow_module_level=True)

FLAGS = (
    *('--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'),
    *('--disable-background-networking', '--disable-component-update'),
    '--disable-sync',
)
PATIENCE = 120_000  # milliseconds, on a machine that is busy


@contextmanager
def launched() -> Iterator[Any]:
    """Chromium without a window."""
    expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as engine:
        yield engine.chromium.launch(
            executable_path=BROWSER, args=list(FLAGS), timeout=PATIENCE
        )


@contextmanager
def opened(browser: Any, report: Path, **settings: Any) -> Iterator[Any]:
    """The page, opened from the disk; errors and requests are collected."""
    settings = dict(viewport=dict(width=1200, height=850)) | settings
    context = browser.new_context(color_scheme='light', **settings)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.problems, page.asked = [], []
    page.on('pageerror', lambda error: page.problems.append(str(error)))
    page.on(
        'console',
        lambda m: m.type == 'error' and page.problems.append(m.text),
    )
    page.on('request', lambda request: page.asked.append(request.url))
    page.on('requestfailed', lambda r: page.problems.append(r.url))
    page.goto(report.joinpath('index.html').as_uri())
    page.wait_for_selector('html[data-ready]')
    yield page
    assert page.problems == []
    context.close()


def text(page: Any, selector: str) -> str:
    return page.locator(selector).inner_text()


def export(page: Any, path: Path) -> Any:
    with page.expect_download() as download:
        page.click('#export')
    download.value.save_as(path)
    return json.loads(path.read_text())
