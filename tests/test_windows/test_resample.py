"""The fast crops and pastes are held to PyTorch's, which are slower and read
or write whole float images.
"""

import pytest
import torch
from torch.nn import functional as F

from segrefiner_mm.windows import resample
from segrefiner_mm.windows.resample import (
    paste_probabilities,
    resize_bilinear,
    resize_nearest,
)

SIZES = [
    ((40, 60), (256, 256)),
    ((700, 500), (256, 256)),
    ((256, 256), (256, 256)),
    ((1, 1), (16, 16)),
    ((7, 300), (32, 8)),
]


@pytest.mark.parametrize(('before', 'after'), SIZES)
@pytest.mark.parametrize('dtype', [torch.uint8, torch.bool])
def test_resize_bilinear_equals_interpolate(before, after, dtype):
    source = torch.randint(0, 255, (3, *before)).to(dtype)
    expected = F.interpolate(
        source[None].float(), after, mode='bilinear', align_corners=False
    )[0]
    resized = resize_bilinear(source, *after)
    torch.testing.assert_close(resized, expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize('dtype', [torch.uint8, torch.bool, torch.float32])
def test_equal_sizes_give_a_contiguous_copy(dtype):
    source = torch.randint(0, 255, (40, 60, 3)).to(dtype).permute(2, 0, 1)
    before = source.clone()
    resized = resize_bilinear(source, 40, 60)
    assert torch.equal(resized, source.float())
    assert resized.is_contiguous()
    resized += 1
    assert torch.equal(source, before)


@pytest.mark.parametrize(('before', 'after'), SIZES)
def test_resize_nearest_equals_interpolate(before, after):
    source = torch.rand(2, *before)
    expected = F.interpolate(source[None], after, mode='nearest')[0]
    assert torch.equal(resize_nearest(source, *after), expected)


def test_resize_takes_views_of_images_in_any_layout():
    image = torch.randint(0, 255, (30, 50, 3), dtype=torch.uint8)
    window = image.permute(2, 0, 1)[:, 5:25, 10:40]
    expected = resize_bilinear(window.contiguous(), 16, 16)
    assert torch.equal(resize_bilinear(window, 16, 16), expected)


@pytest.mark.parametrize('before', [(40, 60), (5, 9), (33, 200), (90, 64)])
@pytest.mark.parametrize('dtype', [torch.uint8, torch.bool, torch.float32])
@pytest.mark.parametrize('channels', [1, 3, 513])
def test_the_fast_crop_equals_the_plain_one(
    before, dtype, channels, monkeypatch
):
    """Whether a window is cropped fast depends on its size alone."""
    pixels = torch.rand(*before, channels) * 255
    image = (pixels if dtype.is_floating_point else pixels.round()).to(dtype)
    window = image.permute(2, 0, 1)[:, 1:, 2:-3]
    layouts = window, window.contiguous()
    fast = [resize_bilinear(layout, 32, 48) for layout in layouts]
    monkeypatch.setattr(resample, 'COPIED', 0)
    for layout, result in zip(layouts, fast, strict=True):
        plain = resize_bilinear(layout, 32, 48)
        # Positions of up to 200, in float32, are rounded differently.
        torch.testing.assert_close(result, plain, rtol=0, atol=255 * 2e-5)
        assert torch.equal(result, fast[0])
        assert result.is_contiguous()


def grid_sampled(probs, box, size):
    """Official pasting: grid sampling over the whole image, zero outside."""
    x1, y1, x2, y2 = box
    y = (torch.arange(size[0]) + 0.5 - y1) / (y2 - y1) * 2 - 1
    x = (torch.arange(size[1]) + 0.5 - x1) / (x2 - x1) * 2 - 1
    grid = torch.stack(torch.meshgrid(y, x, indexing='ij')[::-1], dim=-1)
    return F.grid_sample(probs[None, None], grid[None], align_corners=False)[
        0, 0
    ]


@pytest.mark.parametrize(
    'box', [(10, 20, 310, 160), (0, 0, 40, 30), (300, 5, 400, 200)]
)
@pytest.mark.parametrize('strip', [1, 50, 2**22])
def test_paste_equals_grid_sampling_the_image(box, strip, monkeypatch):
    monkeypatch.setattr(resample, 'STRIP_PIXELS', strip)
    probs = F.interpolate(torch.rand(1, 1, 9, 9), 64, mode='bicubic')
    probs = probs.clamp(0, 1)[0, 0]
    x1, y1, x2, y2 = box
    expected = grid_sampled(probs, box, (200, 400))
    pasted = torch.zeros(200, 400, dtype=torch.bool)
    pasted[y1:y2, x1:x2] = paste_probabilities(probs, y2 - y1, x2 - x1)
    tie = (expected - 0.5).abs() < 1e-5
    assert torch.equal(pasted | tie, (expected >= 0.5) | tie)


def test_a_certain_map_fills_its_window_but_no_more():
    """The half pixel outside of the map stays under the threshold."""
    probs = torch.ones(8, 8)
    # Half a cell of the map, at most, is lost at the rim.
    assert paste_probabilities(probs, 96, 64)[6:-6, 4:-4].all()
    outside = grid_sampled(probs, (50, 50, 150, 110), (200, 200))
    outside[50:110, 50:150] = 0
    assert outside.max() < 0.5
