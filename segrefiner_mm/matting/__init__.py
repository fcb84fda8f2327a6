"""Alpha mattes, the fraction of each pixel that belongs to the object."""

from segrefiner_mm.matting.alpha_matte import alpha_matte, default_band
from segrefiner_mm.matting.cut_out import cut_out

__all__ = ['alpha_matte', 'cut_out', 'default_band']
