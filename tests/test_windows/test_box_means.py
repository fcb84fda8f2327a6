"""Running sums against pooling, and against means that are counted here."""

import pytest
import torch

from segrefiner_mm.windows import edges
from segrefiner_mm.windows.box_means import (
    box_mean,
    near_edge,
    pooled_edge,
    pooled_mean,
)


def random_of(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator)


def counted_mean(values, reach):
    means = torch.zeros_like(values)
    height, width = values.shape
    for y in range(height):
        for x in range(width):
            rows = slice(max(y - reach, 0), y + reach + 1)
            columns = slice(max(x - reach, 0), x + reach + 1)
            means[y, x] = values[rows, columns].double().mean()
    return means


@pytest.mark.parametrize('mean', [box_mean, pooled_mean])
def test_the_mean_counts_only_pixels_of_the_image(mean):
    values = random_of(11, 7)
    for reach in (0, 1, 3):
        expected = counted_mean(values, reach)
        torch.testing.assert_close(mean(values, reach), expected)


@pytest.mark.parametrize('shape', [(9, 9), (3, 40, 23), (2, 2, 17, 64)])
@pytest.mark.parametrize('reach', [1, 2, 4, 20])
def test_running_sums_equal_pooling(shape, reach):
    reach = min(reach, min(shape[-2:]) // 2)  # the most that pooling takes
    values = 255 * random_of(*shape)
    torch.testing.assert_close(
        box_mean(values, reach), pooled_mean(values, reach)
    )
    mask = values > 250
    assert torch.equal(near_edge(mask, reach), pooled_edge(mask, reach))


def test_a_mean_has_the_same_bits_in_any_batch_and_layout():
    values = 255 * random_of(5, 60, 50)
    together = box_mean(values, 2)
    turned = values.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert torch.equal(box_mean(turned, 2), together)
    for alone, mean in zip(values, together, strict=True):
        assert torch.equal(box_mean(alone, 2), mean)


def test_a_mean_does_not_depend_on_what_lies_outside_of_its_reach():
    """A running sum in float32 would keep the error of a large value."""
    values = random_of(1, 400)
    spoilt = values.clone()
    spoilt[0, 0] = 1e6
    far = box_mean(spoilt, 3)[0, 8:]
    torch.testing.assert_close(far, box_mean(values, 3)[0, 8:])


def test_an_edge_may_lie_anywhere_or_nowhere():
    mask = torch.zeros(6, 6, dtype=torch.bool)
    assert not near_edge(mask, 2).any()
    assert not near_edge(~mask, 2).any()
    mask[0, 0] = True
    near = torch.zeros_like(mask)
    near[:2, :2] = True
    assert torch.equal(near_edge(mask, 1), near)
    assert near_edge(mask, 100).all()  # farther than the image


def windows(count=12, size=96):
    """Soft discs on noise, their masks and shifted ones."""
    rows, columns = torch.meshgrid(
        torch.arange(float(size)), torch.arange(float(size)), indexing='ij'
    )
    for seed in range(count):
        centre, radius = 30 + 3 * seed, 15 + 2 * seed
        far = ((rows - centre) ** 2 + (columns - 50) ** 2).sqrt()
        image = 20 * seed * (radius - far).sigmoid() % 255
        image = image + 12 * random_of(3, size, size, seed=seed)
        coarse = far < radius + seed % 5 - 2
        yield image, coarse, (radius - far).mul(seed / 4).sigmoid()


def plain_belief(coarse, probs):
    """Averages of the whole window, by pooling."""
    reach = max(round(coarse.shape[-1] / 64), 1)
    band = pooled_edge(coarse, reach)
    labels = torch.where(coarse, probs, 1 - probs) * band
    around, credible = pooled_mean(
        torch.stack([band.float(), labels]), 2 * reach
    )
    return (credible / around)[band].quantile(0.05)


def test_the_evidence_is_the_same_by_running_sums_and_by_pooling(monkeypatch):
    def evidence(belief_in):
        numbers = [
            torch.stack(
                [
                    belief_in(coarse, probs),
                    edges.edge_gain(image, coarse, probs >= 0.5),
                    edges.edge_contrast(image, coarse, probs >= 0.5),
                ]
            )
            for image, coarse, probs in windows()
        ]
        return torch.stack(numbers)

    fast = evidence(edges.belief_in)
    assert fast.std(0).min() > 0.01  # the windows do differ
    monkeypatch.setattr(edges, 'box_mean', pooled_mean)
    monkeypatch.setattr(edges, 'near_edge', pooled_edge)
    slow = evidence(plain_belief)
    torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-5)
