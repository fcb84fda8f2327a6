"""Files with masks of many images: read, refined mask by mask, written."""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

Key = Any  # what a file finds a mask by


class ImageEntry(NamedTuple):
    """The masks of one image.

    Attributes:
        key (str): Names the image among those of the file.
        name (str, optional): Its file, as the predictions name it; None if
            they do not know it.
        size (tuple[int, int], optional): Height and width, where known.
        masks (dict): Segmentations, in any form of
            :func:`segrefiner_mm.io.rle.decode_mask`, by their keys.
        problem (str): Why none of them can be refined, or ''.
        hint (str): What to add where the file of the image is not found.
        image (Path, optional): The file, once it is found.
    """

    key: str
    name: str | None
    size: tuple[int, int] | None
    masks: dict[Key, Any]
    problem: str = ''
    hint: str = ''
    image: Path | None = None


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
