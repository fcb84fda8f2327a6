"""Edges whose numbers are counted by hand."""

import math

import pytest
import torch

from segrefiner_mm.windows import edges
from segrefiner_mm.windows.edges import (
    NOISE_VALUES,
    _median,
    _noise,
    _quantile,
    belief_in,
    edge_band,
    edge_contrast,
    edge_gain,
    gradient,
)


def square():
    mask = torch.zeros(100, 100, dtype=torch.bool)
    mask[30:70, 30:70] = True
    return mask


def right_of(column, size=100):
    mask = torch.zeros(size, size, dtype=torch.bool)
    mask[:, column:] = True
    return mask


def test_belief_is_that_in_the_worst_part_of_the_edge():
    coarse = square()
    probs = coarse.float()
    assert belief_in(coarse, probs) == 1.0
    probs[60:75, 60:75] = 1 - probs[60:75, 60:75]  # one corner is wrong
    assert belief_in(coarse, probs) < 0.3
    assert belief_in(torch.ones(9, 9) > 0, torch.ones(9, 9)) == 1.0


def test_the_gradient_is_that_of_all_channels():
    rows, columns = torch.meshgrid(
        torch.arange(6), torch.arange(7), indexing='ij'
    )
    image = torch.stack([3 * rows, 4 * columns, 12 * columns]).to(torch.uint8)
    inside = gradient(image)[1:-1, 1:-1]
    assert torch.allclose(inside, torch.full_like(inside, 13.0))
    assert not gradient(torch.full((3, 5, 5), 9)).any()


def test_the_edge_on_the_step_of_the_image_wins():
    """A step of 200 has a gradient of 100 in the two columns beside it."""
    image = right_of(50).to(torch.uint8)[None] * 200
    strong = math.log(101)
    # Columns 49 and 50 are near the edge, 45 to 47 and 52 to 54 beside it.
    right = pytest.approx(strong, rel=1e-6)
    assert edge_gain(image, right_of(70), right_of(50)).item() == right
    # From column 53, the step is two of the six columns beside the edge.
    off = pytest.approx(-strong - strong / 3, rel=1e-6)
    assert edge_gain(image, right_of(50), right_of(53)).item() == off
    assert edge_gain(image, right_of(50), right_of(50)) == 0


def test_masks_without_an_edge_have_no_contrast():
    image = right_of(5, 10).float()[None]
    everything = torch.ones(10, 10, dtype=torch.bool)
    assert edge_gain(image, everything, ~everything) == 0
    # Of four columns, none lies three or more away from the edge.
    thin = right_of(2, 4)
    assert edge_gain(image[:, :4, 3:7], thin, ~thin) == 0


def noise(deviation, channels=3, size=200):
    generator = torch.Generator().manual_seed(5)
    values = torch.randn(channels, size, size, generator=generator)
    return (deviation * values).expand(3, size, size)


def ramp(size=200):
    return torch.arange(float(size)).expand(3, size, size)


BLANK = {
    'black': noise(0.0),
    'white': 255 + noise(0.0),
    'noise': 100 + noise(4.0),
    'strong noise': 120 + noise(30.0),
    'grey noise': 100 + noise(8.0, channels=1),
    'dark noise': noise(5.0),
    'a ramp': ramp(),
    'fog': 128 + 40 * (ramp() / 30).sin() + noise(2.0),
}


@pytest.mark.parametrize('name', BLANK)
def test_noise_and_fog_are_no_evidence(name):
    """Edges drawn anywhere; the image has none that begins or ends there."""
    image = BLANK[name].round().clamp(0, 255).to(torch.uint8)
    masks = right_of(60, 200), right_of(90, 200)
    assert edge_contrast(image, *masks) < 1
    assert edge_contrast(image.flip(2).transpose(1, 2), *masks) < 1


@pytest.mark.parametrize('name', BLANK)
@pytest.mark.parametrize('place', [60, 90])
def test_a_step_along_either_edge_is_evidence(name, place):
    """Of twenty values, or as strong as the noise."""
    step = 60 if name == 'strong noise' else 20
    shown = right_of(place, 200) * step
    image = (BLANK[name] * 0.8 + shown).round().clamp(0, 255)
    masks = right_of(60, 200), right_of(90, 200)
    assert edge_contrast(image.to(torch.uint8), *masks) > 1
    # But not a step elsewhere.
    assert edge_contrast(image, right_of(20, 200), right_of(130, 200)) < 1


def test_the_noise_that_is_found_is_that_which_was_made():
    assert _noise(noise(6.0)) == pytest.approx(6.0, rel=0.05)
    stepped = noise(6.0) + right_of(50, 200) * 100
    assert _noise(stepped) == pytest.approx(6.0, rel=0.05)
    assert _noise(torch.ones(3, 2, 9)) == 0


def test_a_part_of_the_rows_tells_the_noise_of_a_large_image(monkeypatch):
    image = noise(6.0, size=384) + right_of(50, 384) * 100
    assert image.numel() >= 4 * NOISE_VALUES  # every fourth row
    some = _noise(image)
    monkeypatch.setattr(edges, 'NOISE_VALUES', image.numel())
    assert some == pytest.approx(_noise(image), rel=0.03)
    assert some == pytest.approx(6.0, rel=0.05)


def test_masks_without_an_edge_show_nothing():
    everything = torch.ones(200, 200, dtype=torch.bool)
    assert edge_contrast(noise(9.0), everything, ~everything) == 0


@pytest.mark.parametrize('reach', [1, 2, 5])
def test_the_band_is_where_both_labels_are_near(reach):
    masks = torch.rand(2, 23, 31, generator=torch.manual_seed(3)) < 0.02
    band = edge_band(masks, reach)
    assert torch.equal(edge_band(~masks, reach), band)
    for mask, part in zip(masks, band, strict=True):
        for y in range(23):
            for x in range(31):
                near = mask[
                    max(y - reach, 0) : y + reach + 1,
                    max(x - reach, 0) : x + reach + 1,
                ]
                assert part[y, x] == (near.any() and not near.all())
    everything = torch.ones(9, 9, dtype=torch.bool)
    assert not edge_band(everything, reach).any()


@pytest.mark.parametrize('count', [1, 2, 3, 60, 61, 62, 5000, 200_000])
@pytest.mark.parametrize('levels', [2, 50, 10**6])
def test_the_median_is_that_of_pytorch(count, levels):
    generator = torch.Generator().manual_seed(count)
    values = torch.randint(levels, (count,), generator=generator).float()
    assert _median(values.numpy()) == values.median()
    values = values.sort().values  # the sample is not a fair one
    values[::61] = 0
    assert _median(values.numpy()) == values.median()


@pytest.mark.parametrize('count', [1, 2, 7, 1000])
@pytest.mark.parametrize('share', [0.0, 0.05, 0.95, 1.0])
def test_a_quantile_is_that_of_pytorch(count, share):
    generator = torch.Generator().manual_seed(count)
    values = torch.rand(count, generator=generator)
    expected = pytest.approx(values.quantile(share).item(), rel=1e-6)
    assert _quantile(values.numpy(), share) == expected
