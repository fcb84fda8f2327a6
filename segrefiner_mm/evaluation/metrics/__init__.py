from segrefiner_mm.evaluation.metrics.mask_quality_metric import (
    MaskQualityMetric,
)

__all__ = ['MaskQualityMetric']
