"""DIS5K: dichotomous image segmentation."""

from pathlib import Path
from typing import Any

from segrefiner_mm.datasets.coarse_pairs_dataset import CoarsePairsDataset
from segrefiner_mm.datasets.picture_pairs import Pair
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in
from segrefiner_mm.registry import DATASETS


@DATASETS.register_module()
class DIS5KDataset(CoarsePairsDataset):
    """A split of DIS5K as published: ``im/NAME.jpg``, ``gt/NAME.png``.

    Args:
        split (str): ``'DIS-VD'`` or ``'DIS-TE1'`` to ``'DIS-TE4'``, a folder
            under ``data_root``. Defaults to 'DIS-VD'.
        **kwargs: See :class:`CoarsePairsDataset`.

    Raises:
        InputError: See :class:`CoarsePairsDataset`; also if a true mask lacks
            its image.
    """

    def __init__(
        self, *args: Any, split: str = 'DIS-VD', **kwargs: Any
    ) -> None:
        self.split = split
        super().__init__(*args, **kwargs)

    def pairs(self) -> dict[str, Pair]:
        """Return images and true masks by name.

        Returns:
            dict[str, tuple[Path, Path]]: Image and true mask of every name,
            sorted by name.

        Raises:
            InputError: If a folder is missing, or an image or a mask lacks
                its partner.
        """
        folder = Path(self.data_root or '', self.split)
        images, masks = pictures_in(folder / 'im'), pictures_in(folder / 'gt')
        alone = images.keys() ^ masks.keys()
        if alone:
            raise InputError(
                f'{len(alone)} images in im and gt of {folder} lack a '
                f'partner, such as {min(alone)}'
            )
        return {stem: (images[stem], masks[stem]) for stem in sorted(images)}
