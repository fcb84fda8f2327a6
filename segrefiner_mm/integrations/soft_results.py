"""Soft maps in the data samples of mmdet and mmseg."""

import torch
from mmengine.structures import BaseDataElement

from segrefiner_mm.label_maps.soft_labels import SoftLabels


def add_soft_labels(
    pixels: BaseDataElement, soft: SoftLabels | None, device: torch.device
) -> None:
    """Add the probabilities of the labels to a predicted map.

    Args:
        pixels (PixelData): The map, changed in place. It gets ``soft``,
            (C, H, W) float32, 0 to 1, and the metainfo ``soft_labels``, the
            label of each of the C planes. The label of a pixel is the one
            with the highest probability.
        soft (SoftLabels, optional): The probabilities; with None, nothing is
            added.
        device (torch.device): Device of the map.
    """
    if soft is None:
        return
    pixels.soft = torch.from_numpy(soft.dense()).to(device)
    pixels.set_metainfo(dict(soft_labels=list(soft.labels)))
