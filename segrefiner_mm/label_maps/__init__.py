"""Refinement of label maps."""

from segrefiner_mm.label_maps.label_map_refiner import LabelMapRefiner

__all__ = ['LabelMapRefiner']
