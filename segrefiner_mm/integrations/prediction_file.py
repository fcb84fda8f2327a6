"""Files with masks of many images: read, refined mask by mask, written."""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from segrefiner_mm.errors import InputError
from segrefiner_mm.files import pictures_by_stem

Key = Any  # what a file finds a mask by


class ImageEntry(NamedTuple):
    """The masks of one image.

    Attributes:
        key (str): Names the image among those of the file.
        name (str, optional): Its file, as the predictions name it; None if
            they do not know it.
        size (tuple[int, int], optional): Height and width, where known.
        masks (dict): Segmentations, in any form of
            :func:`segrefiner_mm.encodings.decode_mask`, by their keys.
    """

    key: str
    name: str | None
    size: tuple[int, int] | None
    masks: dict[Key, Any]


class PredictionFile(metaclass=ABCMeta):
    """Masks of many images in one format; all but the masks stays as it is."""

    @abstractmethod
    def images(self) -> Iterator[ImageEntry]:
        """The images that have masks to refine, in the order of the file."""

    @abstractmethod
    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Put a refined mask in the place of a coarse one.

        Args:
            key (object): From :attr:`ImageEntry.masks`.
            encoded (dict): ``size`` and compressed ``counts``, a str.
        """

    @abstractmethod
    def rewrite(self, key: Key, size: tuple[int, int]) -> None:
        """Put a mask that did not change into a form that was asked for.

        Args:
            key (object): From :attr:`ImageEntry.masks`.
            size (tuple[int, int]): Height and width of the image.
        """

    def untouched(self) -> dict[str, str]:
        """What is not refined at all, by its name to a user, and why."""
        return {}

    @abstractmethod
    def write(self, path: Path) -> None:
        """Write it in the format that it was read in."""

    def label(self, key: Key) -> str:
        """How to name a mask to a user."""
        return f'mask {key}'


class ImageFinder:
    """Finds the files of images.

    Args:
        folder (Path, optional): Where to look. Defaults to None: images are
            where the predictions say.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise InputError(f'no such folder: {folder}')
        self.folder = folder
        self._by_stem: dict[str, list[Path]] | None = None

    def find(self, name: str) -> Path:
        """The file of an image.

        Args:
            name (str): A path, or a name with or without suffix.

        Returns:
            Path: The file.

        Raises:
            InputError: If there is none, or there are several.
        """
        if self.folder is None:
            if Path(name).is_file():
                return Path(name)
            raise InputError(f'no such image: {name}; --img-dir says where')
        parts = Path(name).parts
        for start in range(len(parts)):  # the longest known end of the path
            path = self.folder.joinpath(*parts[start:])
            if path.is_file():
                return path
        if self._by_stem is None:
            self._by_stem = pictures_by_stem(self.folder)
        found = self._by_stem.get(Path(name).name, [])
        if len(found) == 1:
            return found[0]
        what = 'several images' if found else 'no image'
        raise InputError(f'{what} {name} in {self.folder}')
