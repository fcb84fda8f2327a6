"""COCO's panoptic format: a JSON file beside a folder of PNG files."""

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.panoptic_quality import (
    PanopticMap,
    panoptic_counts,
    panoptic_figures,
)
from segrefiner_mm.io.coco_annotations import (
    is_crowd,
    other_kind,
    records_of,
)
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.panoptic_json import (
    PanopticRecord,
    number_of,
    read_panoptic,
)
from segrefiner_mm.io.image_files.pictures import stored_size
from segrefiner_mm.io.rle import colours_to_ids


class PanopticTruth(NamedTuple):
    """True panoptic maps of a data set.

    Attributes:
        file (PanopticFile): The file of the maps.
        categories (list[int]): Ids of the C categories, ascending.
        names (list[str]): Names of the categories, in the order of the ids.
        things (np.ndarray): (C,) bool, in the order of the ids, True for
            things and False for stuff.
    """

    file: 'PanopticFile'
    categories: list[int]
    names: list[str]
    things: npt.NDArray[np.bool_]


class PanopticFile:
    """The annotations of a panoptic JSON file by image.

    Args:
        path (str | Path): The JSON file; for results, its ``annotations`` are
            sufficient.
        folder (str | Path, optional): Folder of its PNG files. Defaults to
            None: the folder beside it with its name without the suffix.

    Attributes:
        path (Path): The JSON file.
        folder (Path): Folder of its PNG files.
        content (dict): Content of the JSON file.

    Raises:
        InputError: If the file cannot be read or is not of this format.
    """

    def __init__(
        self, path: str | Path, folder: str | Path | None = None
    ) -> None:
        self.path = Path(path)
        self.folder = Path(folder or self.path.with_suffix(''))
        self.content = read_json(self.path)
        self._records = {
            record.image_id: record
            for record in read_panoptic(self.content, self.path)
        }
        self._segments = {
            image_id: self._segments_of(record)
            for image_id, record in self._records.items()
        }

    def _segments_of(
        self, record: PanopticRecord
    ) -> dict[int, tuple[int, bool]]:
        """Return the category of every segment, and whether it is a crowd."""
        where = (
            f'{self.path} (COCO panoptic), image {record.image_id}: segment'
        )
        return {
            number_of(own, 'id', where): (
                number_of(own, 'category_id', where),
                is_crowd(own),
            )
            for own in record.segments
        }

    def load(self, image_id: Any) -> PanopticMap:
        """Read the map of an image.

        Args:
            image_id (int | str): Id of the image.

        Returns:
            PanopticMap: The segments of the image.

        Raises:
            InputError: If the image is not annotated, or its PNG file is
                missing, too large or cannot be read.
        """
        path = self.picture_of(image_id)
        if path.is_file():
            stored_size(path)  # rejects a file that is too large
        picture = cv2.imread(str(path)) if path.is_file() else None
        if picture is None:
            raise InputError(f'cannot read the panoptic image {path}')
        segments = self._segments[image_id]
        return PanopticMap(
            colours_to_ids(picture[..., ::-1]),
            {name: category for name, (category, _) in segments.items()},
            frozenset(name for name, (_, crowd) in segments.items() if crowd),
        )

    def image_ids(self) -> list[Any]:
        """Return the ids of the images, in the order of the file.

        Returns:
            list[int | str]: Ids of the annotated images.
        """
        return list(self._records)

    def picture_of(self, image_id: Any) -> Path:
        """Return the PNG file of an image.

        Args:
            image_id (int | str): Id of the image.

        Returns:
            Path: The file; it need not exist.

        Raises:
            InputError: If the image is not annotated.
        """
        if image_id not in self._records:
            hint = other_kind(image_id, self._records)
            raise InputError(f'{self.path} has no image {image_id}{hint}')
        return self._records[image_id].picture(self.folder)

    def as_truth(self) -> PanopticTruth:
        """Return the maps with their categories, as ground truth.

        Returns:
            PanopticTruth: The maps, with categories sorted by id.

        Raises:
            InputError: If the categories are missing or invalid.
        """
        where = f'{self.path}, categories:'
        named: dict[int, tuple[str, bool]] = {}
        for index, own in enumerate(
            records_of(self.content, 'categories', self.path)
        ):
            place = f'{where} number {index}'
            number = number_of(own, 'id', place)
            if number in named:
                raise InputError(f'{where} id {number} appears twice')
            if not {'name', 'isthing'} <= own.keys():
                raise InputError(f'{place} lacks its name or isthing')
            named[number] = str(own['name']), bool(own['isthing'])
        listed = sorted(named)
        return PanopticTruth(
            self,
            listed,
            [named[number][0] for number in listed],
            np.array([named[number][1] for number in listed], bool),
        )


def evaluate_panoptic(
    gt_json: str | Path,
    dt_json: str | Path,
    gt_dir: str | Path | None = None,
    dt_dir: str | Path | None = None,
) -> dict[str, dict[str, float]]:
    """Compute panoptic quality and Boundary PQ of files.

    Args:
        gt_json (str | Path): True COCO panoptic annotations.
        dt_json (str | Path): Results in COCO panoptic format, for every image.
        gt_dir (str | Path, optional): Folder of the true PNG files. Defaults
            to None: see :class:`PanopticFile`.
        dt_dir (str | Path, optional): Folder of the PNG files of the results.
            Defaults to None: see :class:`PanopticFile`.

    Returns:
        dict[str, dict[str, float]]: See :func:`panoptic_figures`.

    Raises:
        InputError: If a file cannot be read or is invalid, or the results do
            not match the annotations.
    """
    truth = PanopticFile(gt_json, gt_dir).as_truth()
    predicted = PanopticFile(dt_json, dt_dir)
    counts = np.zeros((2, 4, len(truth.categories)))
    for image_id in truth.file.image_ids():
        maps = truth.file.load(image_id), predicted.load(image_id)
        try:
            counts += panoptic_counts(*maps, truth.categories)
        except InputError as error:
            raise InputError(
                f'{predicted.picture_of(image_id)}, of {predicted.path} '
                f'against {truth.file.path}: {error}'
            ) from None
    return panoptic_figures(counts, truth.things)
