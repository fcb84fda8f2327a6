"""Packing a sample for the model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData

from segrefiner_mm.registry import TRANSFORMS
from segrefiner_mm.structures import RefineDataSample


@TRANSFORMS.register_module()
class PackRefineInputs(BaseTransform):
    """Packs image and masks into tensors and a data sample.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8
    - gt_mask, coarse_mask (np.ndarray, optional): (H, W) or (N, H, W), above
      0 in the foreground
    - coarse_scores, coarse_labels (list, optional): One entry per coarse mask
    - seed (int, optional): Added to the metainfo as ``noise_seed``

    Added Keys:

    - inputs (Tensor): (3, H, W) uint8
    - data_samples (RefineDataSample): With ``gt_instances`` and
      ``coarse_instances``, whose ``masks`` are (N, H, W) bool; the coarse
      instances also have ``scores`` (N,) float32 and ``labels`` (N,) int64

    Args:
        meta_keys (Sequence[str]): Keys to copy to the metainfo if present.
            Defaults to ``('img_path', 'img_id', 'ori_shape')``.
    """

    def __init__(
        self, meta_keys: Sequence[str] = ('img_path', 'img_id', 'ori_shape')
    ) -> None:
        self.meta_keys = meta_keys

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack the sample.

        Args:
            results (dict): See the class.

        Returns:
            dict: Only ``inputs`` and ``data_samples``.
        """
        meta = {k: results[k] for k in self.meta_keys if k in results}
        if 'seed' in results:
            meta['noise_seed'] = results['seed']
        sample = RefineDataSample(metainfo=meta)
        for key in ('gt', 'coarse'):
            mask = results.get(f'{key}_mask')
            if mask is not None:
                masks = mask if mask.ndim == 3 else mask[None]
                masks = torch.from_numpy(np.ascontiguousarray(masks)) > 0
                setattr(sample, f'{key}_instances', InstanceData(masks=masks))
        for name, dtype in (('scores', torch.float32), ('labels', torch.long)):
            if (values := results.get(f'coarse_{name}')) is not None:
                values = torch.tensor(values, dtype=dtype)
                sample.coarse_instances.set_field(values, name)
        image = np.ascontiguousarray(results['img'].transpose(2, 0, 1))
        return dict(inputs=torch.from_numpy(image), data_samples=sample)
