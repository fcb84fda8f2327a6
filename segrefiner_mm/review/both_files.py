"""A refined JSON file and the coarse one, which must belong together."""

from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.coco_file import CocoFile
from segrefiner_mm.io.formats.panoptic_json import is_panoptic
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.review.review import FileMark

# Content of a refined and of the coarse JSON file.
Contents = tuple[Any, Any]
# Fields that refinement may change.
CHANGING = frozenset(['segmentation', 'bbox', 'area'])


def read_both(refined: Path, coarse: Path) -> Contents:
    """Read a refined file and the coarse one.

    Args:
        refined (Path): Results, annotations or panoptic JSON.
        coarse (Path): The file before refinement.

    Returns:
        Contents: Content of the refined and of the coarse file, both panoptic
        or neither.

    Raises:
        InputError: If a file cannot be read or is not JSON, or only one is
            panoptic.
    """
    contents = read_json(refined), read_json(coarse)
    kinds = [is_panoptic(content) for content in contents]
    if kinds[0] != kinds[1]:
        one, other = (refined, coarse) if kinds[0] else (coarse, refined)
        raise InputError(
            f'{refined} was not refined from {coarse}: {one} is panoptic, '
            f'and {other} is not'
        )
    return contents


def open_both(
    contents: Contents, files: tuple[Path, Path], ann: Path | None = None
) -> tuple[CocoFile, CocoFile]:
    """Open a refined and a coarse file, and check that their entries match.

    Args:
        contents (Contents): From :func:`read_both`, neither panoptic.
        files (tuple[Path, Path]): The refined and the coarse file.
        ann (Path, optional): Annotations that name the images of results.
            Defaults to None: see :class:`CocoFile`.

    Returns:
        tuple[CocoFile, CocoFile]: The refined and the coarse file.

    Raises:
        InputError: If a file is invalid, ``ann`` cannot be read, the numbers
            of entries differ, or an entry differs in more than its mask, box
            and area.
    """
    refined, coarse = files
    after = CocoFile(contents[0], refined, ann)
    before = CocoFile(contents[1], coarse, ann)
    if len(after.masks) != len(before.masks):
        raise InputError(
            f'{refined} was not refined from {coarse}: it holds '
            f'{len(after.masks)} entries, not {len(before.masks)}'
        )
    for index, (new, old) in enumerate(
        zip(after.masks, before.masks, strict=True)
    ):
        check_same(new, old, CHANGING, f'entry {index}', files)
    return after, before


def check_same(
    new: dict[str, Any],
    old: dict[str, Any],
    changing: frozenset[str],
    where: str,
    files: tuple[Path, Path],
) -> None:
    """Refuse an entry with differences that refinement cannot cause.

    Args:
        new (dict): The entry of the refined file.
        old (dict): The entry of the coarse file.
        changing (frozenset[str]): Fields that may differ.
        where (str): Name of the entry, for the error.
        files (tuple[Path, Path]): The refined and the coarse file.

    Raises:
        InputError: If another field differs.
    """
    for name in sorted((new.keys() | old.keys()) - changing):
        if new.get(name) != old.get(name):
            raise InputError(
                f'{files[0]} was not refined from {files[1]}: {where} has '
                f'{shown(name)} {shown(new.get(name))} in one and '
                f'{shown(old.get(name))} in the other'
            )


def file_mark(path: Path) -> FileMark:
    """Identify a file by name and content.

    Args:
        path (Path): The file.

    Returns:
        FileMark: Name and hash.

    Raises:
        InputError: If the file cannot be read.
    """
    return FileMark(path.name, digest(path))
