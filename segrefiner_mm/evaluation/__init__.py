from segrefiner_mm.evaluation.functional import (
    evaluate_coco,
    evaluate_lvis,
    mask_quality,
)
from segrefiner_mm.evaluation.metrics import (
    CocoBoundaryMetric,
    LVISBoundaryMetric,
    MaskQualityMetric,
)

__all__ = [
    'CocoBoundaryMetric',
    'LVISBoundaryMetric',
    'MaskQualityMetric',
    'evaluate_coco',
    'evaluate_lvis',
    'mask_quality',
]
