"""Keeping the loaded image for a refiner behind a detector or segmentor."""

from typing import Any

from mmcv.transforms import BaseTransform

from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepOriginalImage(BaseTransform):
    """Keeps the loaded image, so that masks are refined at its resolution.

    This transform belongs right after the loading in the pipeline of a
    detector or segmentor; ``meta_keys`` of ``PackDetInputs`` or
    ``PackSegInputs`` need ``'ori_img'``. Without it, the image is read again
    from its file, if there is one. :class:`RefinedDetector` and
    :class:`RefinedSegmentor` remove ``ori_img`` from the data samples, so it
    is not stored with the results.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8; or grey, (H, W) or (H, W, 1), which
      is repeated three times

    Added Keys:

    - ori_img (np.ndarray): (H, W, 3) uint8 BGR

    Args:
        bgr (bool): Whether the pipeline loads BGR images, as OpenMMLab's
            loaders do. False: RGB. Defaults to True.
    """

    def __init__(self, bgr: bool = True) -> None:
        self.bgr = bgr

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Store a copy of the image.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.
        """
        image = results['img']
        if image.ndim == 2:
            image = image[..., None]
        if image.shape[2] == 1:
            image = image.repeat(3, axis=2)
        results['ori_img'] = (image if self.bgr else image[..., ::-1]).copy()
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(bgr={self.bgr})'
