"""Hooks and mixed precision for the training loop."""

from segrefiner_mm.engine.autocast_optim_wrapper import AutocastOptimWrapper
from segrefiner_mm.engine.collapse_watchdog_hook import CollapseWatchdogHook
from segrefiner_mm.engine.compile_network_hook import CompileNetworkHook
from segrefiner_mm.engine.refine_visualization_hook import (
    RefineVisualizationHook,
)

__all__ = [
    'AutocastOptimWrapper',
    'CollapseWatchdogHook',
    'CompileNetworkHook',
    'RefineVisualizationHook',
]
