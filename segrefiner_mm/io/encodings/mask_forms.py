"""The form in which a mask is written to JSON."""

import math
from typing import Any, NamedTuple

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.outlines import (
    TOLERANCE,
    has_holes,
    outlines_of,
)
from segrefiner_mm.io.encodings.run_table import decode_runs
from segrefiner_mm.io.encodings.segmentation import (
    POLYGONS,
    RUNS,
    TEXT,
    Segmentation,
    Size,
    read_segmentation,
)
from segrefiner_mm.io.rle import encode_segmentation, with_text

# Every form that can be written; COCO's JSON holds all.
ALL_FORMS = ('same', 'rle', 'polygon')


class MaskStyle(NamedTuple):
    """Form in which masks are written.

    Attributes:
        form (str): ``'rle'``, compressed run lengths; ``'polygon'``, with
            holes filled; or ``'same'``, the form in which a mask was read,
            except that polygons become run lengths if the refined mask has
            holes. A mask that is empty, or whose outline is too long, has no
            polygons and becomes run lengths. Defaults to 'same'.
        tolerance (float): Maximum distance of a polygon from the edge of the
            mask, in pixels. Defaults to 0.5.
    """

    form: str = 'same'
    tolerance: float = TOLERANCE

    def check(self) -> None:
        """Check the values.

        Raises:
            InputError: If the form is unknown, or the tolerance is negative
                or not finite.
        """
        if self.form not in ALL_FORMS:
            raise InputError(
                f'--segmentation must be one of {", ".join(ALL_FORMS)}, got '
                f'{self.form!r}'
            )
        if not 0 <= self.tolerance < math.inf:
            raise InputError(
                f'--tolerance must be 0 or more, got {self.tolerance}'
            )


def written(
    encoded: dict[str, Any], before: Segmentation, style: MaskStyle
) -> Any:
    """Convert a mask to the form in which it is written.

    Args:
        encoded (dict): The mask, ``size`` and compressed ``counts``.
        before (Segmentation): The mask to be replaced, whose form ``'same'``
            repeats.
        style (MaskStyle): Form to write.

    Returns:
        dict | list: COCO's ``segmentation``, of values that JSON can hold.
    """
    encoded = with_text(encoded)
    if style.form == 'rle':
        return encoded
    same = style.form == 'same'
    if style.form == 'polygon' or before.form == POLYGONS:
        if same and has_holes(encoded):
            return encoded
        polygons = outlines_of(encoded, style.tolerance)
        if same and before.wrapped and len(polygons) == 1:
            return polygons[0]
        return polygons or encoded
    if before.form == RUNS:
        runs, _ = decode_runs([encoded])
        encoded = dict(size=encoded['size'], counts=runs.tolist())
    return [encoded] if before.wrapped else encoded


def converted(value: Any, size: Size, style: MaskStyle) -> Any:
    """Convert a mask that was not refined to the form to write.

    Args:
        value (object): COCO's ``segmentation``.
        size (tuple[int, int]): Height and width of the image.
        style (MaskStyle): Form to write.

    Returns:
        object: COCO's ``segmentation``. The value itself, if it already has
        this form, if the form is ``'same'``, or if there is no mask.

    Raises:
        InputError: If the mask is invalid, of another size, or too large.
    """
    read = read_segmentation(value)
    form = dict(rle=TEXT, polygon=POLYGONS).get(style.form)
    if form is None or read is None or read.form == form:
        return value
    return written(encode_segmentation(read, size), read, style)
