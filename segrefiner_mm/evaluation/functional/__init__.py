"""Measures of mask quality as plain functions."""

from segrefiner_mm.evaluation.functional.alpha_errors import alpha_errors
from segrefiner_mm.evaluation.functional.average_precision import (
    evaluate_coco,
    evaluate_lvis,
)
from segrefiner_mm.evaluation.functional.boundary_flicker import (
    boundary_flicker,
)
from segrefiner_mm.evaluation.functional.dis5k_measures import (
    average_dichotomous,
    dichotomous_quality,
)
from segrefiner_mm.evaluation.functional.label_quality import (
    label_figures,
    label_ious,
    label_overlaps,
)
from segrefiner_mm.evaluation.functional.mask_quality import (
    boundary_f,
    boundary_iou,
    mask_iou,
    mask_quality,
    mean_boundary_accuracy,
)
from segrefiner_mm.evaluation.functional.panoptic_files import (
    PanopticFile,
    evaluate_panoptic,
)
from segrefiner_mm.evaluation.functional.panoptic_quality import (
    PanopticMap,
    panoptic_counts,
    panoptic_figures,
)
from segrefiner_mm.evaluation.functional.warping_error import (
    warping_error,
)

__all__ = [
    'PanopticFile',
    'PanopticMap',
    'alpha_errors',
    'average_dichotomous',
    'boundary_f',
    'boundary_flicker',
    'boundary_iou',
    'dichotomous_quality',
    'evaluate_coco',
    'evaluate_lvis',
    'evaluate_panoptic',
    'label_figures',
    'label_ious',
    'label_overlaps',
    'mask_iou',
    'mask_quality',
    'mean_boundary_accuracy',
    'panoptic_counts',
    'panoptic_figures',
    'warping_error',
]
