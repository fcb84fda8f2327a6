"""Drawing of the shadow that an object casts on its surroundings."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CastShadow(BaseTransform):
    """Darkens the surroundings of an object, as its shadow would.

    A shadow beside a dark object has a stronger outer edge than the object
    itself, so a network takes it for a part of the object unless it has seen
    many. The shadow is the true mask, moved, enlarged and blurred at random;
    the object is left as it is.

    Required Keys:

    - img (np.ndarray), gt_mask (np.ndarray), seed (int)

    Modified Keys:

    - img: (h, w, 3) uint8

    Args:
        prob (float): Probability of a shadow. Defaults to 0.3.
        distance (tuple[float, float]): Range of the displacement, as a
            fraction of the square root of the object's area. Defaults to
            (0.03, 0.3).
        strength (tuple[float, float]): Range of the fraction of the light
            that is lost in the shadow. Defaults to (0.3, 0.85).

    Raises:
        ValueError: If ``prob`` or ``strength`` leaves 0 to 1, or a range
            falls.
    """

    def __init__(
        self,
        prob: float = 0.3,
        distance: tuple[float, float] = (0.03, 0.3),
        strength: tuple[float, float] = (0.3, 0.85),
    ) -> None:
        if not 0.0 <= prob <= 1.0:
            raise ValueError(f'prob must be 0 to 1, got {prob}')
        if not 0.0 <= distance[0] <= distance[1]:
            raise ValueError(f'distance must rise from 0: {distance}')
        if not 0.0 <= strength[0] <= strength[1] <= 1.0:
            raise ValueError(f'strength must rise within 0 to 1: {strength}')
        self.prob = prob
        self.distance = distance
        self.strength = strength

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Draw the shadow, with probability ``prob``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The sample.
        """
        rng = np.random.default_rng([results['seed'], 9])
        true = results['gt_mask']
        if rng.random() >= self.prob or not true.any():
            return results
        mask = true.astype(np.float32)
        shadow = self._shadow(mask, cv2.boundingRect(true), rng)
        # The pixels of the edge belong to both, as in a photograph.
        shadow *= 1 - cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 0.9))
        light = 1 - rng.uniform(*self.strength) * shadow
        dark = results['img'] * light[..., None]
        results['img'] = np.rint(dark).astype(np.uint8)
        return results

    def _shadow(
        self, mask: Any, box: Sequence[int], rng: np.random.Generator
    ) -> Any:
        """Move, enlarge and blur the mask; (h, w) float32, 0 to 1."""
        size = float(mask.sum()) ** 0.5
        angle = rng.uniform(0, 2 * np.pi)
        length = size * rng.uniform(*self.distance)
        grow = rng.uniform(0.95, 1.15)
        x, y, w, h = box
        centre = x + w / 2, y + h / 2
        moved = cv2.getRotationMatrix2D(centre, 0, grow)
        moved[:, 2] += length * np.cos(angle), length * np.sin(angle)
        # An object that is cut off by the border goes on behind it.
        shadow = cv2.warpAffine(
            mask, moved, mask.shape[::-1], borderMode=cv2.BORDER_REPLICATE
        )
        blur = max(size * rng.uniform(0.005, 0.08), 0.5)
        return cv2.GaussianBlur(shadow, (0, 0), blur)
