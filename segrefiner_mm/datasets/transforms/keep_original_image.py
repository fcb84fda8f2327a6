"""Keeps the image as it was loaded, for a refiner at the end."""

from typing import Any

from mmcv.transforms import BaseTransform

from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepOriginalImage(BaseTransform):
    """Keeps the loaded image, so that masks are refined at its resolution.

    It belongs right after the loading, in the pipeline of a detector or
    segmentor; ``meta_keys`` of ``PackDetInputs`` or ``PackSegInputs`` need
    ``'ori_img'``. Without it the image is read from its file again, which
    works wherever there is one. :class:`RefinedDetector` and
    :class:`RefinedSegmentor` take it out of the data samples, so that it is
    never stored with the results.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8; (H, W) is repeated three times

    Added Keys:

    - ori_img (np.ndarray): (H, W, 3) uint8 BGR

    Args:
        bgr (bool): Whether the pipeline loads BGR, as OpenMMLab's do. False
            stands for RGB. Defaults to True.
    """

    def __init__(self, bgr: bool = True) -> None:
        self.bgr = bgr

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Keep the image."""
        image = results['img']
        if image.ndim == 2:
            image = image[..., None]
        if image.shape[2] == 1:
            image = image.repeat(3, axis=2)
        results['ori_img'] = (image if self.bgr else image[..., ::-1]).copy()
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(bgr={self.bgr})'
