"""The parts of images that a run may change: one for all, or one per image."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.file_state import file_state
from segrefiner_mm.io.files import MASK_SUFFIXES, composed, pictures_by_stem
from segrefiner_mm.io.image_files.orientation import Size
from segrefiner_mm.io.only_part import read_only_part
from segrefiner_mm.windows import ERRORS, Only


class OnlyParts:
    """Finds the part of an image that may change.

    Args:
        only (object): A box, a polygon, a mask or a mask file for all images;
            a folder of masks, named after the coarse masks or the images;
            ``'errors'``; or None: everything may change. See
            :func:`read_only_part`.

    Attributes:
        common (object): ``only``, with a file or folder as :class:`Path`.

    Raises:
        InputError: If the file or folder does not exist.
    """

    def __init__(self, only: Any) -> None:
        self.common = only
        self._by_stem: dict[str, list[Path]] | None = None
        if not isinstance(only, (str, Path)) or only == ERRORS:
            return
        self.common = path = Path(only)
        if not path.exists():
            raise InputError(
                f'no such file or folder: {path} (--only is {ERRORS}, '
                'X0,Y0,X1,Y1, a mask, or a folder of masks)'
            )
        if path.is_dir():
            self._by_stem = pictures_by_stem(path, MASK_SUFFIXES)

    @property
    def wants_errors(self) -> bool:
        """bool: Whether ``only`` is ``'errors'``: the network decides."""
        return isinstance(self.common, str) and self.common == ERRORS

    def file_of(self, *names: Path) -> Path | None:
        """Return the file of the part that may change in an image.

        Args:
            *names (Path): Coarse mask and image, in order of preference. A
                file in the folder matches if its stem is that of a name.

        Returns:
            Path | None: The file; None if no file gives the part, or no name
            has exactly one match in the folder.
        """
        if self._by_stem is None:
            return self.common if isinstance(self.common, Path) else None
        for name in names:
            files = self._by_stem.get(composed(name.stem), [])
            if len(files) == 1:
                return files[0]
        return None

    def of(self, size: Size, *names: Path) -> Only | None:
        """Return the part of an image that may change.

        Args:
            size (tuple[int, int]): Height and width of the image.
            *names (Path): See :meth:`file_of`.

        Returns:
            CompactMask | str | None: See :func:`read_only_part`.

        Raises:
            InputError: If a folder does not have exactly one file for the
                image, or the part cannot be used.
        """
        file = self.file_of(*names)
        if file is None and self._by_stem is not None:
            raise InputError(
                f'{self.common} needs one mask named {names[0].stem} for the '
                'part that may change: give an empty mask if nothing may'
            )
        if file is None:
            return read_only_part(self.common, size)
        with about(file):
            return read_only_part(file, size)

    def described(self) -> dict[str, Any]:
        """Return the settings that results depend on, as plain values.

        Returns:
            dict: Settings for a journal, with the states of files; empty if
            everything may change.

        Raises:
            InputError: If a file cannot be read.
        """
        if self.common is None:
            return {}
        if not isinstance(self.common, Path):
            return dict(only=_identified(self.common))
        files = [self.common]
        if self._by_stem is not None:
            files = sorted(
                p for paths in self._by_stem.values() for p in paths
            )
        return dict(only=[file_state(file) for file in files])


def _identified(value: Any) -> str:
    """Return a text that identifies a part: two parts never share a text."""
    if isinstance(value, (list, tuple)):
        return f'[{", ".join(map(_identified, value))}]'
    if isinstance(value, (str, int, float, dict)):
        return repr(value)
    array = np.asarray(value)  # repr() would leave values out
    hashed = sha256(array.tobytes()).hexdigest()
    return f'{array.dtype} {array.shape} {hashed}'
