"""Fixtures of tests of the review page, unless a module has its own."""

import pytest

from segrefiner_mm.apis import ReportOptions, write_report
from tests.test_review.scenes import write_review


@pytest.fixture(scope='module')
def browser():
    from tests.test_review.browser import launched

    with launched() as chromium:
        yield chromium


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    """Pictures of masks that are shrunk, as their images are large."""
    folder = tmp_path_factory.mktemp('page') / 'data'
    return write_review(folder, 5, height=1000, width=1200)


@pytest.fixture(scope='module')
def report(scenes, tmp_path_factory):
    out = tmp_path_factory.mktemp('report') / 'page'
    options = ReportOptions(scenes.coarse, scenes.img_dir, scenes.ann)
    write_report(scenes.refined, out, options)
    return out


@pytest.fixture
def page(browser, report):
    from tests.test_review.browser import opened

    with opened(browser, report) as page:
        yield page
