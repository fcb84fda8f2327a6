"""File names of Cityscapes, whose images and labels end differently."""

import re

_IMAGE = '_leftImg8bit'
_LABELS = re.compile(
    r'.*(_gt(?:Fine|Coarse)_'
    r'(?:color|instanceIds|instanceTrainIds|labelIds|labelTrainIds))'
)


def image_name(stem: str) -> str:
    """Return the part that the names of an image and its labels share.

    Args:
        stem (str): Name of an image without suffix, such as
            ``aachen_000000_000019_leftImg8bit``.

    Returns:
        str: The shared part, such as ``aachen_000000_000019``; a name of any
        other form is returned unchanged.
    """
    return stem.removesuffix(_IMAGE) or stem


def label_ending(stem: str) -> str:
    """Return the ending that Cityscapes gives to the name of a label map.

    Args:
        stem (str): Name of a label map without suffix, such as
            ``aachen_000000_000019_gtFine_labelIds``.

    Returns:
        str: The ending, such as ``_gtFine_labelIds``; '' for other names.
    """
    match = _LABELS.fullmatch(stem)
    return match[1] if match else ''
