"""Options of every function take paths as strings."""

from pathlib import Path

import pytest

from segrefiner_mm.apis import (
    DecisionOptions,
    PredictionOptions,
    ReportOptions,
)


@pytest.mark.parametrize(
    ('kind', 'field'),
    [
        (DecisionOptions, 'coarse'),
        (PredictionOptions, 'img_dir'),
        (PredictionOptions, 'ann'),
        (PredictionOptions, 'report'),
        (ReportOptions, 'coarse'),
        (ReportOptions, 'img_dir'),
        (ReportOptions, 'ann'),
        (ReportOptions, 'evidence'),
    ],
)
def test_strings_become_paths(kind, field):
    assert getattr(kind(**{field: 'a/b'}), field) == Path('a/b')
    assert getattr(kind(), field) is None
