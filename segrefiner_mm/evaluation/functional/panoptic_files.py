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

    Attributes:
        annotations (dict): Annotation of every image id.

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
            self.annotations = {a['image_id']: a for a in listed}
            self._segments = {
                a['image_id']: {s['id']: s for s in a['segments_info']}
                for a in listed
            }
        except (KeyError, TypeError) as error:
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
        if image_id not in self.annotations:
            raise InputError(f'{self.path} has no image {image_id}')
        path = self.folder / self.annotations[image_id]['file_name']
        picture = cv2.imread(str(path)) if path.is_file() else None
        if picture is None:
            raise InputError(f'cannot read the panoptic picture {path}')
        segments = self._segments[image_id]
        return PanopticMap(
            colours_to_ids(picture[..., ::-1]),
            {name: int(s['category_id']) for name, s in segments.items()},
            frozenset(n for n, s in segments.items() if s.get('iscrowd')),
        )

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
        except (KeyError, TypeError) as error:
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
    for image_id, annotation in truth.file.annotations.items():
        maps = truth.file.load(image_id), found.load(image_id)
        try:
            counts += panoptic_counts(*maps, truth.categories)
        except InputError as error:
            name = annotation['file_name']
            raise InputError(f'{found.folder / name}: {error}') from None
    return panoptic_figures(counts, truth.things)
