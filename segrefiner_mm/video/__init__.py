"""Refinement of videos, with evidence carried from frame to frame."""

from segrefiner_mm.video.optical_flow import Motion, find_motion
from segrefiner_mm.video.steadying import Steadying
from segrefiner_mm.video.video_refiner import (
    CARRIED,
    FIRST,
    REUSED,
    FrameMasks,
    ObjectResult,
    VideoRefiner,
)

__all__ = [
    'CARRIED',
    'FIRST',
    'REUSED',
    'FrameMasks',
    'Motion',
    'ObjectResult',
    'Steadying',
    'VideoRefiner',
    'find_motion',
]
