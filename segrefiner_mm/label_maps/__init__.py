"""Maps with one label per pixel."""

from segrefiner_mm.label_maps.label_map_refiner import LabelMapRefiner

__all__ = ['LabelMapRefiner']
