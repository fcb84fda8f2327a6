from segrefiner_mm.datasets import transforms
from segrefiner_mm.datasets.draw_sampler import DrawSampler
from segrefiner_mm.datasets.folder_refine_dataset import FolderRefineDataset
from segrefiner_mm.datasets.refine_dataset import RefineDataset

__all__ = [
    'DrawSampler',
    'FolderRefineDataset',
    'RefineDataset',
    'transforms',
]
