"""Parts of mask files and label maps in which the coarse file is put back."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from segrefiner_mm.errors import about
from segrefiner_mm.io.formats.panoptic_picture import (
    encode_segment_ids,
    read_segment_ids,
)
from segrefiner_mm.io.label_maps import (
    LabelMap,
    encode_label_map,
    read_label_map,
)
from segrefiner_mm.review.copied_files import Choice
from segrefiner_mm.review.folder_results import FolderResult
from segrefiner_mm.review.panoptic_files import PanopticResult
from segrefiner_mm.review.parts import Parts, Pixels
from segrefiner_mm.runs.mask_task import encode_mask_file


class Restored(NamedTuple):
    """A result after its decision.

    Attributes:
        choice (Choice): The file to write: the coarse or the refined one if
            all pixels are equal to its own, else new content in the format of
            the refined one.
        pixels (np.ndarray, optional): (H, W), the mask, labels or ids of
            segments. Defaults to None: they were not read.
    """

    choice: Choice
    pixels: Pixels | None = None


def restore_file(
    result: FolderResult | PanopticResult, parts: Parts
) -> Restored:
    """Put the coarse pixels back in parts of a file.

    Args:
        result (FolderResult | PanopticResult): The coarse and refined file.
        parts (Parts): The parts.

    Returns:
        Restored: What to write.

    Raises:
        InputError: If a file cannot be read, is of another size than the
            parts, or cannot hold the pixels; the message names it.
    """
    with about(result.refined):
        coarse, refined, encode = _opened(result)
        pixels = parts.restored(coarse, refined)
        if np.array_equal(pixels, coarse):
            choice = Choice(result.coarse, result.refined)
        elif np.array_equal(pixels, refined):
            choice = Choice(result.refined, result.coarse)
        else:
            choice = Choice(result.refined, result.coarse, encode(pixels))
        return Restored(choice, pixels)


def _opened(
    result: FolderResult | PanopticResult,
) -> tuple[Pixels, Pixels, Callable[[Pixels], bytes]]:
    """Return the coarse and the refined pixels, and their encoder."""
    if isinstance(result, PanopticResult):
        coarse, refined = map(
            read_segment_ids, (result.coarse, result.refined)
        )
        return coarse, refined, partial(encode_segment_ids, result.refined)
    if result.settings.get('labels'):
        before = read_label_map(result.coarse)
        after = read_label_map(result.refined)
        encode = partial(_encode_labels, result, before)
        return before.labels, after.labels, encode
    return *result.masks(), partial(_encode_mask, result)


def _encode_labels(
    result: FolderResult, before: LabelMap, labels: Pixels
) -> bytes:
    return encode_label_map(result.refined, before._replace(labels=labels))


def _encode_mask(result: FolderResult, mask: Pixels) -> bytes:
    return encode_mask_file(result.refined, mask, result.coarse)
