"""Refined and coarse files of a review, copied byte for byte."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.outputs import check_free, check_not_inputs


class Choice(NamedTuple):
    """The choice between the refined and the coarse file of a result.

    Attributes:
        taken (Path): The file to copy.
        left (Path): The other file.
        content (bytes, optional): What to write instead of a copy, in the
            format of ``taken``. Defaults to None: a copy.
    """

    taken: Path
    left: Path
    content: bytes | None = None

    @property
    def files(self) -> tuple[Path, Path]:
        """tuple[Path, Path]: Both files."""
        return self.taken, self.left


def copy_choices(
    folder: Path,
    choices: Mapping[Path, Choice],
    inputs: Iterable[Path],
    overwrite: bool,
) -> None:
    """Copy the chosen files into a folder.

    An earlier copy of the other file, under another suffix, is removed: a
    folder with both copies would not show which file was chosen.

    Args:
        folder (Path): Folder to write; it is created.
        choices (Mapping[Path, Choice]): The choices, by target paths in the
            folder.
        inputs (Iterable[Path]): Further files that must not be overwritten.
        overwrite (bool): Whether the folder may contain files.

    Raises:
        InputError: If files would be lost, a file cannot be read or written,
            or another run is writing the folder.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f'{folder} is a file: choose another output')
    check_free(folder, folder.is_dir() and any(folder.iterdir()), overwrite)
    earlier = list(_earlier_copies(choices))
    sources = [path for choice in choices.values() for path in choice.files]
    check_not_inputs([*choices, *earlier], [*sources, *inputs])
    with OutputLock(folder, is_folder=True):
        for target, choice in choices.items():
            _write(choice, target)
        for path in earlier:
            _remove(path)


def _earlier_copies(choices: Mapping[Path, Choice]) -> Iterator[Path]:
    """Yield earlier copies of files that are no longer chosen."""
    for target, choice in choices.items():
        path = target.with_suffix(choice.left.suffix)
        if path in choices or not path.is_file():
            continue
        if target.exists() and path.samefile(target):
            continue  # where .PNG and .png are one name
        if digest(path) not in map(digest, choice.files):
            raise InputError(
                f'{path} would stand beside {target}, and is a copy of '
                'neither the refined nor the coarse file: move it, or choose '
                'another output'
            )
        yield path


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f'cannot remove {path}: {reason_of(error)}'
        ) from error


def _write(choice: Choice, target: Path) -> None:
    content = choice.content
    if content is None:
        try:
            content = choice.taken.read_bytes()
        except OSError as error:
            raise InputError(f'{choice.taken}: {reason_of(error)}') from error
    write_whole(target, content)
