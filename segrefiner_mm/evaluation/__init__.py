from segrefiner_mm.evaluation.functional import mask_quality

__all__ = ['mask_quality']
