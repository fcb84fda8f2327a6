"""What a journal notes of the part that may change."""

import numpy as np
import pytest
import torch

from segrefiner_mm.runs.extras import Extras
from segrefiner_mm.runs.only_parts import OnlyParts

PARTS = np.zeros((2, 200, 200), bool)
PARTS[1, 80:120, 80:120] = True  # NumPy's text of both is the same


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        (None, 'errors'),
        ((0, 0, 9, 9), (0, 0, 9, 8)),
        (PARTS[0], PARTS[1]),
        ([PARTS[0]], [PARTS[1]]),
        ([(0, 0), (9, 0), (9, 9)], [(0, 0), (9, 0), (9, 8)]),
        (torch.from_numpy(PARTS[0]), torch.from_numpy(PARTS[1])),
    ],
)
def test_another_part_is_another_setting(first, second):
    for describe in (
        lambda part: OnlyParts(part).described(),
        lambda part: Extras(None, OnlyParts(part)).described(),
    ):
        assert describe(first) != describe(second)
        assert describe(second) == describe(second)
