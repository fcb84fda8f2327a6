"""Files with masks of many images: read, refined mask by mask, and written."""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

Key = Any  # identifies a mask in its file


class ImageEntry(NamedTuple):
    """The masks of one image.

    Attributes:
        key (str): Identifies the image in the file.
        name (str, optional): File name of the image in the predictions; None
            if they do not state it.
        size (tuple[int, int], optional): Height and width, if known.
        masks (dict): Segmentations by their keys, in any form of
            :func:`segrefiner_mm.io.rle.decode_mask`; with a ``problem``, they
            may be None.
        problem (str): Why none of them can be refined. Defaults to ''.
        hint (str): Advice for the case that the image is not found. Defaults
            to ''.
        image (Path, optional): The image file, once found. Defaults to None.
        content (bytes, optional): Content of an image file that is not on
            this machine, instead of ``image``. Defaults to None.
    """

    key: str
    name: str | None
    size: tuple[int, int] | None
    masks: dict[Key, Any]
    problem: str = ''
    hint: str = ''
    image: Path | None = None
    content: bytes | None = None


class PredictionFile(metaclass=ABCMeta):
    """Masks of many images in one format; only the masks are changed.

    Attributes:
        img_dir (Path, optional): Folder in which the images are, unless the
            user gives another. Defaults to None: the format does not say.
        forms (tuple[str, ...]): Forms in which it can write masks, see
            :class:`MaskStyle`. Defaults to ``'same'`` and ``'rle'``.
    """

    img_dir: Path | None = None
    forms: tuple[str, ...] = ('same', 'rle')

    @abstractmethod
    def images(self) -> Iterator[ImageEntry]:
        """Yield the images that have masks to refine, in file order.

        Masks that cannot be read come in entries of their own, with a
        ``problem``.

        Yields:
            ImageEntry: An image and its masks.

        Raises:
            InputError: If it is not known where the images are.
        """

    @abstractmethod
    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a coarse mask by its refined mask.

        Args:
            key (object): From :attr:`ImageEntry.masks`.
            encoded (dict): ``size`` and compressed ``counts``, a str.

        Raises:
            InputError: If the format cannot hold the refined mask; the coarse
                mask stays.
        """

    def rewrite(self, key: Key, size: tuple[int, int]) -> None:  # noqa: B027
        """Convert an unchanged mask to the form in which masks are written.

        By default, it stays as it is: most formats have only one form.

        Args:
            key (object): From :attr:`ImageEntry.masks`.
            size (tuple[int, int]): Height and width of the image.

        Raises:
            InputError: If the mask is invalid.
        """

    def untouched(self) -> dict[str, str]:
        """Return the masks that are never refined.

        Returns:
            dict[str, str]: Reasons by the labels of the masks.
        """
        return {}

    @abstractmethod
    def write(self, path: Path) -> None:
        """Write the file in the format in which it was read.

        Args:
            path (Path): Output file or folder.

        Raises:
            InputError: If it cannot be written.
        """

    def label(self, key: Key) -> str:
        """Name a mask to a user.

        Args:
            key (object): From :attr:`ImageEntry.masks`.

        Returns:
            str: The name.
        """
        return f'mask {key}'
