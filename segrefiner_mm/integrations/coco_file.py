"""COCO and LVIS json: results of models, and annotations."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segrefiner_mm.encodings import (
    decode_mask,
    encode_mask,
    has_holes,
    outlines_of,
)
from segrefiner_mm.errors import InputError
from segrefiner_mm.files import file_name_of, read_json, write_whole
from segrefiner_mm.integrations.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)

STYLES = ('same', 'rle', 'polygon')


class CocoFile(PredictionFile):
    """A list of results, or annotations with their images.

    Crowds stay as they are, as do all fields but ``segmentation``, and
    entries without one.

    Args:
        content (list | dict): What the json holds.
        path (Path): Its file, for messages.
        ann_file (Path, optional): Annotations that name the images of
            results. Defaults to None: an image is called by its id with
            twelve digits, as in COCO.
        style (str): How masks are written: ``'rle'``, ``'polygon'``, whose
            holes are filled, or ``'same'`` as they came; what came as
            polygons and has holes now becomes run lengths. Defaults to
            'same'.

    Raises:
        InputError: If a file is not such a json.
    """

    def __init__(
        self,
        content: Any,
        path: Path,
        ann_file: Path | None = None,
        style: str = 'same',
    ) -> None:
        self.content = content
        self.style = style
        listed = isinstance(self.content, list)
        try:
            self.masks = (
                self.content if listed else self.content['annotations']
            )
            known = self.content if not listed else None
            if ann_file is not None:
                known = read_json(ann_file)
            self.infos = known and {i['id']: i for i in known['images']}
            for mask in self.masks:
                hash(mask.get('image_id'))
        except (AttributeError, KeyError, TypeError) as error:
            raise InputError(
                f'{ann_file or path} is neither COCO results nor COCO or LVIS '
                f'annotations: {error!r}'
            ) from None
        if self.masks and not any('segmentation' in m for m in self.masks):
            raise InputError(
                f'{path} has no masks; the results of mmdet that have are in '
                '*.segm.json'
            )

    def images(self) -> Iterator[ImageEntry]:
        of_image: dict[Any, dict[Key, Any]] = {}
        for index, mask in enumerate(self.masks):
            if mask.get('iscrowd') or 'segmentation' not in mask:
                continue
            of_image.setdefault(mask.get('image_id'), {})[index] = mask[
                'segmentation'
            ]
        for image_id, masks in of_image.items():
            name, size = self._image(image_id)
            yield ImageEntry(str(image_id), name, size, masks)

    def untouched(self) -> dict[str, str]:
        return {
            self.label(index): 'crowd' if mask.get('iscrowd') else 'no mask'
            for index, mask in enumerate(self.masks)
            if mask.get('iscrowd') or 'segmentation' not in mask
        }

    def rewrite(self, key: Key, size: tuple[int, int]) -> None:
        if self.style != 'same':
            mask = decode_mask(self.masks[key]['segmentation'], size)
            self.replace(key, encode_mask(mask))

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        mask = self.masks[key]
        as_polygon = self.style == 'polygon' or (
            self.style == 'same' and isinstance(mask['segmentation'], list)
        )
        holes_matter = self.style == 'same'
        if as_polygon and not (holes_matter and has_holes(encoded)):
            mask['segmentation'] = outlines_of(encoded) or encoded
        else:
            mask['segmentation'] = encoded

    def write(self, path: Path) -> None:
        write_whole(path, json.dumps(self.content).encode())

    def label(self, key: Key) -> str:
        mask = self.masks[key]
        image = f'image {mask.get("image_id")}'
        if 'id' in mask:
            return f'annotation {mask["id"]} of {image}'
        return f'result {key} of {image}'

    def _image(self, image_id: Any) -> tuple[str | None, Any]:
        if self.infos is None:
            numbered = isinstance(image_id, int)
            return f'{image_id:012d}.jpg' if numbered else str(image_id), None
        info = self.infos.get(image_id)
        if info is None:
            return None, None
        size = info.get('height'), info.get('width')
        known = None not in size
        return file_name_of(info), (
            int(size[0]),
            int(size[1]),
        ) if known else None
