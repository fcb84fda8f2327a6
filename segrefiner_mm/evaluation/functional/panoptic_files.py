"""COCO's panoptic format: a json beside a folder of pictures."""

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.encodings import colours_to_ids
from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.panoptic_quality import (
    PanopticMap,
    panoptic_counts,
    panoptic_figures,
)
from segrefiner_mm.files import read_json


class PanopticTruth(NamedTuple):
    """True panoptic maps of a data set.

    Attributes:
        file (PanopticFile): Where they are.
        categories (list[int]): Ids of the categories, in their order.
        names (list[str]): Their names.
        things (np.ndarray): (C,) bool, which of them are things.
    """

    file: 'PanopticFile'
    categories: list[int]
    names: list[str]
    things: npt.NDArray[np.bool_]


class PanopticFile:
    """The annotations of a panoptic json, by their images.

    Args:
        path (str | Path): The json; results may lack all but annotations.
        folder (str | Path, optional): Where its pictures are. Defaults to
            None: the folder of the same name beside it.

    Raises:
        InputError: If it is not of this format.
    """

    def __init__(
        self, path: str | Path, folder: str | Path | None = None
    ) -> None:
        self.path = Path(path)
        self.folder = Path(folder or self.path.with_suffix(''))
        self.content = read_json(self.path)
        try:
            listed = self.content['annotations']
            self._files = {a['image_id']: str(a['file_name']) for a in listed}
            self._segments = {
                a['image_id']: {
                    int(s['id']): (int(s['category_id']), s.get('iscrowd'))
                    for s in a['segments_info']
                }
                for a in listed
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f'{self.path} is not of COCO panoptic: {error!r}'
            ) from None

    def load(self, image_id: Any) -> PanopticMap:
        """Read the map of an image.

        Args:
            image_id (int | str): As in the json.

        Returns:
            PanopticMap: Its segments.

        Raises:
            InputError: If there is none, or it cannot be read.
        """
        path = self.picture_of(image_id)
        picture = cv2.imread(str(path)) if path.is_file() else None
        if picture is None:
            raise InputError(f'cannot read the panoptic picture {path}')
        segments = self._segments[image_id]
        return PanopticMap(
            colours_to_ids(picture[..., ::-1]),
            {name: category for name, (category, _) in segments.items()},
            frozenset(name for name, (_, crowd) in segments.items() if crowd),
        )

    def image_ids(self) -> list[Any]:
        """Ids of the images, in the order of the json."""
        return list(self._files)

    def picture_of(self, image_id: Any) -> Path:
        """The picture of an image; an InputError if there is none."""
        if image_id not in self._files:
            raise InputError(f'{self.path} has no image {image_id}')
        return self.folder / self._files[image_id]

    def as_truth(self) -> PanopticTruth:
        """The same with its categories.

        Returns:
            PanopticTruth: In the order of the ids of the categories.

        Raises:
            InputError: If it names no categories.
        """
        try:
            listed = sorted(self.content['categories'], key=lambda c: c['id'])
            return PanopticTruth(
                self,
                [category['id'] for category in listed],
                [category['name'] for category in listed],
                np.array([bool(c['isthing']) for c in listed], bool),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise InputError(
                f'{self.path} has no categories with id, name and isthing: '
                f'{error!r}'
            ) from None


def evaluate_panoptic(
    gt_json: str | Path,
    dt_json: str | Path,
    gt_dir: str | Path | None = None,
    dt_dir: str | Path | None = None,
) -> dict[str, dict[str, float]]:
    """Panoptic quality and Boundary PQ of files.

    Args:
        gt_json (str | Path): True COCO panoptic annotations.
        dt_json (str | Path): Results in the same format, of every image.
        gt_dir (str | Path, optional): Pictures of the truth. Defaults to
            None: beside the json.
        dt_dir (str | Path, optional): Pictures of the results. Defaults to
            None: beside the json.

    Returns:
        dict[str, dict[str, float]]: See :func:`panoptic_figures`.

    Raises:
        InputError: If a file cannot be read, or does not fit.
    """
    truth = PanopticFile(gt_json, gt_dir).as_truth()
    found = PanopticFile(dt_json, dt_dir)
    counts = np.zeros((2, 4, len(truth.categories)))
    for image_id in truth.file.image_ids():
        maps = truth.file.load(image_id), found.load(image_id)
        try:
            counts += panoptic_counts(*maps, truth.categories)
        except InputError as error:
            raise InputError(
                f'{found.picture_of(image_id)}: {error}'
            ) from None
    return panoptic_figures(counts, truth.things)
