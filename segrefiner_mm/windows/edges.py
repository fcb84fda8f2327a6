"""Edges of masks: their position, and the evidence for them."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from segrefiner_mm.windows.box_means import (
    Array,
    box_mean,
    box_sum,
    near_edge,
)

# One in so many values is sampled to estimate the median.
SAMPLED = 61
# The noise is estimated from about as many values at least, if there are.
NOISE_VALUES = 100_000


def belief_in(
    coarse: Tensor, probs: Tensor, only: Tensor | None = None
) -> Tensor:
    """Measure the network's belief in the least credible part of an edge.

    The probability of the coarse labels is averaged along the coarse edge,
    in squares whose side is about a fifteenth of the crop's. The 5th
    percentile of these averages is returned, so one wrong stretch shows in a
    long correct edge.

    Args:
        coarse (Tensor): Coarse mask, (S, S) bool, on the CPU.
        probs (Tensor): Foreground probability, (S, S) float32, on the CPU.
        only (Tensor, optional): The part of the edge to judge, (S, S) bool.
            Defaults to None: the whole edge.

    Returns:
        Tensor: Scalar float32, 0 to 1; 1 if there is no edge to judge.
    """
    reach = max(round(coarse.shape[-1] / 64), 1)
    band = near_edge(coarse, reach).numpy()
    if only is not None:
        band = band & only.numpy()
    rows = np.flatnonzero(band.any(1))
    if not len(rows):
        return probs.new_ones(())
    columns = np.flatnonzero(band.any(0))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    band = np.ascontiguousarray(band[inside])
    # p where the coarse mask is, else 1 - p
    credible = np.abs(probs.numpy()[inside] - ~coarse.numpy()[inside])
    credible *= band
    sums = (
        box_sum(credible, 2 * reach),
        box_sum(band.view(np.uint8), 2 * reach),
    )
    places = np.flatnonzero(band)
    local = np.divide(*(values.ravel()[places] for values in sums))
    return probs.new_tensor(_quantile(local, 0.05))


def edge_gain(
    image: Tensor,
    coarse: Tensor,
    refined: Tensor,
    only: Tensor | None = None,
) -> Tensor:
    """Measure how much better the refined edge follows the image.

    An edge that follows the image has a stronger gradient on it than beside
    it. ``log(1 + gradient)`` is averaged up to one pixel from the edge, and
    its average from three to five pixels away is subtracted. A correct edge is
    hard to improve on, whatever the network predicts.

    Args:
        image (Tensor): (C, H, W), values 0 to 255, any dtype, on the CPU.
        coarse (Tensor): Coarse mask, (H, W) bool, on the CPU.
        refined (Tensor): Refined mask, (H, W) bool, on the CPU.
        only (Tensor, optional): The part of the edges to judge, (H, W) bool.
            Defaults to None: the whole edges.

    Returns:
        Tensor: Scalar float32, the value of the refined edge minus the value
        of the coarse edge. A mask without pixels on and beside its edge has
        the value 0.
    """
    masks = torch.stack([coarse, refined])
    near = near_edge(masks, 1).numpy()
    beside = (near_edge(masks, 5) & ~near_edge(masks, 2)).numpy()
    if only is not None:
        near, beside = near & only.numpy(), beside & only.numpy()
    strength = gradient(image).numpy()
    old, new = (
        _mean_log(strength[on]) - _mean_log(strength[off])
        # If either is empty, there is nothing to compare.
        if on.any() and off.any()
        else 0.0
        for on, off in zip(near, beside, strict=True)
    )
    return image.new_tensor(new - old, dtype=torch.float32)


def _mean_log(strength: Array) -> float:
    return float(np.log1p(strength).mean(dtype=np.float64))


def edge_contrast(
    image: Tensor,
    coarse: Tensor,
    refined: Tensor,
    only: Tensor | None = None,
) -> Tensor:
    """Measure the contrast of the image along either edge, relative to noise.

    Means of 5 x 5 pixels are compared with the means six rows or columns away.
    The mean of these differences over 33 x 33 pixels, which a ramp or fog
    causes, is subtracted. The 95th percentile near either edge is divided by
    the contrast that the estimated noise and the quantisation of a compressed
    image can cause.

    Args:
        image (Tensor): (C, H, W), values 0 to 255, any dtype, on the CPU.
        coarse (Tensor): Coarse mask, (H, W) bool, on the CPU.
        refined (Tensor): Refined mask, (H, W) bool, on the CPU.
        only (Tensor, optional): The part of the edges to judge, (H, W) bool.
            Defaults to None: the whole edges.

    Returns:
        Tensor: Scalar float32, 0 or more; below 1 there is no evidence of an
        edge. For 400 objects in photographs it was 4.6 or more. It is 0 if
        there is no edge to judge.
    """
    near = near_edge(coarse, 3) | near_edge(refined, 3)
    if only is not None:
        near = near & only
    image = image.float()
    steps = _steps(box_mean(image, 2), 3)
    local = (steps - box_mean(steps, 16)).numpy()[near.numpy()]
    strongest = max(_quantile(local, 0.95), 0.0) if len(local) else 0.0
    return image.new_tensor(strongest / (4.5 + 0.9 * _noise(image)))


def _noise(image: Tensor) -> float:
    """Estimate the standard deviation of white noise in an image, (C, H, W).

    It is the median response to a second difference in both directions
    (Immerkaer, 1996), which edges hardly affect. Of a large image, every
    second, third, ... row is enough.
    """
    if min(image.shape[1:]) < 3:
        return 0.0
    every = max(image.numel() // NOISE_VALUES, 1)
    above, row, below = (image[:, i : i - 2 or None : every] for i in range(3))
    down = (above + below).sub_(row, alpha=2)
    left, here, right = (down[..., i : i - 2 or None] for i in range(3))
    both = (left + right).sub_(here, alpha=2)
    # 0.6745 is the median of |N(0, 1)|, 6 the L2 norm of the differences.
    return _median(both.abs_().numpy().ravel()) / (0.6745 * 6)


def _median(values: Array) -> float:
    """Return the median; for an even count, the lower of the middle two."""
    middle, ranks = (len(values) - 1) // 2, _ranks(len(values))
    # A sample nearly always bounds the median from both sides, so only the
    # values within these bounds are sorted.
    low, high = np.partition(values[::SAMPLED], ranks)[ranks]
    below = int(np.count_nonzero(values < low))
    near = values[(values >= low) & (values <= high)]
    if not below <= middle < below + len(near):
        below, near = 0, values
    return float(np.partition(near, middle - below)[middle - below])


def _ranks(count: int) -> list[int]:
    """Return two ranks around the median of a sample of ``count`` values."""
    sampled = -(-count // SAMPLED)
    margin = 2 * math.isqrt(sampled)
    middle = (sampled - 1) // 2
    return [max(middle - margin, 0), min(middle + margin, sampled - 1)]


def _quantile(values: Array, share: float) -> float:
    """Return a quantile of some values, interpolated linearly."""
    place = share * (len(values) - 1)
    low = int(place)
    ends = [low, min(low + 1, len(values) - 1)]
    first, second = np.partition(values, ends)[ends].tolist()
    return first + (place - low) * (second - first)


def gradient(image: Tensor) -> Tensor:
    """Return the gradient magnitude over all channels, by central differences.

    Args:
        image (Tensor): (C, H, W), any dtype.

    Returns:
        Tensor: (H, W) float32, in values per pixel; the border is repeated.
    """
    return _steps(image.float(), 1) / 2


def _steps(image: Tensor, reach: int) -> Tensor:
    """Return the length of differences across 2 x ``reach`` pixels, (H, W)."""
    padded = F.pad(image[None], (reach,) * 4, mode='replicate')[0]
    inside = slice(reach, -reach)
    far, near = slice(2 * reach, None), slice(None, -2 * reach)
    across = padded[:, inside, far] - padded[:, inside, near]
    down = padded[:, far, inside] - padded[:, near, inside]
    across.square_().add_(down.square_())  # both are new
    return across.sum(0).sqrt_()


def edge_band(mask: Tensor, reach: int) -> Tensor:
    """Mark pixels within ``reach`` rows and columns of the other class.

    Args:
        mask (Tensor): (..., H, W) bool.
        reach (int): Rows and columns on each side, 1 or more.

    Returns:
        Tensor: (..., H, W) float32, values 0 and 1.
    """
    return near_edge(mask, reach).float()


def edge_pixels(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Find pixels that differ from their left or upper neighbour.

    Args:
        mask (Tensor): (H, W) bool.

    Returns:
        tuple[Tensor, Tensor]: Rows and columns, (N,) int64, in raster order.
    """
    edge = torch.zeros_like(mask)
    edge[:, 1:] = mask[:, 1:] ^ mask[:, :-1]
    edge[1:] |= mask[1:] ^ mask[:-1]
    y, x = edge.nonzero(as_tuple=True)
    return y, x
