"""The examples of the documents run as they stand."""

import doctest

import pytest

from tests.helpers import ROOT


@pytest.mark.parametrize('name', ['architecture.md'])
def test_examples(name):
    found = doctest.testfile(str(ROOT / 'docs' / name), module_relative=False)
    assert found.attempted > 0
    assert found.failed == 0
