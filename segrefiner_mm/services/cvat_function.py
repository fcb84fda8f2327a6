r"""A function for CVAT that refines masks; cvat-cli and cvat-sdk run it.

The masks come from annotations that were exported from CVAT as COCO, matched
by the names of the frames, or from another function, whose masks and polygons
are refined before they are sent. An example with exported annotations::

    cvat-cli task auto-annotate TASK --function-module \
        segrefiner_mm.services.cvat_function -p coarse=str:instances.json
"""

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

import cvat_sdk.auto_annotation as cvat
import numpy as np
from cvat_sdk.masks import decode_mask, encode_mask
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_annotations import id_of, images_of, records_of
from segrefiner_mm.io.encodings.segmentation import is_empty
from segrefiner_mm.io.files import read_json
from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.services.refine_service import (
    Choice,
    RefineService,
    ServedMask,
)
from segrefiner_mm.services.uploads import MaskItem, listed

Found = tuple[int, MaskItem]  # the id of a label, and a mask


def create(
    coarse: str = '',
    detector: str = '',
    device: str = '',
    steps: int = 0,
    **parameters: Any,
) -> 'RefineFunction':
    """Create the function; cvat-cli passes ``-p NAME=TYPE:VALUE``.

    Args:
        coarse (str): COCO file with the masks to refine. Defaults to '':
            ``detector`` provides the masks.
        detector (str): Full name of the module of another function for CVAT,
            such as
            ``cvat_sdk.auto_annotation.functions.torchvision_instance_segmentation``.
            Defaults to ''.
        device (str): Device to compute on, such as ``'cuda:0'``. Defaults to
            '': the best device available.
        steps (int): Number of reverse steps. Defaults to 0: that of the model.
        **parameters: Passed to the ``create`` function of the detector.

    Returns:
        RefineFunction: The function; the model is loaded for the first frame.

    Raises:
        InputError: If not exactly one source of masks is given, the COCO file
            cannot be used, or the module ``detector`` cannot be imported.
    """
    if bool(coarse) == bool(detector):
        raise InputError(
            'give the masks to refine: coarse=, a COCO file, or detector=, '
            'the module of another function'
        )
    if coarse:
        source: Any = CocoMasks(Path(coarse))
    else:
        try:
            module = import_module(detector)
        except ImportError as error:
            raise InputError(
                f'detector={detector} cannot be imported: {error}'
            ) from error
        inner = module.create(**parameters) if parameters else module
        if not hasattr(inner, 'detect'):
            inner = module.create()
        source = DetectedMasks(inner)
    options = RefinerOptions(device=device or None, steps=steps or None)
    return RefineFunction(source, RefineService(options, max_masks=10_000))


class CocoMasks:
    """Masks of a COCO file, by the names of their images.

    Args:
        path (Path): Annotations with images and categories.

    Attributes:
        labels (list[PatchedLabelRequest]): Labels of CVAT, one per category
            name.

    Raises:
        InputError: If the file cannot be read or is not of COCO, or an
            annotation has an invalid mask or names an image or a category
            that is not listed.
    """

    def __init__(self, path: Path) -> None:
        content = read_json(path)
        names = {
            id_of(record, 'id', str(path)): str(record.get('name'))
            for record in records_of(content, 'categories', path)
        }
        self.labels = [
            cvat.label_spec(name, number, type='any')
            for number, name in enumerate(dict.fromkeys(names.values()))
        ]
        numbers = {label.name: label.id for label in self.labels}
        images = images_of(content, path)
        self._masks: dict[str, list[Found]] = {}
        for record in records_of(content, 'annotations', path):
            if is_empty(record.get('segmentation')):
                continue  # a box
            label = names.get(id_of(record, 'category_id', str(path)))
            image = images.get(id_of(record, 'image_id', str(path)))
            if label is None or image is None:
                raise InputError(
                    f'{path}: an annotation names a category or an image '
                    'that is not listed'
                )
            found = self._masks.setdefault(image.name, [])
            found.append((numbers[label], listed([record])[0]))

    def masks(self, context: Any, _: Image.Image) -> list[Found]:
        """Find the masks of a frame.

        Args:
            context (DetectionFunctionContext): Context with the name of the
                frame.

        Returns:
            list[tuple[int, object]]: Label id and mask of each object, for the
            image with the whole name of the frame, else for the only image
            with an equal file name; empty if there is no such image.
        """
        name = str(context.frame_name)
        if name in self._masks:
            return self._masks[name]
        alike = [
            masks
            for own, masks in self._masks.items()
            if PurePosixPath(own).name == PurePosixPath(name).name
        ]
        return alike[0] if len(alike) == 1 else []


class DetectedMasks:
    """Masks and polygons that another function finds.

    Args:
        inner (DetectionFunction): The function.

    Attributes:
        labels (Sequence[PatchedLabelRequest]): Labels of the function.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.labels = inner.spec.labels

    def masks(self, context: Any, image: Image.Image) -> list[Found]:
        """Call the function, and keep only masks and polygons.

        Args:
            context (DetectionFunctionContext): Passed to the function.
            image (PIL.Image.Image): The frame.

        Returns:
            list[tuple[int, object]]: Label id and mask of each object, a mask
            as (H, W) array and a polygon as [[x1, y1, x2, y2, ...]].
        """
        return list(self._found(self._inner.detect(context, image), image))

    def _found(
        self, shapes: Iterable[Any], image: Image.Image
    ) -> Iterable[Found]:
        for shape in shapes:
            kind = str(getattr(shape, 'type', ''))
            if kind == 'mask':
                yield (
                    shape.label_id,
                    decode_mask(
                        shape.points,
                        image_width=image.width,
                        image_height=image.height,
                    ),
                )
            elif kind == 'polygon':
                yield shape.label_id, [list(shape.points)]


class RefineFunction:
    """A detection function for CVAT that refines masks.

    Args:
        source (CocoMasks | DetectedMasks): Provides the coarse masks.
        service (RefineService): Refines the masks.

    Attributes:
        spec (DetectionFunctionSpec): The labels of the source.
    """

    def __init__(self, source: Any, service: RefineService) -> None:
        self.spec = cvat.DetectionFunctionSpec(labels=source.labels)
        self._source = source
        self._service = service

    def detect(
        self, context: Any, image: Image.Image
    ) -> Sequence[cvat.DetectionAnnotation]:
        """Refine the masks of a frame.

        Args:
            context (DetectionFunctionContext): Name of the frame, and whether
                masks are to be converted to polygons.
            image (PIL.Image.Image): The frame.

        Returns:
            list[LabeledShapeRequest]: A mask per object, or a polygon for
            every part of its mask, grouped; empty masks are left out.

        Raises:
            InputError: If a mask does not fit the frame, or the model cannot
                be used.
            CheckpointError: If the weights cannot be used.
        """
        found = self._source.masks(context, image)
        if not found:
            return []
        items = [item for _, item in found]
        served = self._service.refine(image, lambda: items, Choice())
        shapes: list[Any] = []
        for group, ((label, _), mask) in enumerate(
            zip(found, served, strict=True), 1
        ):
            shapes += _shapes(label, mask, group, context.conv_mask_to_poly)
        return shapes


def _shapes(
    label: int, served: ServedMask, group: int, as_polygons: bool
) -> list[Any]:
    dense = served.dense()
    if not as_polygons:
        if not np.any(dense):
            return []
        return [cvat.mask(label, encode_mask(dense))]
    parts = served.polygons()
    joined = dict(group=group) if len(parts) > 1 else {}
    return [cvat.polygon(label, part, **joined) for part in parts]
