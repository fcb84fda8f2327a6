"""Refiners inside models of mmdet and mmseg."""

from segrefiner_mm.integrations.refined_detector import RefinedDetector
from segrefiner_mm.integrations.refined_segmentor import RefinedSegmentor
from segrefiner_mm.label_maps.label_map_refiner import LabelMapRefiner

__all__ = ['LabelMapRefiner', 'RefinedDetector', 'RefinedSegmentor']
