"""Edges of masks: their position, and the evidence for them."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from segrefiner_mm.windows.box_means import box_mean, near_edge


def belief_in(coarse: Tensor, probs: Tensor) -> Tensor:
    """Measure the network's belief in the least credible part of an edge.

    The probability of the coarse labels is averaged along the coarse edge,
    over a window of a fifteenth of the crop. The 5th percentile of these
    averages is returned, so one wrong stretch shows in a long correct edge.

    Args:
        coarse (Tensor): Coarse mask, (S, S) bool.
        probs (Tensor): Foreground probability, (S, S).

    Returns:
        Tensor: Scalar float32, 0 to 1; 1 for a mask without an edge.
    """
    reach = max(round(coarse.shape[-1] / 64), 1)
    band = edge_band(coarse, reach)
    labels = torch.where(coarse, probs, 1.0 - probs) * band
    around, credible = box_mean(torch.stack([band, labels]), 2 * reach)
    local = (credible / around)[band > 0]
    if not len(local):
        return probs.new_ones(())
    return local.quantile(0.05)


def edge_gain(image: Tensor, coarse: Tensor, refined: Tensor) -> Tensor:
    """Measure how much better the refined edge follows the image.

    An edge that follows the image has a stronger gradient on it than beside
    it. ``log(1 + gradient)`` is averaged up to one pixel from the edge, and
    its average from three to five pixels away is subtracted. A correct edge is
    hard to improve on, whatever the network predicts.

    Args:
        image (Tensor): (C, H, W), values 0 to 255, any dtype.
        coarse (Tensor): (H, W) bool.
        refined (Tensor): (H, W) bool.

    Returns:
        Tensor: Scalar float32, the value of the refined edge minus that of
        the coarse one. A mask without an edge, or too thin to have pixels
        beside it, has the value 0.
    """
    masks = torch.stack([coarse, refined])
    near = edge_band(masks, 1)
    beside = edge_band(masks, 5) - edge_band(masks, 2)
    bands = torch.stack([near, beside])
    counts = bands.sum((-2, -1))
    strength = gradient(image).log1p()
    means = (strength * bands).sum((-2, -1)) / counts.clamp(min=1.0)
    # If either band is empty, there is nothing to compare.
    known = (counts > 0).all(0)
    old, new = torch.where(known, means[0] - means[1], 0.0)
    return new - old


def edge_contrast(image: Tensor, coarse: Tensor, refined: Tensor) -> Tensor:
    """Measure the contrast of the image along either edge, relative to noise.

    Means of 5 x 5 pixels are compared with those six rows or columns away.
    The mean of these differences over 33 x 33 pixels, caused by a ramp or
    fog, is subtracted. The 95th percentile near either edge is divided by
    what the estimated noise and the quantisation of a compressed image can
    cause.

    Args:
        image (Tensor): (C, H, W), values 0 to 255, any dtype.
        coarse (Tensor): (H, W) bool.
        refined (Tensor): (H, W) bool.

    Returns:
        Tensor: Scalar float32, 0 or more; below 1 there is no evidence of an
        edge. For 400 objects in photographs it was 4.6 or more. It is 0 if
        neither mask has an edge.
    """
    near = edge_band(torch.stack([coarse, refined]), 3).amax(0) > 0
    image = image.float()
    steps = _steps(box_mean(image, 2), 3)
    local = (steps - box_mean(steps, 16))[near]
    if not len(local):
        return image.new_zeros(())
    strongest = local.quantile(0.95).clamp(min=0.0)
    return strongest / (4.5 + 0.9 * _noise(image))


def _noise(image: Tensor) -> Tensor:
    """Estimate the standard deviation of white noise in an image, (C, H, W).

    It is the median response to a second difference in both directions
    (Immerkaer, 1996), which edges hardly affect.
    """
    if min(image.shape[1:]) < 3:
        return image.new_zeros(())
    left = image
    for axis in (1, 2):
        size = image.shape[axis] - 2
        first, middle, last = (left.narrow(axis, i, size) for i in range(3))
        left = first + last - 2 * middle
    # 0.6745 is the median of |N(0, 1)|, 6 the L2 norm of the differences.
    return _median(left.abs()) / (0.6745 * 6)


def _median(values: Tensor) -> Tensor:
    """Return the median, of an even count the lower one, as PyTorch's."""
    if values.device.type != 'cpu':
        return values.median()
    # NumPy's selection takes half the time of PyTorch's.
    array, middle = values.numpy().ravel(), (values.numel() - 1) // 2
    return values.new_tensor(np.partition(array, middle)[middle])


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
    return (across.square() + down.square()).sum(0).sqrt()


def edge_band(mask: Tensor, reach: int) -> Tensor:
    """Mark pixels within ``reach`` rows and columns of the other label.

    Args:
        mask (Tensor): (..., H, W) bool.
        reach (int): Rows or columns, 1 or more.

    Returns:
        Tensor: Same shape, float32, values 0 and 1.
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
