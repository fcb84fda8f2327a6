"""Folders of masks or of label maps, compared with the true ones."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segrefiner_mm.apis.image_io import (
    load_image,
    load_labels,
    save_picture,
)
from segrefiner_mm.apis.mask_inputs import load_masks
from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import mask_quality
from segrefiner_mm.evaluation.functional import (
    label_figures,
    label_ious,
    label_overlaps,
)
from segrefiner_mm.files import pictures_by_stem, pictures_in
from segrefiner_mm.visualization import draw_outlines

Figures = dict[str, float]
# Group of masks or kind of IoU -> coarse and, where given, refined figures.
Rows = dict[str, list[Figures]]
Picture = npt.NDArray[Any]

IGNORED = -1
MOST_LABELS = 65534


class Compared(NamedTuple):
    """A mask with the outcome of its predictions, coarse before refined.

    Attributes:
        group (str): Its folder below that of the truth.
        stem (str): Its name without suffix.
        paths (list[Path]): True and predicted file.
        outcomes (list): What the comparison gave for each prediction.
    """

    group: str
    stem: str
    paths: list[Path]
    outcomes: list[Any]

    @property
    def gain(self) -> float:
        """What refinement did to the IoU."""
        return self.outcomes[-1]['iou'] - self.outcomes[0]['iou']


def compare(
    gt: Path,
    given: list[Path],
    read: Callable[[Path], Picture],
    count: Callable[[Picture, Picture], Any],
) -> Iterator[Compared | None]:
    """Compare picture by picture; what cannot be is named, and None."""
    for group, stem, paths in _matched(gt, given):
        try:
            if len(paths) < 1 + len(given):
                raise InputError(f'not in every folder: {group}/{stem}')
            true, *predictions = map(read, paths)
            for path, picture in zip(paths[1:], predictions, strict=True):
                _check_size(path, picture, paths[0], true)
            outcomes = [count(true, picture) for picture in predictions]
        except InputError as error:
            print(f'segrefiner: error: {error}', file=sys.stderr)
            yield None
            continue
        yield Compared(group, stem, paths, outcomes)


def compare_masks(gt: Path, given: list[Path]) -> Iterator[Compared | None]:
    """Quality of masks, mask by mask."""
    return compare(gt, given, _read_mask, mask_quality)


def compare_labels(
    gt: Path, given: list[Path], ignore: Sequence[int]
) -> Iterator[Compared | None]:
    """Overlaps of the classes of label maps, map by map."""

    def count(true: Picture, found: Picture) -> npt.NDArray[np.int64]:
        true = np.where(np.isin(true, ignore), IGNORED, true)
        return label_overlaps(true, found, MOST_LABELS, IGNORED)

    return compare(gt, given, _read_labels, count)


def mask_rows(compared: list[Compared]) -> Rows:
    """Means of every source, and of all."""
    groups: dict[str, list[Compared]] = defaultdict(list)
    for mask in compared:
        groups[mask.group].append(mask)
    if len(groups) > 1:
        groups['mean'] = compared
    return {
        group: [
            {
                name: float(np.mean([m.outcomes[place][name] for m in masks]))
                for name in first
            }
            for place, first in enumerate(masks[0].outcomes)
        ]
        for group, masks in groups.items()
    }


def label_rows(compared: list[Compared], classwise: bool) -> Rows:
    """Figures of all label maps; of every class as well, if asked for."""
    sums = [
        np.sum(counts, axis=0)
        for counts in zip(*(part.outcomes for part in compared), strict=True)
    ]
    rows = dict(all=[label_figures(counts) for counts in sums])
    if classwise:
        seen = np.flatnonzero(np.any([counts[1] for counts in sums], axis=0))
        for label in seen.tolist():
            rows[f'class {label}'] = [
                {
                    name.replace('mIoU', 'IoU'): float(ious[label])
                    for name, ious in label_ious(counts).items()
                }
                for counts in sums
            ]
    return rows


def draw_worst(
    compared: list[Compared], number: int, img_dir: Path, out: Path
) -> None:
    """Pictures of the masks that lost most, and of those that won most."""
    images = pictures_in(img_dir)
    ranked = sorted(compared, key=lambda mask: mask.gain)
    for what, masks in (('lost', ranked), ('won', ranked[::-1])):
        for place, mask in enumerate(masks[:number]):
            if mask.stem not in images:
                raise InputError(f'no image {mask.stem} in {img_dir}')
            true, coarse, refined = map(_read_mask, mask.paths)
            size = true.shape[0], true.shape[1]
            image = load_image(images[mask.stem], size)
            picture = draw_outlines(image, [coarse], [refined], [true])
            name = f'{what}_{place:02d}_{100 * mask.gain:+.1f}_{mask.stem}.jpg'
            save_picture(out / name, picture)
    print(f'{out}: pictures of {number} that lost and won most')


def _matched(gt: Path, given: list[Path]) -> list[tuple[str, str, list[Path]]]:
    """Group, stem and files of every mask, folder by folder."""
    below = [gt, *sorted(path for path in gt.rglob('*') if path.is_dir())]
    matched = []
    for folder in below:
        relative = folder.relative_to(gt)
        group = str(relative) if relative.parts else 'all'
        others = [path / relative for path in given]
        groups = [
            pictures_by_stem(path) if path.is_dir() else {}
            for path in (folder, *others)
        ]
        for stem in sorted(set().union(*groups)):
            paths = [g[stem][0] for g in groups if len(g.get(stem, ())) == 1]
            paths = paths or [p for g in groups for p in g.get(stem, ())][:1]
            matched.append((group, stem, paths))
    return matched


def _check_size(path: Path, found: Picture, gt: Path, true: Picture) -> None:
    if found.shape != true.shape:
        raise InputError(
            f'{path} has {found.shape[0]} x {found.shape[1]} pixels, {gt} '
            f'has {true.shape[0]} x {true.shape[1]}'
        )


def _read_mask(path: Path) -> npt.NDArray[np.bool_]:
    return load_masks(path).masks[0].dense().numpy()


def _read_labels(path: Path) -> npt.NDArray[np.int32]:
    labels, _ = load_labels(path)
    if labels.max(initial=0) >= MOST_LABELS:
        raise InputError(f'{path} has labels of {MOST_LABELS} or more')
    return labels
