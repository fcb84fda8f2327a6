"""A square in the middle of an image comes to lie at its border."""

import numpy as np
import pytest

from segrefiner_mm.datasets.transforms import CutAtBorder


def sample(seed=0):
    mask = np.zeros((100, 120), np.uint8)
    mask[30:70, 40:80] = 1  # 40 x 40
    rows, columns = np.indices(mask.shape)
    image = np.stack([rows, columns, mask], -1).astype(np.uint8)
    return dict(img=image, gt_mask=mask, coarse_mask=mask.copy(), seed=seed)


def margins(mask):
    """Rows or columns between the object and each side of the image."""
    rows, columns = np.nonzero(mask)
    height, width = mask.shape
    return (
        rows.min(),
        height - 1 - rows.max(),
        columns.min(),
        width - 1 - columns.max(),
    )


@pytest.mark.parametrize('seed', range(12))
def test_one_side_or_two_that_meet_come_close(seed):
    results = CutAtBorder(prob=1.0).transform(sample(seed))
    mask = results['gt_mask']
    # A twentieth of 40 pixels stays beside the object at most; the margins
    # of the whole image are 30 rows and 40 columns.
    close = [margin <= 2 for margin in margins(mask)]
    assert 1 <= sum(close) <= 2
    assert sum(close[:2]) <= 1
    assert sum(close[2:]) <= 1
    # A fifth of either side is cut off at most.
    assert np.count_nonzero(mask) >= 32 * 32
    # Image and masks are cropped alike.
    assert np.array_equal(results['img'][..., 2], mask)
    assert np.array_equal(results['coarse_mask'], mask)
    assert results['img'].flags.c_contiguous


def test_every_side_is_cut_by_some_seed():
    seen = [
        tuple(margin <= 2 for margin in margins(result['gt_mask']))
        for seed in range(60)
        for result in [CutAtBorder(prob=1.0).transform(sample(seed))]
    ]
    assert np.array(seen).any(0).all()


def test_an_image_stays_at_probability_0_and_without_an_object():
    assert CutAtBorder(prob=0.0).transform(sample())['img'].shape[0] == 100
    results = sample()
    results['gt_mask'][:] = 0
    assert CutAtBorder(prob=1.0).transform(results)['img'].shape[0] == 100


def test_a_frame_whose_rest_is_hollow_stays():
    results = sample()
    results['gt_mask'][:] = 0
    results['gt_mask'][20, 20] = results['gt_mask'][90, 100] = 1
    for seed in range(20):
        results['seed'] = seed
        assert CutAtBorder(prob=1.0).transform(dict(results))['gt_mask'].any()


@pytest.mark.parametrize(
    'settings', [dict(prob=-0.1), dict(inside=0.5), dict(outside=-0.1)]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        CutAtBorder(**settings)
