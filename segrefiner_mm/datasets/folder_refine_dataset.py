"""Images and masks in two folders, or in a list."""

from pathlib import Path
from typing import Any

from segrefiner_mm.datasets.refine_dataset import RefineDataset
from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import DATASETS

SUFFIXES = frozenset(['.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff'])


@DATASETS.register_module()
class FolderRefineDataset(RefineDataset):
    """Binary masks as pictures, matched to images by their stems.

    Args:
        data_root (str): Folder that the other paths start from.
        data_prefix (dict): ``img`` and ``mask``: the two folders. Defaults to
            ``dict(img='images', mask='masks')``.
        ann_file (str): Instead of matching, a file with the paths of an image
            and its mask per line, separated by a tab. Defaults to ''.
        scenes (dict, optional): ``take`` and ``of``: of the scenes in the
            order of their names, take those whose place modulo ``of`` is in
            ``take``. A scene is named by what stands before ``__``, else
            before the last ``_`` of a stem, so that frames of a scene never
            fall on both sides of a split. Defaults to None: all.
        **kwargs: See :class:`RefineDataset`.
    """

    def __init__(
        self,
        *args: Any,
        data_prefix: dict | None = None,
        scenes: dict | None = None,
        **kwargs: Any,
    ) -> None:
        self.scenes = scenes
        prefix = data_prefix or dict(img='images', mask='masks')
        super().__init__(*args, data_prefix=prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Find the pairs.

        Returns:
            list[dict]: ``img_path`` and ``mask_path`` of each.
        """
        pairs = self._listed() if self.ann_file else self._matched()
        if self.scenes is not None:
            pairs = _in_scenes(pairs, **self.scenes)
        return [
            dict(img_path=str(image), mask_path=str(mask))
            for image, mask in pairs
        ]

    def _listed(self) -> list[tuple[Path, Path]]:
        pairs = []
        lines = Path(self.ann_file).read_text().splitlines()
        for number, line in enumerate(lines, start=1):
            names = line.split('\t')
            if len(names) != 2:
                raise InputError(
                    f'{self.ann_file}, line {number}: expected image and '
                    f'mask separated by a tab, got {line.strip()!r}'
                )
            image, mask = (Path(self.data_root, name) for name in names)
            pairs.append((image, mask))
        return pairs

    def _matched(self) -> list[tuple[Path, Path]]:
        images = _pictures(Path(self.data_prefix['img']))
        masks = _pictures(Path(self.data_prefix['mask']))
        return [
            (images[stem], masks[stem])
            for stem in sorted(images.keys() & masks.keys())
        ]


def _pictures(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError(f'no such folder: {folder}')
    return {
        path.stem: path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES
    }


def _in_scenes(
    pairs: list[tuple[Path, Path]], take: list[int], of: int
) -> list[tuple[Path, Path]]:
    names = [_scene(image.stem) for image, _ in pairs]
    place = {name: i for i, name in enumerate(sorted(set(names)))}
    return [
        pair
        for pair, name in zip(pairs, names, strict=True)
        if place[name] % of in take
    ]


def _scene(stem: str) -> str:
    if '__' in stem:
        return stem.split('__')[0]
    return stem.rpartition('_')[0] or stem
