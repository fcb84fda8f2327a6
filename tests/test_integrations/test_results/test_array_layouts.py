"""Arrays whose axes are in another order; (N, H, W) is the reference."""

import numpy as np
import pytest
import torch

from segrefiner_mm import refine
from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results.array_layouts import open_layout
from tests.test_integrations.test_results.conftest import OPTIONS


def test_one_channel_per_mask(two_objects):
    given = torch.from_numpy(two_objects.coarse[:, None])
    result = refine(two_objects.image, given, **OPTIONS)
    np.testing.assert_array_equal(result, two_objects.refined[:, None])


def test_masks_on_the_last_axis(two_objects):
    given = two_objects.coarse.transpose(1, 2, 0)
    result = refine(two_objects.image, given, **OPTIONS)
    expected = two_objects.refined.transpose(1, 2, 0)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize('shape', [(2, 5, 7), (5, 7), (1, 5, 7), (0, 5, 7)])
def test_the_usual_order_is_left_alone(shape):
    assert open_layout(np.zeros(shape), [(5, 7)]) is None


@pytest.mark.parametrize(
    ('shape', 'words'),
    [((6, 6, 6), 'could be'), ((6, 6, 3), 'colour'), ((6, 6, 4), 'colour')],
)
def test_ambiguity_is_refused_in_words(shape, words):
    with pytest.raises(InputError, match=words):
        open_layout(np.zeros(shape), [(6, 6)])
