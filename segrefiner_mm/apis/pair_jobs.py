"""What a run reads and writes, and what it must not overwrite."""

from pathlib import Path
from typing import NamedTuple

from segrefiner_mm.apis.run_journal import RunJournal
from segrefiner_mm.errors import InputError
from segrefiner_mm.files import pictures_by_stem


class PairJob(NamedTuple):
    """What to read and what to write."""

    image: Path
    mask: Path
    out: Path
    overlay: Path | None

    def inputs(self) -> list[Path]:
        return [self.image, self.mask]

    def outputs(self) -> list[Path]:
        return [self.out] if self.overlay is None else [self.out, self.overlay]


def _job(image: Path, mask: Path, out: Path, overlay: bool) -> PairJob:
    picture = out / 'overlays' / f'{mask.stem}.jpg' if overlay else None
    return PairJob(image, mask, out / f'{mask.stem}.png', picture)


def match_folders(
    images: Path, masks: Path, out: Path, overlay: bool
) -> tuple[list[PairJob], list[str]]:
    """Pair the files of two folders by stem; also what has no partner."""
    by_stem = [pictures_by_stem(images), pictures_by_stem(masks)]
    jobs, problems = [], []
    for stem in sorted({*by_stem[0], *by_stem[1]}):
        found = [group.get(stem, []) for group in by_stem]
        if not found[0]:
            problems.append(f'no image for the mask {found[1][0]}')
        elif not found[1]:
            problems.append(f'no mask for the image {found[0][0]}')
        elif len(found[0]) > 1 or len(found[1]) > 1:
            names = ', '.join(str(path) for path in found[0] + found[1])
            problems.append(f'several files named {stem}: {names}')
        else:
            [image], [mask] = found
            jobs.append(_job(image, mask, out, overlay))
    return jobs, problems


def match_trees(
    images: Path, masks: Path, out: Path, overlay: bool
) -> tuple[list[PairJob], list[str]]:
    """The same with the folders below, which the output repeats.

    A mask in a folder below belongs to the image in the folder of that name.
    Where all masks lie in one folder, as mmseg writes them, the images may be
    in any folder below.
    """
    if not any(path.is_dir() for path in masks.iterdir()):
        return _match_flat(images, masks, out, overlay)
    jobs, problems = match_folders(images, masks, out, overlay)
    below = sorted(path for path in masks.rglob('*') if path.is_dir())
    for folder in below:
        relative = folder.relative_to(masks)
        if (images / relative).is_dir():
            more = match_folders(
                images / relative, folder, out / relative, overlay
            )
            jobs += more[0]
            problems += more[1]
        elif pictures_by_stem(folder):
            problems.append(f'no folder {images / relative} for {folder}')
    return jobs, problems


def _match_flat(
    images: Path, masks: Path, out: Path, overlay: bool
) -> tuple[list[PairJob], list[str]]:
    folders = [images, *(p for p in sorted(images.rglob('*')) if p.is_dir())]
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for stem, paths in pictures_by_stem(folder).items():
            found.setdefault(stem, []).extend(paths)
    jobs, problems = [], []
    for stem, paths in pictures_by_stem(masks).items():
        partners = found.pop(stem, [])
        if len(partners) != 1 or len(paths) > 1:
            names = ', '.join(str(path) for path in partners + paths[1:])
            what = f'several files named {stem}' if names else 'no image'
            problems.append(f'{what} for the mask {paths[0]} {names}'.strip())
            continue
        jobs.append(_job(partners[0], paths[0], out, overlay))
    problems += [f'no mask for the image {p[0]}' for p in found.values()]
    return jobs, problems


def protect_inputs(jobs: list[PairJob]) -> None:
    """Refuse to write where something is read."""
    inputs = {path.resolve() for job in jobs for path in job.inputs()}
    for job in jobs:
        for path in job.outputs():
            if path.resolve() in inputs:
                raise InputError(
                    f'{path} is an input and would be overwritten: choose '
                    'another output'
                )


def protect_outputs(jobs: list[PairJob], journal: RunJournal) -> None:
    """Refuse to overwrite what no earlier run has written."""
    for job in jobs:
        for path in job.outputs():
            if path.exists() and not journal.is_ours(job.outputs()):
                raise InputError(
                    f'{path} is there already and is not of an earlier run: '
                    'choose another folder, or --overwrite'
                )
