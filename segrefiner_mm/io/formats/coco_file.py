"""Results and annotations in the JSON of COCO and LVIS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_annotations import (
    CocoImage,
    Id,
    id_of,
    images_of,
    is_crowd,
    name_of_id,
    other_kind,
)
from segrefiner_mm.io.encodings.boxes import update_box
from segrefiner_mm.io.encodings.mask_forms import (
    MaskStyle,
    converted,
    written,
)
from segrefiner_mm.io.encodings.segmentation import (
    is_empty,
    read_segmentation,
)
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
)
from segrefiner_mm.io.formats.record_json import (
    RecordJson,
    record_name,
    typed_key,
)
from segrefiner_mm.io.json_files.foreign_json import strange_json
from segrefiner_mm.io.json_files.json_file import shown


class CocoFile(RecordJson):
    """COCO or LVIS JSON: a list of results, or annotations with images.

    Crowds and entries without a mask are left unchanged, and so are all
    fields but ``segmentation``, unless ``update_boxes`` is set.

    Args:
        content (list | dict): Content of the JSON file, changed in place.
        path (Path): The file, for messages.
        ann_file (Path, optional): Annotations that name the images. Defaults
            to None: the images of annotations are those of ``content``; an
            image of results is named by its id with twelve digits, as in
            COCO.
        style (MaskStyle, optional): Form in which masks are written. Defaults
            to None: the form in which they were read.
        update_boxes (bool): Whether to update ``bbox`` and ``area`` of
            refined masks where present. Defaults to False.

    Raises:
        InputError: If ``ann_file`` cannot be read, or a file does not follow
            the schema.
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
            if why_left(mask):
                continue
            try:
                image_id = id_of(mask, 'image_id', self._own_name(index))
            except InputError as error:
                problem, masks = str(error), {index: mask['segmentation']}
                yield ImageEntry(f'#{index}', None, None, masks, problem)
                continue
            of_image.setdefault(image_id, {})[index] = mask['segmentation']
        for image_id, masks in of_image.items():
            names = self._images, self._images_file, self._path
            yield image_entry(image_id, masks, *names)

    def untouched(self) -> dict[str, str]:
        """List skipped masks; see :meth:`PredictionFile.untouched`."""
        return {
            self.label(index): why
            for index, mask in enumerate(self.masks)
            if (why := why_left(mask))
        }

    def rewrite(self, key: Key, size: tuple[int, int]) -> None:
        """Convert a mask; see :meth:`PredictionFile.rewrite`."""
        rewrite_record(self.masks[key], size, self.style)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        replace_mask(self.masks[key], encoded, self.style, self.update_boxes)

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        return record_label(self.masks[key], key)

    def _check_results(self, path: Path) -> None:
        """Check that the entries are results and have masks."""
        if not any('image_id' in mask for mask in self.masks):
            raise InputError(f'{path} {strange_json(self.content)}')
        if not any('segmentation' in mask for mask in self.masks):
            raise InputError(
                f'{path} has no masks; the results of mmdet that have masks '
                'are in *.segm.json'
            )


class Images(Protocol):
    """The images of a file by their ids."""

    def get(self, key: Id, /) -> CocoImage | None:
        """Return the image of an id; None if there is no such image."""

    def __contains__(self, key: object, /) -> bool:
        """Return whether there is an image of this id."""


def why_left(record: dict[str, Any]) -> str:
    """Return why a record is not refined.

    Args:
        record (dict): Result or annotation.

    Returns:
        str: ``'crowd'`` or ``'no mask'``; '' if it can be refined.
    """
    if is_crowd(record):
        return 'crowd'
    return 'no mask' if is_empty(record.get('segmentation')) else ''


def record_label(record: dict[str, Any], index: int) -> str:
    """Return the name of a record for messages.

    Args:
        record (dict): Result or annotation.
        index (int): Its index in the file, from 0.

    Returns:
        str: The name, such as ``'annotation 7 of image 3'``.
    """
    image_id = record.get('image_id')
    return f'{record_name(record, index)} of image {shown(image_id)}'


def image_entry(
    image_id: Id,
    masks: dict[Key, Any],
    images: Images | None,
    images_file: Path,
    path: Path,
) -> ImageEntry:
    """Return the entry of an image, by its id.

    Args:
        image_id (int | str): Id of the image.
        masks (dict): Its masks; see :class:`ImageEntry`.
        images (Images, optional): All images; None if no file names them.
        images_file (Path): File that names the images, for messages.
        path (Path): File of the masks, for messages.

    Returns:
        ImageEntry: The entry, with a ``problem`` if no image has this id, or
        the image cannot be used.
    """
    key = typed_key(image_id)
    if images is None:
        name = name_of_id(image_id)
        hint = (
            '; without --ann, an image is looked for by its id: --ann '
            'gives the annotations that name the images'
        )
        return ImageEntry(key, name, None, masks, hint=hint)
    image = images.get(image_id)
    if image is None:
        problem = (
            f'image {shown(image_id)} is not among the images of '
            f'{images_file}{other_kind(image_id, images)}'
        )
        return ImageEntry(key, None, None, masks, problem)
    problem = image.problem
    if problem and images_file != path:
        problem = f'{images_file}: {problem}'
    return ImageEntry(key, image.name, image.size, masks, problem)


def replace_mask(
    record: dict[str, Any],
    encoded: dict[str, Any],
    style: MaskStyle,
    update_boxes: bool,
) -> None:
    """Replace the mask of a record, in place.

    Args:
        record (dict): Result or annotation with a valid mask.
        encoded (dict): The new mask, ``size`` and compressed ``counts``.
        style (MaskStyle): Form in which the mask is written.
        update_boxes (bool): Whether to update ``bbox`` and ``area`` where
            present.
    """
    read = read_segmentation(record['segmentation'])
    assert read is not None
    record['segmentation'] = written(encoded, read, style)
    if update_boxes:
        update_box(record, encoded)


def rewrite_record(
    record: dict[str, Any], size: tuple[int, int], style: MaskStyle
) -> None:
    """Convert the mask of a record to the form to write, in place.

    Args:
        record (dict): Result or annotation with ``segmentation``.
        size (tuple[int, int]): Height and width of the image.
        style (MaskStyle): Form in which the mask is written.

    Raises:
        InputError: See :func:`converted`.
    """
    before = record['segmentation']
    record['segmentation'] = converted(before, size, style)
