"""Data sets of images with true and coarse masks."""

from segrefiner_mm.datasets import transforms
from segrefiner_mm.datasets.big_dataset import BIGDataset
from segrefiner_mm.datasets.coco_refine_dataset import CocoRefineDataset
from segrefiner_mm.datasets.dis5k_dataset import DIS5KDataset
from segrefiner_mm.datasets.draw_sampler import DrawSampler
from segrefiner_mm.datasets.folder_refine_dataset import FolderRefineDataset
from segrefiner_mm.datasets.hr_collection_dataset import HRCollectionDataset
from segrefiner_mm.datasets.lvis_refine_dataset import LVISRefineDataset
from segrefiner_mm.datasets.refine_dataset import RefineDataset

__all__ = [
    'BIGDataset',
    'CocoRefineDataset',
    'DIS5KDataset',
    'DrawSampler',
    'FolderRefineDataset',
    'HRCollectionDataset',
    'LVISRefineDataset',
    'RefineDataset',
    'transforms',
]
