"""Expected values: (pixel - mean) / deviation, by hand."""

import pytest
import torch

from segrefiner_mm.models import RefineDataPreprocessor


def test_normalize_swaps_channels_and_scales():
    bgr = torch.tensor([10, 20, 30], dtype=torch.uint8).view(1, 3, 1, 1)
    preprocessor = RefineDataPreprocessor(mean=[1, 2, 3], std=[1, 2, 4])
    expected = torch.tensor([29.0, 9.0, 1.75]).view(1, 3, 1, 1)
    torch.testing.assert_close(preprocessor.normalize(bgr), expected)


def test_rgb_images_stay_in_order():
    rgb = torch.full((1, 3, 1, 1), 100, dtype=torch.uint8)
    preprocessor = RefineDataPreprocessor([0, 0, 0], [1, 2, 4], False)
    expected = torch.tensor([100.0, 50.0, 25.0]).view(1, 3, 1, 1)
    torch.testing.assert_close(preprocessor.normalize(rgb), expected)


def test_training_stacks_and_prediction_keeps_whole_images():
    preprocessor = RefineDataPreprocessor()
    images = [torch.zeros(3, 8, 8, dtype=torch.uint8)] * 2
    data = dict(inputs=images, data_samples=[None, None])
    batch = preprocessor(data, training=True)['inputs']
    assert batch.shape == (2, 3, 8, 8)
    assert batch.dtype == torch.float32
    kept = preprocessor(data, training=False)['inputs']
    assert [image.dtype for image in kept] == [torch.uint8] * 2


@pytest.mark.parametrize('std', [(1, 1), (1, 0, 1)])
def test_wrong_statistics_are_refused(std):
    with pytest.raises(ValueError, match='3 values each, std positive'):
        RefineDataPreprocessor(std=std)
