import numpy as np

from segrefiner_mm.video.signed_distance import REACH, signed_distance


def test_the_edge_is_between_two_pixels():
    mask = np.zeros((5, 9), bool)
    mask[:, 4:] = True
    row = signed_distance(mask)[2]
    assert row.tolist() == [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5]


def test_masks_without_an_edge():
    assert (signed_distance(np.zeros((3, 3), bool)) == -REACH).all()
    assert (signed_distance(np.ones((3, 3), bool)) == REACH).all()


def test_the_sign_is_the_mask():
    mask = np.random.default_rng(0).random((40, 40)) > 0.5
    np.testing.assert_array_equal(signed_distance(mask) > 0, mask)
