"""Synthesising coarse masks for training from true masks."""

from collections.abc import Sequence
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms.model_masks import ModelMasks
from segrefiner_mm.datasets.transforms.reference_corruption import (
    binary_iou,
    reference_corruption,
    shrunk,
    stretched,
)
from segrefiner_mm.registry import FUNCTIONS, TRANSFORMS

Mask = npt.NDArray[Any]  # uint8; OpenCV does not say so

CORRUPTIONS = (
    'low_resolution',
    'polygon',
    'wobble',
    'grow_or_shrink',
    'misplace',
    'missing_part',
    'extra_part',
    'merged_neighbour',
    'holes',
    'rounded',
    'ragged',
    'one_stage',
)
# Larger objects are downsampled to this side.
LONGEST_SIDE = 384
SEARCHES = 5


@TRANSFORMS.register_module()
class SynthesizeCoarseMask(BaseTransform):
    """Makes a coarse mask from the true mask.

    ``'reference'`` is the published way: one kind of damage at one level, with
    a mean IoU of 0.69. ``'diverse'`` draws a target IoU and one to
    ``max_kinds`` kinds of damage, and searches for the severity that gives
    this IoU; a fraction of the masks stays perfect. This prepares the network
    for masks of any origin. A coarse mask that was loaded before is left
    unchanged.

    Required Keys:

    - gt_mask (np.ndarray): (H, W) uint8, values 0 and 1
    - seed (int)
    - img_id (int | str, optional): Identifies the image in ``results_file``

    Added Keys:

    - coarse_mask (np.ndarray): (H, W) uint8, values 0 and 1

    Args:
        mode (str): ``'diverse'`` or ``'reference'``. Defaults to 'diverse'.
        corruptions (Sequence[str]): Names of registered functions that
            ``'diverse'`` chooses from. Defaults to ``CORRUPTIONS``, all
            functions of :mod:`corruptions`.
        iou_range (tuple[float, float]): Minimum and maximum of the target
            IoU, 0 to 1. Defaults to (0.3, 1.0).
        identity_prob (float): Fraction of the masks, 0 to 1, that stay
            perfect with ``'diverse'``. Defaults to 0.12.
        reference_prob (float): Fraction of the masks, 0 to 1, that
            ``'diverse'`` makes the published way. Defaults to 0.15.
        max_kinds (int): Maximum number of kinds of damage to one mask.
            Defaults to 3.
        results_file (str, optional): COCO results of a model on the training
            images, whose masks are used too. Defaults to None.
        results_prob (float): Fraction of the masks, 0 to 1, that are taken
            from ``results_file``, if it has a matching mask. Defaults to 0.3.

    Raises:
        InputError: If ``results_file`` cannot be read or has no masks.
        ValueError: If ``mode``, ``iou_range``, ``max_kinds`` or
            ``corruptions`` is invalid.
    """

    def __init__(
        self,
        mode: Literal['diverse', 'reference'] = 'diverse',
        corruptions: Sequence[str] = CORRUPTIONS,
        iou_range: tuple[float, float] = (0.3, 1.0),
        identity_prob: float = 0.12,
        reference_prob: float = 0.15,
        max_kinds: int = 3,
        results_file: str | None = None,
        results_prob: float = 0.3,
    ) -> None:
        if mode not in ('diverse', 'reference'):
            raise ValueError(f"mode must be 'diverse' or 'reference': {mode}")
        if not 0.0 <= iou_range[0] <= iou_range[1] <= 1.0:
            raise ValueError(f'iou_range must rise within 0 to 1: {iou_range}')
        if max_kinds < 1 or not corruptions:
            raise ValueError('diverse masks need at least one corruption')
        self.mode = mode
        self.functions = [_function(name) for name in corruptions]
        self.iou_range = iou_range
        self.identity_prob = identity_prob
        self.reference_prob = reference_prob
        self.max_kinds = max_kinds
        self.model_masks = ModelMasks(results_file) if results_file else None
        self.results_prob = results_prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add ``coarse_mask``, unless the sample has one.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.
        """
        if 'coarse_mask' in results:
            return results
        mask, seed = results['gt_mask'], results['seed']
        coarse = self._predicted(mask, seed, results.get('img_id'))
        if coarse is None:
            coarse = self.synthesize(mask, seed)
        results['coarse_mask'] = coarse
        return results

    def synthesize(self, mask: Mask, seed: int) -> Mask:
        """Make a coarse mask.

        Args:
            mask (np.ndarray): True mask, (H, W) uint8, values 0 and 1.
            seed (int): 0 or more; the same seed gives the same coarse mask.

        Returns:
            np.ndarray: A new mask, (H, W) uint8, values 0 and 1.
        """
        rng = np.random.default_rng(seed)
        kind = rng.random()
        if self.mode == 'reference':
            return reference_corruption(mask, rng)
        if kind < self.identity_prob or not mask.any():
            return mask.copy()
        if kind < self.identity_prob + self.reference_prob:
            return reference_corruption(mask, rng)
        return self._diverse(mask, rng)

    def _predicted(self, mask: Mask, seed: int, img_id: Any) -> Mask | None:
        """Return the mask of a model, if there is one and it is drawn."""
        if self.model_masks is None:
            return None
        if np.random.default_rng([seed, 6]).random() >= self.results_prob:
            return None
        return self.model_masks.find(img_id, mask)

    def _diverse(self, mask: Mask, rng: np.random.Generator) -> Mask:
        wanted = rng.uniform(*self.iou_range)
        count = int(rng.integers(1, self.max_kinds + 1))
        chosen = rng.permutation(len(self.functions))[:count]
        seeds = rng.integers(2**32, size=count)
        rows, columns = _surroundings(mask)
        true = mask[rows, columns]
        scale = min(1.0, LONGEST_SIDE / max(true.shape))
        small = true
        if scale < 1.0:
            height, width = (max(round(s * scale), 1) for s in true.shape)
            small = shrunk(true, (height, width))

        def damaged(severity: float) -> Mask:
            worse = small
            for index, seed in zip(chosen, seeds, strict=True):
                if worse.any():
                    noise = np.random.default_rng(seed)
                    worse = self.functions[index](worse, severity, noise)
            return worse

        # Bisection: each severity becomes the new lower or upper bound.
        low, high = 0.0, 1.0
        best, best_iou = small, 1.0
        for _ in range(SEARCHES):
            severity = (low + high) / 2
            worse = damaged(severity)
            iou = binary_iou(worse, small)
            usable = iou >= self.iou_range[0] and worse.any()
            if usable and abs(iou - wanted) < abs(best_iou - wanted):
                best, best_iou = worse, iou
            if iou > wanted:
                low = severity
            else:
                high = severity
        coarse = np.zeros_like(mask)
        coarse[rows, columns] = (
            best if scale == 1.0 else stretched(best, true.shape)
        )
        return coarse

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(mode={self.mode!r}, '
            f'corruptions={[f.__name__ for f in self.functions]}, '
            f'iou_range={self.iou_range})'
        )


def _function(name: str) -> Any:
    function = FUNCTIONS.get(name)
    if function is None:
        raise ValueError(
            f'no corruption {name!r}; known are {", ".join(CORRUPTIONS)}'
        )
    return function


def _surroundings(mask: Mask) -> tuple[slice, slice]:
    """Return the rows and columns of the object, padded by half its size."""
    x, y, w, h = cv2.boundingRect(mask)
    pad = max(w, h) // 2 + 8
    return (
        slice(max(y - pad, 0), y + h + pad),
        slice(max(x - pad, 0), x + w + pad),
    )
