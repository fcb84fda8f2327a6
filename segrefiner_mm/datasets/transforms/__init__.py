"""Transforms for data pipelines."""

from segrefiner_mm.datasets.transforms import corruptions
from segrefiner_mm.datasets.transforms.alternate_pipelines import (
    AlternatePipelines,
)
from segrefiner_mm.datasets.transforms.cast_shadow import CastShadow
from segrefiner_mm.datasets.transforms.crop_object import CropObject
from segrefiner_mm.datasets.transforms.crop_patch import CropPatch
from segrefiner_mm.datasets.transforms.cut_at_border import CutAtBorder
from segrefiner_mm.datasets.transforms.keep_original_image import (
    KeepOriginalImage,
)
from segrefiner_mm.datasets.transforms.load_coarse_masks import LoadCoarseMasks
from segrefiner_mm.datasets.transforms.load_true_mask import LoadTrueMask
from segrefiner_mm.datasets.transforms.pack_refine_inputs import (
    PackRefineInputs,
)
from segrefiner_mm.datasets.transforms.paste_object import PasteObject
from segrefiner_mm.datasets.transforms.photometric_jitter import (
    PhotometricJitter,
)
from segrefiner_mm.datasets.transforms.random_flip_masks import (
    RandomFlipMasks,
)
from segrefiner_mm.datasets.transforms.random_shrink import RandomShrink
from segrefiner_mm.datasets.transforms.reference_corruption import (
    reference_corruption,
)
from segrefiner_mm.datasets.transforms.synthesize_coarse_mask import (
    SynthesizeCoarseMask,
)

__all__ = [
    'AlternatePipelines',
    'CastShadow',
    'CropObject',
    'CropPatch',
    'CutAtBorder',
    'KeepOriginalImage',
    'LoadCoarseMasks',
    'LoadTrueMask',
    'PackRefineInputs',
    'PasteObject',
    'PhotometricJitter',
    'RandomFlipMasks',
    'RandomShrink',
    'SynthesizeCoarseMask',
    'corruptions',
    'reference_corruption',
]
