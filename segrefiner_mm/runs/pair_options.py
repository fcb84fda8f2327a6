"""Options of the runs over pairs of an image and a mask or a label map."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MaskOptions:
    """Options for reading and writing pairs of images and masks.

    Attributes:
        mask_suffix (str): Suffix that the name of a mask adds to the name of
            its image, such as ``'_mask'``; ``*`` matches any characters. Not
            used for a single pair. Defaults to ''.
        threshold (float, optional): Value from which a soft mask is
            foreground, more than 0. Defaults to None: masks have two values.
        overlay (bool): Whether to also write the image with the outlines of
            the coarse and the refined mask. Defaults to False.
        alpha (bool): Whether to also write the object as a cut-out, a PNG
            with alpha in the band around the edge. Defaults to False.
        alpha_band (int, optional): Width of that band on either side of the
            edge, in pixels, 1 or more; see :func:`alpha_matte`. Defaults to
            None: by the size of the object.
        overwrite (bool): Whether to repeat finished jobs, and to overwrite
            other files in the output folder; the output of a single pair is
            overwritten in any case. Defaults to False.
        soft (str, optional): Type in which soft maps are also written:
            ``'uint8'`` or ``'uint16'`` (.png), or ``'float32'`` (.npy); see
            :func:`quantised`. Defaults to None: no soft maps.
        only (object, optional): The part that may change, see
            :class:`OnlyParts`. Defaults to None: everything.
    """

    mask_suffix: str = ''
    threshold: float | None = None
    overlay: bool = False
    alpha: bool = False
    alpha_band: int | None = None
    overwrite: bool = False
    soft: str | None = None
    only: Any = None


@dataclass(frozen=True)
class LabelOptions:
    """Options for reading and writing pairs of images and label maps.

    Attributes:
        ignore (tuple[int, ...]): Labels whose pixels are not changed.
            Defaults to (255,).
        mask_suffix (str): See :class:`MaskOptions`. Defaults to ''.
        overlay (bool): See :class:`MaskOptions`. Defaults to False.
        overwrite (bool): See :class:`MaskOptions`. Defaults to False.
        soft (str, optional): See :class:`MaskOptions`, but a soft map is an
            .npz, see :func:`encode_label_probs`. Defaults to None.
        only (object, optional): See :class:`MaskOptions`. Defaults to None.
    """

    ignore: tuple[int, ...] = (255,)
    mask_suffix: str = ''
    overlay: bool = False
    overwrite: bool = False
    soft: str | None = None
    only: Any = None
