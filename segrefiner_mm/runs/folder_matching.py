"""Matching of the masks to the images of two folders, by name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import (
    MASK_SUFFIXES,
    composed,
    folders_below,
    pictures_by_stem,
)
from segrefiner_mm.runs.cityscapes_names import image_name, label_ending
from segrefiner_mm.runs.jobs import OVERLAYS, SOFT, PairJob
from segrefiner_mm.runs.run_journal import NAME

Found = dict[str, list[Path]]


@dataclass
class PairMatching:
    """Pairs of images and masks, and the files without a partner.

    A mask in a subfolder belongs to the image of the same name in the
    subfolder of the same name. A folder of masks that is named after an image
    contains the masks of the objects in that image, one per file. If all
    masks are in one folder, the images may be in any subfolder.

    Args:
        images (Path): Folder of images.
        masks (Path): Folder of masks.
        out (Path): Folder of the results, which gets the subfolders of the
            masks.
        overlay (bool): Whether the jobs write overlays. Defaults to False.
        suffix (str): Suffix that the name of a mask adds to the name of its
            image, such as ``'_mask'``; ``*`` matches any characters, as in
            ``'_*'``. Defaults to ''.
        ambiguous (bool): Whether, if all masks are in one folder, images are
            searched in the folder and its subfolders, so that two images of
            one name are a conflict. Defaults to False: subfolders are searched
            only if the folder has no images.

    Attributes:
        jobs (list[PairJob]): The pairs, folder by folder.
        problems (list[str]): Messages about unmatched and ambiguous files.

    Raises:
        InputError: If both folders are the same and there is no suffix.
    """

    images: Path
    masks: Path
    out: Path
    overlay: bool = False
    suffix: str = ''
    ambiguous: bool = False
    jobs: list[PairJob] = field(default_factory=list, init=False)
    problems: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._shared = self.images.resolve() == self.masks.resolve()
        if self._shared and not self.suffix:
            raise InputError(
                f'{self.images} cannot hold images and masks of the same '
                'names: give two folders, or --mask-suffix, such as _mask'
            )
        self._pattern = '*' in self.suffix
        self._images: list[Path] = []  # images that should have a mask
        self._used: set[Path] = set()
        below = [
            folder
            for folder in self._below(self.masks, self.images)
            if self._masks_in(folder)
        ]
        top = self._images_in(self.images) if below else self._all_images()
        self._match_folder(self.masks, top)
        for folder in below:
            self._match_below(folder)
        self.problems += [
            f'no mask for the image {path}'
            for path in self._images
            if path not in self._used
        ]

    def _match_below(self, folder: Path) -> None:
        own = self.images / folder.relative_to(self.masks)
        if own.is_dir():
            self._match_folder(folder, self._images_in(own))
            return
        objects_of = self._images_in(own.parent).get(composed(own.name), [])
        if len(objects_of) == 1:
            for stem, paths in self._masks_in(folder).items():
                self._pair(stem, objects_of, paths)
            return
        self.problems.append(f'no folder {own} for {folder}')

    def _match_folder(self, folder: Path, images: Found) -> None:
        self._images += [paths[0] for paths in images.values()]
        for stem, paths in self._masks_in(folder).items():
            owner = self._owner(stem, images)
            self._pair(stem, images.get(owner, []), paths)
        if self.suffix and not self._shared:
            self.problems += [
                f'{paths[0]} is not a mask: its name does not end in '
                f'{self.suffix}'
                for stem, paths in pictures_by_stem(
                    folder, MASK_SUFFIXES
                ).items()
                if not self._is_mask(stem) and not label_ending(stem)
            ]

    def _pair(self, stem: str, images: list[Path], masks: list[Path]) -> None:
        self._used.update(images)
        if not images:
            end = '' if self.suffix else label_ending(stem)
            hint = f': --mask-suffix {end} is for Cityscapes' if end else ''
            self.problems.append(f'no image for the mask {masks[0]}{hint}')
        elif len(images) > 1 or len(masks) > 1:
            names = ', '.join(str(path) for path in images + masks)
            self.problems.append(f'several files named {stem}: {names}')
        else:
            mask = masks[0]
            out = self.out / mask.parent.relative_to(self.masks)
            picture = out / OVERLAYS / f'{mask.stem}.jpg'
            self.jobs.append(
                PairJob(
                    images[0],
                    mask,
                    out / f'{mask.stem}.png',
                    picture if self.overlay else None,
                )
            )

    def _owner(self, stem: str, images: Found) -> str:
        """Return the stem of the image that a mask belongs to."""
        if not self._pattern:
            return image_name(stem.removesuffix(self.suffix))
        return next(
            (
                stem[:end]
                for end in range(len(stem), 0, -1)
                if stem[:end] in images and self._fits(stem[end:])
            ),
            stem,
        )

    def _fits(self, end: str) -> bool:
        return fnmatchcase(end, composed(self.suffix))

    def _is_mask(self, stem: str) -> bool:
        return not self.suffix or fnmatchcase(
            stem, '?*' + composed(self.suffix)
        )

    def _masks_in(self, folder: Path) -> Found:
        """Return the masks of a folder by stem."""
        by_stem = pictures_by_stem(folder, MASK_SUFFIXES)
        return {stem: p for stem, p in by_stem.items() if self._is_mask(stem)}

    def _images_in(self, folder: Path) -> Found:
        by_stem: Found = {}
        stems = pictures_by_stem(folder) if folder.is_dir() else {}
        for stem, paths in stems.items():
            if not (self._shared and self._is_mask(stem)):
                by_stem.setdefault(image_name(stem), []).extend(paths)
        return by_stem

    def _all_images(self) -> Found:
        by_stem = self._images_in(self.images)
        if by_stem and not self.ambiguous:
            return by_stem
        for folder in self._below(self.images, self.masks):
            for stem, paths in self._images_in(folder).items():
                by_stem.setdefault(stem, []).extend(paths)
        return by_stem

    def _below(self, root: Path, other: Path) -> Iterator[Path]:
        """Yield subfolders, without the other input and the results."""
        apart = {other.resolve(), self.out.resolve()} - {root.resolve()}
        ours = (root / NAME).is_file()
        for folder in folders_below(root):
            there = {folder.resolve(), *folder.resolve().parents}
            is_result = ours and folder.name in (OVERLAYS, SOFT)
            if not (apart & there or is_result):
                yield folder
