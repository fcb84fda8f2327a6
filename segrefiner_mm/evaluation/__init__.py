"""Measures of mask quality."""

from segrefiner_mm.evaluation.functional import (
    evaluate_coco,
    evaluate_lvis,
    evaluate_panoptic,
    mask_quality,
)
from segrefiner_mm.evaluation.metrics import (
    CocoBoundaryMetric,
    LVISBoundaryMetric,
    MaskQualityMetric,
    PanopticBoundaryMetric,
    SemanticBoundaryMetric,
)

__all__ = [
    'CocoBoundaryMetric',
    'LVISBoundaryMetric',
    'MaskQualityMetric',
    'PanopticBoundaryMetric',
    'SemanticBoundaryMetric',
    'evaluate_coco',
    'evaluate_lvis',
    'evaluate_panoptic',
    'mask_quality',
]
