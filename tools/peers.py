"""Other methods of refinement, for the benchmarks; none is required.

    pip install pydensecrf2 pymatting segmentation-refinement

``segmentation-refinement`` downloads its weights, so its network gets random
ones here: only its speed is comparable.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Method = Callable[[Image, Mask], Mask]


def dense_crf() -> Method:
    """Make a fully connected CRF (Kraehenbuehl and Koltun, 2011).

    Returns:
        Callable: Refines a mask, (H, W) bool, of an image, (H, W, 3) uint8
        BGR, in 5 iterations.

    Raises:
        ImportError: If ``pydensecrf`` is not installed.
    """
    from pydensecrf.densecrf import DenseCRF2D

    def refine(image: Image, mask: Mask) -> Mask:
        window = _window(mask)
        part, coarse = np.ascontiguousarray(image[window]), mask[window]
        height, width = coarse.shape
        foreground = np.where(coarse, 0.8, 0.2).astype(np.float32).ravel()
        probs = np.stack([1 - foreground, foreground])
        crf = DenseCRF2D(width, height, 2)
        crf.setUnaryEnergy(np.ascontiguousarray(-np.log(probs)))
        crf.addPairwiseGaussian(sxy=3, compat=3)
        crf.addPairwiseBilateral(sxy=40, srgb=10, rgbim=part, compat=5)
        found = np.array(crf.inference(5)).reshape(2, height, width)
        return _whole(mask, window, found[1] > found[0])

    return refine


def closed_form_matting() -> Method:
    """Make PyMatting's closed-form matting (Levin et al., 2008).

    Returns:
        Callable: Refines a mask, (H, W) bool, of an image, (H, W, 3) uint8
        BGR, in the band around its edge.

    Raises:
        ImportError: If ``pymatting`` is not installed.
    """
    from pymatting import estimate_alpha_cf

    def refine(image: Image, mask: Mask) -> Mask:
        window = _window(mask)
        part, coarse = image[window], mask[window].astype(np.uint8)
        reach = max(round(0.03 * float(np.hypot(*coarse.shape))), 2)
        kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
        trimap = np.full(coarse.shape, 0.5)
        trimap[cv2.dilate(coarse, kernel) == 0] = 0
        trimap[cv2.erode(coarse, kernel) > 0] = 1
        alpha = estimate_alpha_cf(part[..., ::-1] / 255.0, trimap)
        return _whole(mask, window, alpha >= 0.5)

    return refine


def cascade_psp() -> Method:
    """Make the network of CascadePSP (Cheng et al., 2020), random weights.

    Returns:
        Callable: Changes a mask, (H, W) bool, of an image, (H, W, 3) uint8
        BGR.

    Raises:
        ImportError: If ``segmentation_refinement`` is not installed.
    """
    import torch
    from segmentation_refinement.eval_helper import (
        process_high_res_im,
        process_im_single_pass,
    )
    from segmentation_refinement.models.psp.pspnet import RefinementModule

    network = RefinementModule().eval()

    @torch.no_grad()
    def refine(image: Image, mask: Mask) -> Mask:
        picture = torch.from_numpy(image[..., ::-1] / np.float32(255))
        pixels = picture.permute(2, 0, 1)[None].float()
        coarse = torch.from_numpy(mask)[None, None].float()
        mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        run = process_high_res_im
        if max(mask.shape) <= 900:
            run = process_im_single_pass
        found = run(network, (pixels - mean) / std, coarse * 2 - 1, 900)
        return found[0, 0].numpy() >= 0.5

    return refine


def _window(mask: Mask) -> Any:
    """Return the slices of a mask's box with a margin of 20 pixels."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    rows = slice(max(y - 20, 0), y + height + 20)
    return rows, slice(max(x - 20, 0), x + width + 20)


def _whole(mask: Mask, window: Any, part: Any) -> Mask:
    refined = np.zeros_like(mask)
    refined[window] = part
    return refined


# Import name of the package, and what makes the method.
PEERS: dict[str, tuple[str, Callable[[], Method]]] = {
    'dense CRF': ('pydensecrf', dense_crf),
    'PyMatting, closed form': ('pymatting', closed_form_matting),
    'CascadePSP, random weights': ('segmentation_refinement', cascade_psp),
}
