"""The method of the paper: scheduler, networks, head and refiner."""

from segrefiner_mm.models.binary_cross_entropy_loss import (
    BinaryCrossEntropyLoss,
)
from segrefiner_mm.models.denoise_lite_unet import DenoiseLiteUNet
from segrefiner_mm.models.denoise_unet import DenoiseUNet
from segrefiner_mm.models.diffusion_refine_head import DiffusionRefineHead
from segrefiner_mm.models.discrete_transition_scheduler import (
    DiscreteTransitionScheduler,
    TransitionStepOutput,
)
from segrefiner_mm.models.error_map_loss import ErrorMapLoss
from segrefiner_mm.models.refine_data_preprocessor import (
    RefineDataPreprocessor,
)
from segrefiner_mm.models.refine_settings import RefineSettings
from segrefiner_mm.models.sample_output import SampleOutput
from segrefiner_mm.models.segrefiner import SegRefiner
from segrefiner_mm.models.texture_l1_loss import TextureL1Loss

__all__ = [
    'BinaryCrossEntropyLoss',
    'DenoiseLiteUNet',
    'DenoiseUNet',
    'DiffusionRefineHead',
    'DiscreteTransitionScheduler',
    'ErrorMapLoss',
    'RefineDataPreprocessor',
    'RefineSettings',
    'SampleOutput',
    'SegRefiner',
    'TextureL1Loss',
    'TransitionStepOutput',
]
