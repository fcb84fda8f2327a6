"""Lists with a dict per object, of Segment Anything and transformers."""

from typing import Any

import numpy as np
from PIL import Image

from segrefiner_mm.integrations.results.result import MaskResult, Masks, like
from segrefiner_mm.io.encodings.mask_forms import MaskStyle, written
from segrefiner_mm.io.encodings.segmentation import read_segmentation
from segrefiner_mm.io.rle import encode_mask


class RecordMasks(MaskResult):
    """Dicts with a mask each: an array, a PIL image or run lengths.

    Args:
        records (list[dict]): The dicts; in copies, all fields but the masks
            are unchanged, and a mask keeps its form.
        key (str): Key of the mask in each dict.
    """

    def __init__(self, records: list[dict[str, Any]], key: str) -> None:
        self._records = records
        self._key = key
        self.masks = [record[key] for record in records]

    def with_masks(self, refined: Masks) -> list[dict[str, Any]]:
        """Return a copy with these masks; see the base class."""
        return [
            {**record, self._key: _alike(mask, record[self._key])}
            for record, mask in zip(self._records, refined, strict=True)
        ]


def open_records(value: Any) -> MaskResult | None:
    """Recognise a list of dicts that have a mask each.

    ``SamAutomaticMaskGenerator.generate()`` writes ``segmentation``; the
    pipeline ``image-segmentation`` of transformers writes ``mask`` and
    ``label``.

    Args:
        value (object): Any value.

    Returns:
        MaskResult | None: The opened list; None for any other value.
    """
    if not isinstance(value, list) or not value:
        return None
    if not all(isinstance(record, dict) for record in value):
        return None
    if any('segments_info' in record for record in value):
        return None  # one for every image, not for every object
    for keys in (('segmentation',), ('mask', 'label')):
        if all(key in record for record in value for key in keys):
            return RecordMasks(value, keys[0])
    return None


def _alike(mask: Masks, before: Any) -> Any:
    """Convert a mask to the form that it had before."""
    if isinstance(before, Image.Image):
        return Image.fromarray(mask.astype(np.uint8) * 255).convert(
            before.mode
        )
    if not isinstance(before, (dict, list)):
        return like(mask, before)
    read = read_segmentation(before)
    assert read is not None  # it was refined
    return written(encode_mask(mask), read, MaskStyle())
