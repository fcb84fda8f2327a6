from segrefiner_mm.evaluation.functional.mask_quality import (
    boundary_iou,
    mask_iou,
    mask_quality,
    mean_boundary_accuracy,
)

__all__ = [
    'boundary_iou',
    'mask_iou',
    'mask_quality',
    'mean_boundary_accuracy',
]
