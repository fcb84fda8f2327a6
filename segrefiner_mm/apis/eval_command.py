"""``segrefiner eval``: coarse against refined masks, side by side."""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from segrefiner_mm.apis.cli import DONE, SOME_FAILED
from segrefiner_mm.apis.image_io import load_image, save_picture
from segrefiner_mm.apis.mask_inputs import load_masks
from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import (
    evaluate_coco,
    evaluate_lvis,
    mask_quality,
)
from segrefiner_mm.files import pictures_by_stem, pictures_in, write_whole
from segrefiner_mm.visualization import draw_outlines

Figures = dict[str, float]
# Group of masks or kind of IoU -> coarse and, where given, refined figures.
Rows = dict[str, list[Figures]]


class _Compared(NamedTuple):
    """A mask with the figures of its predictions, coarse before refined."""

    group: str
    stem: str
    paths: list[Path]
    figures: list[Figures]

    @property
    def gain(self) -> float:
        """What refinement did to the IoU."""
        return self.figures[-1]['iou'] - self.figures[0]['iou']


def run_eval(args: argparse.Namespace) -> int:
    """Evaluate two files or two folders; returns the exit status."""
    gt = Path(args.gt)
    given = [Path(path) for path in (args.coarse, args.refined) if path]
    for path in (gt, *given):
        if not path.exists():
            raise InputError(f'no such file or folder: {path}')
        if path.is_dir() != gt.is_dir():
            raise InputError('give json files only, or folders only')
    if args.worst and not (gt.is_dir() and args.refined and args.img_dir):
        raise InputError(
            '--worst compares COARSE and REFINED folders and needs --img-dir'
        )
    if not gt.is_dir():
        evaluate = evaluate_lvis if args.lvis else evaluate_coco
        found = [evaluate(gt, path) for path in given]
        _tell({kind: [f[kind] for f in found] for kind in found[0]}, args)
        return DONE
    compared, failed = _compare_folders(gt, given)
    if not compared:
        raise InputError(f'no masks to compare in {gt}')
    _tell(_by_group(compared), args)
    if args.worst:
        _draw(compared, args)
    return SOME_FAILED if failed else DONE


def _compare_folders(
    gt: Path, given: list[Path]
) -> tuple[list[_Compared], int]:
    """Compare mask by mask; name what cannot be."""
    compared, failed = [], 0
    for group, stem, paths in _matched(gt, given):
        try:
            if len(paths) < 1 + len(given):
                raise InputError(f'not in every folder: {group}/{stem}')
            figures = _figures(*paths)
        except InputError as error:
            failed += 1
            print(f'segrefiner: error: {error}', file=sys.stderr)
            continue
        compared.append(_Compared(group, stem, paths, figures))
    return compared, failed


def _figures(gt: Path, *predictions: Path) -> list[Figures]:
    true, figures = _mask(gt), []
    for path in predictions:
        mask = _mask(path)
        if mask.shape != true.shape:
            raise InputError(
                f'{path} has {mask.shape[0]} x {mask.shape[1]} pixels, {gt} '
                f'has {true.shape[0]} x {true.shape[1]}'
            )
        figures.append(mask_quality(true, mask))
    return figures


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


def _mask(path: Path) -> npt.NDArray[np.bool_]:
    return load_masks(path).masks[0].dense().numpy()


def _by_group(compared: list[_Compared]) -> Rows:
    groups: dict[str, list[_Compared]] = defaultdict(list)
    for mask in compared:
        groups[mask.group].append(mask)
    if len(groups) > 1:
        groups['mean'] = compared
    return {
        group: [
            {name: _mean(masks, place, name) for name in first}
            for place, first in enumerate(masks[0].figures)
        ]
        for group, masks in groups.items()
    }


def _mean(masks: list[_Compared], place: int, name: str) -> float:
    return float(np.mean([mask.figures[place][name] for mask in masks]))


def _tell(rows: Rows, args: argparse.Namespace) -> None:
    """Print a table, and write the json that was asked for."""
    names = ['coarse', 'refined'][: 2 if args.refined else 1]
    table = Table()
    table.add_column('')
    table.add_column('figure')
    for name in [*names, 'difference'][: 1 + 2 * (len(names) - 1)]:
        table.add_column(name, justify='right')
    for group, figures in rows.items():
        for index, name in enumerate(figures[0]):
            values = [100 * figure[name] for figure in figures]
            cells = ['-' if value < 0 else f'{value:.2f}' for value in values]
            if len(values) > 1:
                known = min(values) >= 0
                cells.append(f'{values[1] - values[0]:+.2f}' if known else '-')
            table.add_row('' if index else group, name, *cells)
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    if args.json:
        content = {
            group: dict(zip(names, figures, strict=True))
            for group, figures in rows.items()
        }
        write_whole(Path(args.json), json.dumps(content, indent=1).encode())


def _draw(compared: list[_Compared], args: argparse.Namespace) -> None:
    """Pictures of the masks that lost most, and of those that won most."""
    images = pictures_in(Path(args.img_dir))
    ranked = sorted(compared, key=lambda mask: mask.gain)
    out = Path(args.pictures)
    chosen = [
        ('lost', ranked[: args.worst]),
        ('won', ranked[::-1][: args.worst]),
    ]
    for what, masks in chosen:
        for place, mask in enumerate(masks):
            if mask.stem not in images:
                raise InputError(f'no image {mask.stem} in {args.img_dir}')
            true, coarse, refined = (_mask(path) for path in mask.paths)
            size = true.shape[0], true.shape[1]
            image = load_image(images[mask.stem], size)
            picture = draw_outlines(image, [coarse], [refined], [true])
            name = f'{what}_{place:02d}_{100 * mask.gain:+.1f}_{mask.stem}.jpg'
            save_picture(out / name, picture)
    print(f'{out}: pictures of {args.worst} that lost and won most')
