"""High-resolution collections with one object per image."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segrefiner_mm.datasets.picture_pairs import match_by_stem
from segrefiner_mm.datasets.refine_dataset import RefineDataset
from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import DATASETS

# Folders of images and masks, and the list of names, as published.
LAYOUTS = {
    'dis5k': ('im', 'gt', ''),
    'thin_object': ('images', 'masks', 'list/train.txt'),
}


@DATASETS.register_module()
class HRCollectionDataset(RefineDataset):
    """ThinObject-5K and DIS5K together, or folders in their layouts.

    Every sample is drawn twice in a row, for an object crop and for a
    full-resolution patch (:class:`AlternatePipelines`).

    Args:
        collections (Sequence[dict]): Each has ``root``, a folder under
            ``data_root``, and optionally ``layout``: ``'dis5k'``, the default
            (im/, gt/), or ``'thin_object'`` (images/, masks/,
            list/train.txt). ``img``, ``mask`` and ``names`` replace parts of
            the layout. ``coarse`` is the folder of coarse masks from
            ``tools/dataset_tools/gen_coarse_masks.py``, also under
            ``data_root``.
        draws_per_sample (int): See :class:`RefineDataset`. Defaults to 2.
        **kwargs: See :class:`RefineDataset`.

    Raises:
        InputError: If a folder or list is missing, or there is no sample.
        ValueError: If a collection has an unknown layout.
        TypeError: If a collection has an unknown key or no ``root``.
    """

    def __init__(
        self,
        *args: Any,
        collections: Sequence[dict[str, Any]],
        draws_per_sample: int = 2,
        **kwargs: Any,
    ) -> None:
        self.collections = collections
        super().__init__(*args, draws_per_sample=draws_per_sample, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Find the pairs of image and mask of all collections.

        Returns:
            list[dict]: For each pair ``img_path`` (str) and ``mask_path``
            (str), and if the collection has ``coarse``, ``coarse_paths``, a
            list of two paths (str).

        Raises:
            InputError: See the class.
            ValueError: See the class.
            TypeError: See the class.
        """
        data_root = Path(self.data_root or '')
        return [
            info
            for collection in self.collections
            for info in _load(data_root, **collection)
        ]


def _load(
    data_root: Path,
    root: str,
    layout: str = 'dis5k',
    img: str | None = None,
    mask: str | None = None,
    names: str | None = None,
    coarse: str | None = None,
) -> list[dict[str, Any]]:
    if layout not in LAYOUTS:
        raise ValueError(
            f'layout must be one of {sorted(LAYOUTS)}, got {layout!r}'
        )
    defaults = LAYOUTS[layout]
    folder = data_root / root
    listed = names if names is not None else defaults[2]
    pairs = match_by_stem(
        folder / (img or defaults[0]),
        folder / (mask or defaults[1]),
        folder / listed if listed else None,
    )
    infos = [dict(img_path=str(i), mask_path=str(m)) for i, m in pairs]
    if coarse is not None:
        _add_coarse_paths(infos, data_root / coarse)
    return infos


def _add_coarse_paths(infos: list[dict[str, Any]], folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(
            f'no such folder: {folder}; make it with '
            'tools/dataset_tools/gen_coarse_masks.py'
        )
    for info in infos:
        stem = Path(info['mask_path']).stem
        paths = [str(folder / f'{stem}_{number}.png') for number in (0, 1)]
        info['coarse_paths'] = paths
