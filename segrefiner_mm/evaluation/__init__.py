from segrefiner_mm.evaluation.functional import mask_quality
from segrefiner_mm.evaluation.metrics import MaskQualityMetric

__all__ = ['MaskQualityMetric', 'mask_quality']
