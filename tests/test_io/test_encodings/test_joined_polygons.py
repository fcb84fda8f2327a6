"""Polygons joined into one."""

import numpy as np

from segrefiner_mm.io.encodings.joined_polygons import joined


def test_joined_keeps_every_corner():
    rng = np.random.default_rng(0)
    parts = [rng.random((n, 2)) for n in (5, 4, 3000)]
    whole = joined(parts)
    assert len(whole) == 3009 + 2 * 2
    assert {*map(tuple, whole)} == {*map(tuple, np.concatenate(parts))}
