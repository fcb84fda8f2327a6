"""Results and annotations in the JSON of COCO and LVIS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.boxes import update_box
from segrefiner_mm.io.coco_annotations import (
    CocoImage,
    Id,
    id_of,
    images_of,
    is_crowd,
    name_of_id,
    other_kind,
)
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.foreign_json import strange_json
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
)
from segrefiner_mm.io.formats.record_json import RecordJson, typed_key
from segrefiner_mm.io.json_file import shown
from segrefiner_mm.io.mask_forms import (
    MaskStyle,
    converted,
    written,
)
from segrefiner_mm.io.segmentation import (
    is_empty,
    read_segmentation,
)


class CocoFile(RecordJson):
    """A list of results, or annotations with their images.

    Crowds, entries without a mask and all fields but ``segmentation`` are
    left unchanged.

    Args:
        content (list | dict): Content of the JSON file.
        path (Path): The file, for messages.
        ann_file (Path, optional): Annotations that name the images of
            results. Defaults to None: an image is named by its id with
            twelve digits, as in COCO.
        style (MaskStyle, optional): Form in which masks are written. Defaults
            to None: the form in which they were read.
        update_boxes (bool): Whether to update ``bbox`` and ``area`` of
            refined masks where present. Defaults to False.

    Raises:
        InputError: If a file does not follow the schema.
    """

    def __init__(
        self,
        content: Any,
        path: Path,
        ann_file: Path | None = None,
        style: MaskStyle | None = None,
        update_boxes: bool = False,
    ) -> None:
        super().__init__(content, path, style, update_boxes)
        self._images: dict[Id, CocoImage] | None = None
        self._path, self._images_file = path, ann_file or path
        if ann_file is not None:
            self._images = images_of(read_json(ann_file), ann_file)
        elif not self.are_results:
            self._images = images_of(content, path)
        if self.are_results and self.masks:
            self._check_results(path)

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        of_image: dict[Any, dict[Key, Any]] = {}
        for index, mask in enumerate(self.masks):
            if self._why_left(mask):
                continue
            try:
                image_id = id_of(mask, 'image_id', self._own_name(index))
            except InputError as error:
                problem, masks = str(error), {index: mask['segmentation']}
                yield ImageEntry(f'#{index}', None, None, masks, problem)
                continue
            of_image.setdefault(image_id, {})[index] = mask['segmentation']
        for image_id, masks in of_image.items():
            yield self._entry(image_id, masks)

    def untouched(self) -> dict[str, str]:
        """See :meth:`PredictionFile.untouched`."""
        return {
            self.label(index): why
            for index, mask in enumerate(self.masks)
            if (why := self._why_left(mask))
        }

    def rewrite(self, key: Key, size: tuple[int, int]) -> None:
        """Convert a mask; see :meth:`PredictionFile.rewrite`."""
        mask = self.masks[key]
        before = mask['segmentation']
        mask['segmentation'] = converted(before, size, self.style)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        mask = self.masks[key]
        read = read_segmentation(mask['segmentation'])
        assert read is not None
        mask['segmentation'] = written(encoded, read, self.style)
        if self.update_boxes:
            update_box(mask, encoded)

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        image_id = self.masks[key].get('image_id')
        return f'{self._own_name(key)} of image {shown(image_id)}'

    def _why_left(self, mask: dict[str, Any]) -> str:
        if is_crowd(mask):
            return 'crowd'
        return 'no mask' if is_empty(mask.get('segmentation')) else ''

    def _entry(self, image_id: Id, masks: dict[Key, Any]) -> ImageEntry:
        key = typed_key(image_id)
        if self._images is None:
            name = name_of_id(image_id)
            hint = (
                '; without --ann, an image is looked for by its id: --ann '
                'gives the annotations that name the images'
            )
            return ImageEntry(key, name, None, masks, hint=hint)
        image = self._images.get(image_id)
        if image is None:
            problem = (
                f'image {shown(image_id)} is not among the images of '
                f'{self._images_file}{other_kind(image_id, self._images)}'
            )
            return ImageEntry(key, None, None, masks, problem)
        problem = image.problem
        if problem and self._images_file != self._path:
            problem = f'{self._images_file}: {problem}'
        return ImageEntry(key, image.name, image.size, masks, problem)

    def _check_results(self, path: Path) -> None:
        """Check that the entries are results and have masks."""
        if not any('image_id' in mask for mask in self.masks):
            raise InputError(f'{path} {strange_json(self.content)}')
        if not any('segmentation' in mask for mask in self.masks):
            raise InputError(
                f'{path} has no masks; the results of mmdet that have are in '
                '*.segm.json'
            )
