"""Fixtures of several tests of the review page."""

import pytest


@pytest.fixture(scope='module')
def browser():
    from tests.test_review.browser import launched

    with launched() as chromium:
        yield chromium
