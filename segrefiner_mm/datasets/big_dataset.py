"""BIG, the high-resolution test set of CascadePSP."""

from pathlib import Path
from typing import Any

from segrefiner_mm.datasets.coarse_pairs_dataset import CoarsePairsDataset
from segrefiner_mm.datasets.picture_pairs import Pair
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in
from segrefiner_mm.registry import DATASETS


@DATASETS.register_module()
class BIGDataset(CoarsePairsDataset):
    """BIG as published: ``NAME_im.jpg`` beside ``NAME_gt.png``.

    Args:
        split (str): Folder of the files, under ``data_root``: ``'test'``,
            150 images, or ``'val'``, 50. Defaults to 'test'.
        **kwargs: See :class:`CoarsePairsDataset`.

    Raises:
        InputError: See :class:`CoarsePairsDataset`.
    """

    def __init__(self, *args: Any, split: str = 'test', **kwargs: Any) -> None:
        self.split = split
        super().__init__(*args, **kwargs)

    def pairs(self) -> dict[str, Pair]:
        """Return images and true masks by name.

        Returns:
            dict[str, tuple[Path, Path]]: Image and true mask of every name,
            sorted by name.

        Raises:
            InputError: If the folder or a true mask is missing.
        """
        folder = Path(self.data_root or '', self.split)
        pictures = pictures_in(folder)
        pairs = {}
        for stem, image in pictures.items():
            if not stem.endswith('_im'):
                continue
            name = stem.removesuffix('_im')
            if f'{name}_gt' not in pictures:
                raise InputError(f'no true mask {name}_gt in {folder}')
            pairs[name] = image, pictures[f'{name}_gt']
        return pairs
