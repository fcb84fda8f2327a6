"""Refining label maps."""

from segrefiner_mm.label_maps.label_map_refiner import LabelMapRefiner
from segrefiner_mm.label_maps.soft_labels import SoftLabels

__all__ = ['LabelMapRefiner', 'SoftLabels']
