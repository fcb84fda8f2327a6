"""Images and masks in two folders or in a list."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segrefiner_mm.datasets.picture_pairs import (
    Listed,
    in_scenes,
    match_by_stem,
    read_pairs,
)
from segrefiner_mm.datasets.refine_dataset import RefineDataset
from segrefiner_mm.registry import DATASETS


@DATASETS.register_module()
class FolderRefineDataset(RefineDataset):
    """Binary masks in image files, matched to images by their stems.

    Args:
        data_root (str): Folder that the other paths are relative to.
        data_prefix (dict, optional): ``img`` and ``mask``: the folders of
            images and masks. Defaults to None: ``dict(img='images',
            mask='masks')``.
        ann_file (str): File that replaces matching: each line has the paths
            of an image and its mask, separated by a tab. Paths of predicted
            coarse masks may follow, for :class:`LoadCoarseMasks`. Defaults to
            '': images and masks are matched.
        scenes (dict, optional): ``take`` (list[int]) and ``of`` (int): the
            scenes are sorted by name, and a scene is used if its index modulo
            ``of`` is in ``take``. The name of a scene is the part of a stem
            before ``__``, else before the last ``_``, so frames of a scene
            never fall on both sides of a split. See :func:`in_scenes` for
            names that are not scenes. Defaults to None: all scenes.
        **kwargs: See :class:`RefineDataset`.

    Raises:
        InputError: If a folder or ``ann_file`` is missing or invalid, or no
            image has a mask; also see :class:`RefineDataset`.
    """

    def __init__(
        self,
        *args: Any,
        data_prefix: dict[str, Any] | None = None,
        scenes: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.scenes = scenes
        prefix = data_prefix or dict(img='images', mask='masks')
        super().__init__(*args, data_prefix=prefix, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Find the pairs of image and mask.

        Returns:
            list[dict]: For each pair ``img_path`` (str), ``mask_path`` (str)
            and ``coarse_paths`` (list[str]), which may be empty.

        Raises:
            InputError: If a folder or ``ann_file`` is missing or invalid.
        """
        pairs: Sequence[Listed]
        if self.ann_file:
            pairs = read_pairs(Path(self.ann_file), Path(self.data_root))
        else:
            folders = self.data_prefix
            pairs = match_by_stem(Path(folders['img']), Path(folders['mask']))
        if self.scenes is not None:
            pairs = in_scenes(pairs, **self.scenes)
        return [
            dict(
                img_path=str(image),
                mask_path=str(mask),
                coarse_paths=[str(path) for path in coarse],
            )
            for image, mask, *coarse in pairs
        ]

    def nothing_found(self) -> str:
        """Return the error message for a data set without pairs.

        Returns:
            str: The message.
        """
        part = f' in scenes {self.scenes}' if self.scenes else ''
        if self.ann_file:
            return f'no image with a mask is listed{part}: {self.ann_file}'
        where = ' and '.join(self.data_prefix.values())
        return f'no image with a mask of the same name{part}: {where}'
