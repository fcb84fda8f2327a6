"""Measures of mask quality as metrics of mmengine."""

from segrefiner_mm.evaluation.metrics.coco_boundary_metric import (
    CocoBoundaryMetric,
)
from segrefiner_mm.evaluation.metrics.lvis_boundary_metric import (
    LVISBoundaryMetric,
)
from segrefiner_mm.evaluation.metrics.mask_quality_metric import (
    MaskQualityMetric,
)
from segrefiner_mm.evaluation.metrics.panoptic_boundary_metric import (
    PanopticBoundaryMetric,
)
from segrefiner_mm.evaluation.metrics.semantic_boundary_metric import (
    SemanticBoundaryMetric,
)

__all__ = [
    'CocoBoundaryMetric',
    'LVISBoundaryMetric',
    'MaskQualityMetric',
    'PanopticBoundaryMetric',
    'SemanticBoundaryMetric',
]
