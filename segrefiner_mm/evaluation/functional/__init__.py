from segrefiner_mm.evaluation.functional.average_precision import (
    evaluate_coco,
    evaluate_lvis,
)
from segrefiner_mm.evaluation.functional.mask_quality import (
    boundary_iou,
    mask_iou,
    mask_quality,
    mean_boundary_accuracy,
)

__all__ = [
    'boundary_iou',
    'evaluate_coco',
    'evaluate_lvis',
    'mask_iou',
    'mask_quality',
    'mean_boundary_accuracy',
]
