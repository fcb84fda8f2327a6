"""Window plans, the guard, and the engine that runs them."""

from segrefiner_mm.windows.compact_mask import Box, CompactMask, compact_masks
from segrefiner_mm.windows.completion import completed, stack_soft
from segrefiner_mm.windows.do_no_harm_guard import DoNoHarmGuard
from segrefiner_mm.windows.edges import edge_band
from segrefiner_mm.windows.engine import WindowEngine
from segrefiner_mm.windows.keeping_guard import KeepingGuard
from segrefiner_mm.windows.object_windows import ObjectWindows
from segrefiner_mm.windows.only_here import ERRORS, Only
from segrefiner_mm.windows.refine_job import RefineJob
from segrefiner_mm.windows.soft_map import SoftMap
from segrefiner_mm.windows.tiled_windows import TiledWindows
from segrefiner_mm.windows.window_plan import (
    KEPT,
    REFINED,
    ROLLED_BACK,
    Plan,
    RefinedMask,
    RefineTask,
    WindowAnswer,
    WindowPlan,
    WindowRequest,
    stack_confidence,
)

__all__ = [
    'ERRORS',
    'KEPT',
    'REFINED',
    'ROLLED_BACK',
    'Box',
    'CompactMask',
    'DoNoHarmGuard',
    'KeepingGuard',
    'ObjectWindows',
    'Only',
    'Plan',
    'RefineJob',
    'RefineTask',
    'RefinedMask',
    'SoftMap',
    'TiledWindows',
    'WindowAnswer',
    'WindowEngine',
    'WindowPlan',
    'WindowRequest',
    'compact_masks',
    'completed',
    'edge_band',
    'stack_confidence',
    'stack_soft',
]
