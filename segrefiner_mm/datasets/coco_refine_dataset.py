"""A COCO or LVIS data set with the masks that a model predicted on it."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_annotations import (
    CocoImage,
    Id,
    id_of,
    images_of,
    other_kind,
    records_of,
)
from segrefiner_mm.io.confine import path_below
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.registry import DATASETS


@DATASETS.register_module()
class CocoRefineDataset(BaseDataset):
    """All images of an annotation file, each with its predicted masks.

    The data set is for testing, so images without predictions are included:
    metrics count them.

    Args:
        ann_file (str): COCO or LVIS annotations, under ``data_root``.
        results_file (str): COCO results with masks of any model, relative to
            the working directory.
        data_prefix (dict, optional): ``img``: folder of the images, under
            ``data_root``. Defaults to None: ``dict(img='')``.
        score_thr (float): Predictions with a lower score are skipped. Defaults
            to 0.0.
        skip_unknown (bool): Whether to skip results whose image or category
            ``ann_file`` does not list. Their number is logged. Defaults to
            False: they are an error.
        test_mode (bool): See :class:`mmengine.dataset.BaseDataset`. Defaults
            to True.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`.

    Raises:
        InputError: If a file cannot be read or is invalid, or an image or
            category of the results is not listed in ``ann_file``.
    """

    METAINFO: dict[str, Any] = dict()

    def __init__(
        self,
        *args: Any,
        results_file: str,
        data_prefix: dict[str, Any] | None = None,
        score_thr: float = 0.0,
        skip_unknown: bool = False,
        test_mode: bool = True,
        **kwargs: Any,
    ) -> None:
        self.results_file = results_file
        self.score_thr = score_thr
        self.skip_unknown = skip_unknown
        prefix = data_prefix or dict(img='')
        super().__init__(
            *args, data_prefix=prefix, test_mode=test_mode, **kwargs
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read both files.

        Returns:
            list[dict]: For each image ``img_path`` (str), ``img_id`` (int or
            str) and ``ann_size`` (height and width); and the lists
            ``coarse_segmentations`` (COCO encodings), ``coarse_scores``
            (float) and ``coarse_labels`` (int) of its predictions. A label is
            the position in the sorted category ids.

        Raises:
            InputError: See the class.
        """
        annotations = read_json(Path(self.ann_file))
        images = images_of(annotations, self.ann_file)
        ids = sorted(self._categories(annotations), key=_numbers_first)
        label_of = {category: label for label, category in enumerate(ids)}
        results = self._results(images, label_of)
        return [
            self._describe(image, results[image.id], label_of)
            for image in images.values()
        ]

    def _categories(self, annotations: Any) -> set[Id]:
        records = records_of(annotations, 'categories', self.ann_file)
        where = f'{self.ann_file}, categories: number'
        return {
            id_of(record, 'id', f'{where} {index}')
            for index, record in enumerate(records)
        }

    def _results(
        self, images: dict[Id, CocoImage], categories: dict[Id, int]
    ) -> dict[Id, list[dict[str, Any]]]:
        of_image = defaultdict(list)
        skipped = 0
        file = self.results_file
        results = records_of(read_json(Path(file)), '', file)
        for index, result in enumerate(results):
            own = _result(result, f'{file}, result {index}')
            unknown = _unknown(own, images, categories)
            if not unknown:
                if own['score'] >= self.score_thr:
                    of_image[own['image_id']].append(own)
                continue
            if not self.skip_unknown:
                raise InputError(
                    f'{file} has results of {unknown}, which {self.ann_file} '
                    'does not list; skip_unknown=True skips them'
                )
            skipped += 1
        if skipped:
            print_log(
                f'skipped {skipped} results of images or categories that '
                f'{self.ann_file} does not list',
                'current',
            )
        return of_image

    def _describe(
        self,
        image: CocoImage,
        results: list[dict[str, Any]],
        label_of: dict[Id, int],
    ) -> dict[str, Any]:
        folder = self.data_prefix['img']
        return dict(
            img_path=path_below(folder, image.name, self.ann_file),
            img_id=image.id,
            ann_size=image.known_size(self.ann_file),
            coarse_segmentations=[r['segmentation'] for r in results],
            coarse_scores=[r['score'] for r in results],
            coarse_labels=[label_of[r['category_id']] for r in results],
        )


def _numbers_first(value: Id) -> tuple[bool, Id]:
    """Return a sort key for ids: numbers first, then strings."""
    return isinstance(value, str), value


def _result(result: dict[str, Any], where: str) -> dict[str, Any]:
    """Check a result, and return the fields that the data set needs."""
    score = result.get('score')
    if not is_real(score):
        raise InputError(f'{where} has an invalid score: {shown(score)}')
    if 'segmentation' not in result:
        raise InputError(f'{where} has no segmentation')
    return dict(
        image_id=id_of(result, 'image_id', where),
        category_id=id_of(result, 'category_id', where),
        score=score,
        segmentation=result['segmentation'],
    )


def _unknown(
    result: dict[str, Any],
    images: dict[Id, CocoImage],
    categories: dict[Id, int],
) -> str:
    """Name the image or category of a result if it is not annotated."""
    parts: tuple[tuple[str, dict[Any, Any]], ...]
    parts = ('image', images), ('category', categories)
    for part, known in parts:
        value = result[f'{part}_id']
        if value not in known:
            return f'{part} {value}{other_kind(value, known)}'
    return ''
