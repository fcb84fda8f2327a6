"""Comparing folders of masks with the ground truth."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.dis5k_measures import (
    measures_of_dis,
)
from segrefiner_mm.evaluation.functional.mask_set import (
    mask_row,
    mask_set_figures,
)
from segrefiner_mm.evaluation.paired_folders import (
    ALL,
    TOP,
    Compared,
    Picture,
    compare,
)
from segrefiner_mm.io.files import pictures_in
from segrefiner_mm.io.images import load_image, save_picture
from segrefiner_mm.io.masks import load_masks
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.visualization import draw_outlines


def compare_masks(
    gt: Path,
    given: list[Path],
    threshold: float | None,
    dis: bool,
    reporter: Reporter,
) -> Iterator[Compared | None]:
    """Compare folders of masks with the ground truth.

    Args:
        gt (Path): See :func:`compare`.
        given (list[Path]): See :func:`compare`.
        threshold (float, optional): Value from which a soft mask is
            foreground. None: a soft mask is an error.
        dis (bool): Whether to add the measures of DIS5K.
        reporter (Reporter): See :func:`compare`.

    Returns:
        Iterator[Compared | None]: See :func:`compare`; ``rows`` are results of
        :func:`mask_row`.

    Raises:
        InputError: If ``dis`` is set and pysodmetrics is not installed.
    """
    if dis:
        measures_of_dis()

    def count(true: Picture, predicted: Picture) -> dict[str, Any]:
        return mask_row(true, predicted, dis)

    read = partial(_read_mask, threshold=threshold)
    return compare(gt, given, read, count, reporter)


def mask_rows(compared: list[Compared]) -> dict[str, list[dict[str, float]]]:
    """Compute the figures of every group of masks, and of all masks.

    Args:
        compared (list[Compared]): From :func:`compare_masks`, at least one.

    Returns:
        dict[str, list[dict[str, float]]]: For each subfolder and ``'all'``,
        the figures of each prediction; see :func:`mask_set_figures`.
    """
    groups: dict[str, list[Compared]] = defaultdict(list)
    for mask in compared:
        groups[mask.group].append(mask)
    if groups.keys() == {TOP}:
        groups = {ALL: compared}
    elif len(groups) > 1:
        groups[ALL if ALL not in groups else f'({ALL})'] = compared
    return {
        group: [
            mask_set_figures([mask.rows[place] for mask in masks])
            for place in range(len(masks[0].rows))
        ]
        for group, masks in groups.items()
    }


def draw_worst(
    compared: list[Compared],
    number: int,
    img_dir: Path,
    out: Path,
    threshold: float | None,
) -> str:
    """Draw the masks that lost or gained most IoU by refinement.

    Args:
        compared (list[Compared]): From :func:`compare_masks`, with coarse and
            refined masks.
        number (int): Maximum number of masks to draw of either kind.
        img_dir (Path): Folder of the images, with the stems of the masks.
        out (Path): Folder for the drawings, JPEG files with the change of IoU
            in their names; files of the same names are replaced.
        threshold (float, optional): See :func:`compare_masks`.

    Returns:
        str: A line that says how many masks were drawn.

    Raises:
        InputError: If an image is missing or cannot be read, or a drawing
            cannot be written.
    """
    read = partial(_read_mask, threshold=threshold)
    images = pictures_in(img_dir)
    ranked = sorted(compared, key=lambda mask: mask.gain)
    chosen = dict(
        lost=[mask for mask in ranked if mask.gain < 0][:number],
        won=[mask for mask in ranked[::-1] if mask.gain > 0][:number],
    )
    missing = {m.stem for part in chosen.values() for m in part} - set(images)
    if missing:
        raise InputError(f'no image {min(missing)} in {img_dir}')
    for what, masks in chosen.items():
        for place, mask in enumerate(masks):
            true, coarse, refined = map(read, mask.paths)
            size = true.shape[0], true.shape[1]
            image = load_image(images[mask.stem], size)
            picture = draw_outlines(image, [coarse], [refined], [true])
            name = f'{what}_{place:02d}_{100 * mask.gain:+.1f}_{mask.stem}.jpg'
            save_picture(out / name, picture)
    lost, won = map(len, chosen.values())
    return f'{out}: drew {lost} masks that lost and {won} that gained most'


def _read_mask(
    path: Path, threshold: float | None = None
) -> npt.NDArray[np.bool_]:
    return load_masks(path, threshold=threshold).masks[0].dense().numpy()
