"""Small arrays whose values are known."""

import numpy as np

from segrefiner_mm.datasets.transforms import KeepOriginalImage


def test_the_image_is_kept_as_bgr():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    results = KeepOriginalImage()(dict(img=image))
    np.testing.assert_array_equal(results['ori_img'], image)
    results['img'][:] = 0  # later transforms work in place
    assert results['ori_img'].any()
    rgb = KeepOriginalImage(bgr=False)(dict(img=results['ori_img']))
    np.testing.assert_array_equal(
        rgb['ori_img'][..., 0], results['ori_img'][..., 2]
    )


def test_grey_images_get_three_channels():
    image = np.arange(8, dtype=np.uint8).reshape(2, 4)
    for grey in (image, image[..., None]):
        kept = KeepOriginalImage()(dict(img=grey))['ori_img']
        assert kept.shape == (2, 4, 3)
        np.testing.assert_array_equal(kept[..., 1], image)
