"""Drawing coarse and refined masks."""

from segrefiner_mm.visualization.outlines import draw_outlines
from segrefiner_mm.visualization.refine_visualizer import RefineVisualizer

__all__ = ['RefineVisualizer', 'draw_outlines']
