from segrefiner_mm.visualization.outlines import draw_outlines

__all__ = ['draw_outlines']
