"""Colour changes as made by cameras and editors."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PhotometricJitter(BaseTransform):
    """Changes brightness, contrast and colour at random; may blur the image.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8 BGR
    - seed (int)

    Modified Keys:

    - img: (H, W, 3) uint8 BGR

    Args:
        brightness (float): Largest shift of all values, as a fraction of 255.
            Defaults to 0.12.
        contrast (float): Largest relative change of the contrast. Defaults to
            0.25.
        saturation (float): Largest relative change of the saturation. Defaults
            to 0.3.
        tint (float): Largest relative change of one channel. Defaults to
            0.08.
        blur_prob (float): Probability of a slight blur. Defaults to 0.1.
        grey_prob (float): Probability of greyscale. Defaults to 0.05.
    """

    def __init__(
        self,
        brightness: float = 0.12,
        contrast: float = 0.25,
        saturation: float = 0.3,
        tint: float = 0.08,
        blur_prob: float = 0.1,
        grey_prob: float = 0.05,
    ) -> None:
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.tint = tint
        self.blur_prob = blur_prob
        self.grey_prob = grey_prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change the colours.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.
        """
        rng = np.random.default_rng([results['seed'], 3])
        image = results['img'].astype(np.float32)
        shift = 255 * rng.uniform(-self.brightness, self.brightness)
        gain = 1 + rng.uniform(-self.contrast, self.contrast)
        colour = 1 + rng.uniform(-self.saturation, self.saturation)
        if rng.random() < self.grey_prob:
            colour = 0.0
        grey = image.mean(axis=2, keepdims=True)
        image = grey + (image - grey) * colour
        image = (image - 127.5) * gain + 127.5 + shift
        image *= 1 + rng.uniform(-self.tint, self.tint, 3)
        image = image.clip(0, 255).astype(np.uint8)
        if rng.random() < self.blur_prob:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.5))
        results['img'] = image
        return results
