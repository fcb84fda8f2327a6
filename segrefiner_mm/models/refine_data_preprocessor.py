"""Copying images to the device, and normalising windows."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from segrefiner_mm.registry import MODELS


@MODELS.register_module()
class RefineDataPreprocessor(BaseDataPreprocessor):
    """Data preprocessor of :class:`SegRefiner`.

    Whole images stay uint8. Only the windows that the network sees are
    converted, by :meth:`normalize`, so no float copy of a large image is made.

    Args:
        mean (Sequence[float]): Mean of R, G and B, on the scale 0 to 255.
            Defaults to (123.675, 116.28, 103.53).
        std (Sequence[float]): Standard deviation of R, G and B, on the scale
            0 to 255. Defaults to (58.395, 57.12, 57.375).
        bgr_to_rgb (bool): Whether the images are BGR, as mm packages and
            OpenCV read them. Defaults to True.
        non_blocking (bool): Whether to copy to the device asynchronously.
            Defaults to False.

    Raises:
        ValueError: If ``mean`` or ``std`` does not have three values, or a
            standard deviation is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Sequence[float] = (123.675, 116.28, 103.53),
        std: Sequence[float] = (58.395, 57.12, 57.375),
        bgr_to_rgb: bool = True,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise ValueError(
                'mean and std need 3 values each, std positive; got '
                f'mean={tuple(mean)}, std={tuple(std)}'
            )
        self.bgr_to_rgb = bgr_to_rgb
        for name, values in dict(mean=mean, std=std).items():
            buffer = torch.tensor(values, dtype=torch.float32).view(3, 1, 1)
            self.register_buffer(name, buffer, persistent=False)

    def forward(
        self, data: dict[str, Any], training: bool = False
    ) -> dict[str, Any]:
        """Prepare a batch.

        Args:
            data (dict): ``inputs``, a list of (3, H, W) uint8 images, and
                optionally ``data_samples``, a list of
                :obj:`RefineDataSample`.
            training (bool): Whether to stack and normalise the images, which
                must then have the same size. Defaults to False.

        Returns:
            dict: ``inputs``, (B, 3, H, W) float32 in training, else the list
            of uint8 images; and ``data_samples``, None if not given. Both are
            on the device.
        """
        data = self.cast_data(data)
        inputs = data['inputs']
        if training:
            inputs = self.normalize(torch.stack(list(inputs)))
        return dict(inputs=inputs, data_samples=data.get('data_samples'))

    def normalize(self, images: Tensor) -> Tensor:
        """Normalise raw pixels for the network.

        Args:
            images (Tensor): (B, 3, H, W), values 0 to 255, in the channel
                order of the input images.

        Returns:
            Tensor: (B, 3, H, W) float32, RGB, ``(value - mean) / std``.
        """
        if self.bgr_to_rgb:
            images = images.flip(1)
        normal = images.float() - self.mean
        normal /= self.std
        return normal
