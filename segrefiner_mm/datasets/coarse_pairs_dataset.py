"""Test sets of images with the coarse masks of a model."""

from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from segrefiner_mm.datasets.picture_pairs import Pair
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in


class CoarsePairsDataset(BaseDataset):
    """Images with one true mask and one coarse mask each, as image files.

    Args:
        coarse_dir (str): Folder of the coarse masks, under ``data_root``. The
            stem of a coarse mask is the name of its sample, with or without
            the suffix ``_seg``.
        test_mode (bool): See :class:`mmengine.dataset.BaseDataset`. Defaults
            to True.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`.

    Raises:
        InputError: If a folder is missing, two files of a folder share a
            stem, an image lacks a mask, or there are no images.
    """

    METAINFO: dict[str, Any] = dict(classes=('object',))

    def __init__(
        self,
        *args: Any,
        coarse_dir: str,
        test_mode: bool = True,
        **kwargs: Any,
    ) -> None:
        self.coarse_dir = coarse_dir
        super().__init__(*args, test_mode=test_mode, **kwargs)

    def pairs(self) -> dict[str, Pair]:
        """Return images and true masks by name; subclasses implement this.

        Returns:
            dict[str, tuple[Path, Path]]: Image and true mask of every name.
        """
        raise NotImplementedError

    def load_data_list(self) -> list[dict[str, Any]]:
        """Find images and masks.

        Returns:
            list[dict]: For each image ``img_path`` (str), ``mask_path`` (str)
            and ``coarse_paths``, a list of one path (str).

        Raises:
            InputError: See the class.
        """
        folder = Path(self.data_root or '', self.coarse_dir)
        coarse = pictures_in(folder)
        infos = []
        for name, (image, mask) in self.pairs().items():
            coarse_path = coarse.get(name) or coarse.get(f'{name}_seg')
            if coarse_path is None:
                raise InputError(
                    f'no coarse mask {name} or {name}_seg in {folder}'
                )
            infos.append(
                dict(
                    img_path=str(image),
                    mask_path=str(mask),
                    coarse_paths=[str(coarse_path)],
                )
            )
        if not infos:
            raise InputError(f'no images with masks in {self.data_root}')
        return infos
