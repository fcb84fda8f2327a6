"""The masks that a model predicted on a COCO or LVIS data set."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from segrefiner_mm.errors import InputError
from segrefiner_mm.files import file_name_of, read_json
from segrefiner_mm.registry import DATASETS


@DATASETS.register_module()
class CocoRefineDataset(BaseDataset):
    """All images of an annotation file, each with its predicted masks.

    For testing: images without predictions are there too, as they count.

    Args:
        ann_file (str): COCO or LVIS annotations, under ``data_root``.
        results_file (str): COCO results with masks of any model, from where
            the run is started.
        data_prefix (dict): ``img``: folder of the images, under
            ``data_root``. Defaults to ``dict(img='')``.
        score_thr (float): Predictions of lower scores are left out. Defaults
            to 0.0.
        skip_unknown (bool): Whether to leave out results of images and
            categories that are not annotated. Defaults to False: an error.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`.

    Raises:
        InputError: If a file is not such, or the results are of other images
            or categories.
    """

    METAINFO: dict = dict()

    def __init__(
        self,
        *args: Any,
        results_file: str,
        data_prefix: dict | None = None,
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

    def load_data_list(self) -> list[dict]:
        """Read both files.

        Returns:
            list[dict]: Per image ``img_path``, ``img_id``, ``ori_shape``, and
            of its predictions ``coarse_segmentations``, ``coarse_scores`` and
            ``coarse_labels``, the places of their categories.
        """
        annotations = read_json(Path(self.ann_file))
        try:
            ids = sorted(c['id'] for c in annotations['categories'])
            label_of = {category: label for label, category in enumerate(ids)}
            images = {image['id'] for image in annotations['images']}
            found = self._results(images, set(ids))
            return [
                self._describe(image, found[image['id']], label_of)
                for image in annotations['images']
            ]
        except (KeyError, TypeError) as error:
            raise InputError(
                f'{self.ann_file} and {self.results_file} are not annotations '
                f'and results of COCO: {error!r}'
            ) from None

    def _results(self, images: set, categories: set) -> dict[Any, list[dict]]:
        of_image = defaultdict(list)
        skipped = 0
        for result in read_json(Path(self.results_file)):
            for part, known in (('image', images), ('category', categories)):
                if result[f'{part}_id'] in known:
                    continue
                if not self.skip_unknown:
                    raise InputError(
                        f'{self.results_file} has results of {part} '
                        f'{result[f"{part}_id"]}, which {self.ann_file} does '
                        'not know; skip_unknown=True leaves them out'
                    )
                skipped += 1
                break
            else:
                if result['score'] >= self.score_thr:
                    of_image[result['image_id']].append(result)
        if skipped:
            print_log(
                f'left out {skipped} results of images or categories that '
                f'{self.ann_file} does not know',
                'current',
            )
        return of_image

    def _describe(
        self, image: dict, results: list[dict], label_of: dict[int, int]
    ) -> dict:
        folder = Path(self.data_prefix['img'])
        return dict(
            img_path=str(folder / file_name_of(image)),
            img_id=image['id'],
            ori_shape=(image['height'], image['width']),
            coarse_segmentations=[r['segmentation'] for r in results],
            coarse_scores=[r['score'] for r in results],
            coarse_labels=[label_of[r['category_id']] for r in results],
        )
