"""DIS5K: dichotomous image segmentation."""

from pathlib import Path
from typing import Any

from segrefiner_mm.datasets.coarse_pairs_dataset import CoarsePairsDataset
from segrefiner_mm.datasets.picture_pairs import Pair, match_by_stem
from segrefiner_mm.registry import DATASETS


@DATASETS.register_module()
class DIS5KDataset(CoarsePairsDataset):
    """A part of DIS5K as it is published: ``im/NAME.jpg``, ``gt/NAME.png``.

    Args:
        split (str): ``'DIS-VD'`` or ``'DIS-TE1'`` to ``'DIS-TE4'``, a folder
            under ``data_root``. Defaults to 'DIS-VD'.
        **kwargs: See :class:`CoarsePairsDataset`.
    """

    def __init__(
        self, *args: Any, split: str = 'DIS-VD', **kwargs: Any
    ) -> None:
        self.split = split
        super().__init__(*args, **kwargs)

    def pairs(self) -> dict[str, Pair]:
        folder = Path(self.data_root or '', self.split)
        found = match_by_stem(folder / 'im', folder / 'gt')
        return {image.stem: (image, mask) for image, mask in found}
