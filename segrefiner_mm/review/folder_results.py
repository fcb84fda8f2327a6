"""The results of a folder run, found by its journal."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.confine import confined
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.io.json_files.json_file import shown_name
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.io.masks import load_masks
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.review import FileMark
from segrefiner_mm.review.run_records import (
    journal_lines,
    recorded_state,
    recorded_verdict,
    settings_of,
)
from segrefiner_mm.runs.run_journal import NAME

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FolderResult:
    """A mask or label map that the journal of a folder run lists.

    Attributes:
        key (str): Name of the refined file in the folder, with subfolders.
        line (dict): Line of the journal about the result.
        refined (Path): The refined file.
        coarse (Path): The coarse file, unchanged since the run.
    """

    key: str
    line: dict[str, Any]
    refined: Path
    coarse: Path

    @property
    def noted_image(self) -> Path | None:
        """Path | None: The image of the run; None if it no longer exists."""
        path = Path(str(_noted(self.key, self.line, 0)[0]))
        return path if _is_file(path) else None

    def find_image(self, img_dir: Path | None) -> Path:
        """Find the image, which is needed to show the result.

        Args:
            img_dir (Path, optional): Folder of the images. None: the path in
                the journal.

        Returns:
            Path: The image, unchanged since the run.

        Raises:
            InputError: If there is no such image, it was changed after the
                run, or it cannot be read.
        """
        return _input(self.key, self.line, 0, img_dir)

    @cached_property
    def refined_digest(self) -> str:
        """str: SHA-256 of the refined file, which must be readable."""
        return digest(self.refined)

    @property
    def coarse_digest(self) -> str:
        """str: SHA-256 of the coarse file, as the run recorded it."""
        return str(self.line['inputs'][1][4])

    @property
    def recorded(self) -> str | None:
        """The verdict of the run; None without one, or for an edited file."""
        return recorded_verdict(self.line, self.refined_digest)

    @property
    def settings(self) -> dict[str, Any]:
        """dict: The settings of the run."""
        return settings_of(self.line)

    def masks(self) -> tuple[Mask, Mask]:
        """Read the masks of a result that is no label map.

        Returns:
            tuple[np.ndarray, np.ndarray]: Coarse and refined, (H, W) bool, of
            equal size.

        Raises:
            InputError: If one cannot be read, or their sizes differ.
        """
        limit = self.settings.get('threshold')
        coarse = _one_mask(self.coarse, limit if is_real(limit) else None)
        refined = _one_mask(self.refined, None)
        if coarse.shape != refined.shape:
            raise InputError(
                f'{self.refined} and {self.coarse} are of different sizes'
            )
        return coarse, refined


def folder_results(
    folder: Path, coarse: Path | None, reporter: Reporter
) -> Iterator[FolderResult]:
    """Yield the results of a folder run whose coarse files still exist.

    The journal records the hash of every input, so a coarse file that was
    changed after the run is reported. Images are not looked for, as decisions
    are applied without them.

    Args:
        folder (Path): Output folder of the run.
        coarse (Path, optional): Folder of the coarse masks or label maps.
            None: the paths in the journal.
        reporter (Reporter): Receives the results that cannot be used.

    Yields:
        FolderResult: Results, sorted by key.

    Raises:
        InputError: If the journal cannot be read, lists no results, lists
            both masks and label maps, or lists panoptic results.
    """
    lines = journal_lines(folder)
    if not lines:
        raise InputError(
            f'{folder} has no {NAME} with results: it must be the output '
            'folder of segrefiner refine. Labelme, YOLO and Segment Anything '
            'have no page: segrefiner coco --report lists their changes'
        )
    _check_kind(folder, [settings_of(line) for line in lines.values()])
    for key, line in sorted(lines.items()):
        try:
            refined = confined(folder, key)
            if not refined.is_file():
                raise InputError(f'{refined} no longer exists')
            _noted(key, line, 0)
            mask = _input(key, line, 1, coarse)
        except InputError as error:
            reporter.error(error)
            continue
        yield FolderResult(key, line, refined, mask)


def folder_marks(
    folder: Path, results: list[FolderResult]
) -> tuple[FileMark, FileMark]:
    """Identify the refined and the coarse masks of a run by their contents.

    Args:
        folder (Path): Output folder of the run.
        results (list[FolderResult]): Results of the run.

    Returns:
        tuple[FileMark, FileMark]: Folders of the refined and of the coarse
        masks.

    Raises:
        InputError: If a refined mask cannot be read.
    """
    marks = []
    for digests in (
        [(r.key, r.refined_digest) for r in results],
        [(r.key, r.coarse_digest) for r in results],
    ):
        content = sha256()
        for key, own in digests:
            content.update(f'{key} {own}\n'.encode())
        marks.append(content.hexdigest())
    parent = ''
    if results:  # without the subfolders, which are in the key
        depth = len(Path(results[0].key).parts)
        parent = results[0].coarse.resolve().parents[depth - 1].name
    return (
        FileMark(folder.resolve().name, marks[0]),
        FileMark(parent, marks[1]),
    )


def _check_kind(folder: Path, settings: list[dict[str, Any]]) -> None:
    """Refuse results that cannot be reviewed as one folder."""
    if any(own.get('panoptic') for own in settings):
        raise InputError(
            f'{folder} holds the PNG files of panoptic results: give their '
            f'JSON file, {folder.name}.json beside it'
        )
    if len({bool(own.get('labels')) for own in settings}) > 1:
        raise InputError(
            f'{folder} holds masks of one run and label maps of another: '
            'write them to two folders'
        )


def _one_mask(path: Path, threshold: float | None) -> Mask:
    with about(path):
        masks = load_masks(path, threshold=threshold).masks
        if len(masks) != 1:
            raise InputError(f'it holds {len(masks)} masks, not one')
        return masks[0].dense().numpy()


def _noted(key: str, line: dict[str, Any], place: int) -> list[Any]:
    """Return the recorded state of an input: 0 is the image, 1 the mask."""
    state = recorded_state(line, 'inputs', place)
    if state is None:
        raise InputError(f'{key}: the journal does not list its inputs')
    return state


def _input(
    key: str, line: dict[str, Any], place: int, folder: Path | None
) -> Path:
    """Return the image or the coarse file, unchanged since the run."""
    state = _noted(key, line, place)
    noted = Path(str(state[0]))
    path = noted if folder is None else _below(folder, noted)
    if not _is_file(path):
        option = ('--img-dir', '--coarse')[place]
        raise InputError(
            f'{key}: no file {shown_name(str(path))}: give its folder with '
            f'{option}'
        )
    if digest(path) != state[4]:
        raise InputError(f'{path} was changed after the run')
    return path


def _is_file(path: Path) -> bool:
    """Return whether a file exists; False for an invalid name."""
    try:
        return path.is_file()
    except OSError:
        return False


def _below(folder: Path, noted: Path) -> Path:
    """Return the file at the longest trailing part of a path that exists."""
    parts = noted.parts[1:]
    for start in range(len(parts)):
        path = confined(folder, '/'.join(parts[start:]))
        if path.is_file():
            return path
    return folder / noted.name
