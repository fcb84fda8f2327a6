"""The interface of the formats: masks of many images in a file or folder."""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from segrefiner_mm.io.files import RESULT_SUFFIXES

Key = Any  # identifies a mask in its file


class ImageEntry(NamedTuple):
    """The masks of one image.

    Attributes:
        key (str): Identifies the image in the file.
        name (str, optional): File name of the image in the predictions; None
            if they do not state it.
        size (tuple[int, int], optional): Height and width that the
            predictions state; None if they state none.
        masks (dict): Segmentations by key, in any form of
            :func:`segrefiner_mm.io.rle.decode_mask`; with a ``problem``, they
            may be None.
        problem (str): Why none of the masks can be refined. Defaults to '':
            they can.
        hint (str): Text to append to the message if the image is not found.
            Defaults to ''.
        image (Path, optional): The image file. Defaults to None: not found
            yet.
        embedded (Callable, optional): Reads the image from the predictions
            themselves, for the case that no file has exactly its name.
            Defaults to None: they do not hold it.
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
    embedded: Callable[[], bytes] | None = None


class PredictionFile(metaclass=ABCMeta):
    """Masks of many images in one format; only the masks are changed.

    Attributes:
        img_dir (Path, optional): Folder of the images, unless the user gives
            another. Defaults to None: the format does not state one.
        forms (tuple[str, ...]): Forms in which masks can be written, see
            :class:`MaskStyle`. Defaults to ('same', 'rle').
        suffixes (Collection[str]): Suffixes of the files in a folder of this
            format that are read and written. Defaults to ``RESULT_SUFFIXES``.
    """

    img_dir: Path | None = None
    forms: tuple[str, ...] = ('same', 'rle')
    suffixes: Collection[str] = RESULT_SUFFIXES

    @abstractmethod
    def images(self) -> Iterator[ImageEntry]:
        """Yield the images that have masks to refine, in file order.

        A mask that cannot be read has an entry of its own, with a
        ``problem``.

        Yields:
            ImageEntry: An image and its masks.

        Raises:
            InputError: If the format needs the folder of the images, and the
                folder is unknown or does not exist.
        """

    @abstractmethod
    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a coarse mask by its refined mask.

        Args:
            key (object): From :attr:`ImageEntry.masks`.
            encoded (dict): The refined mask, ``size`` and compressed
                ``counts``, a str.

        Raises:
            InputError: If the format cannot hold the refined mask; the coarse
                mask stays.
        """

    def rewrite(self, key: Key, size: tuple[int, int]) -> None:  # noqa: B027
        """Convert an unchanged mask to the form in which masks are written.

        By default, the mask is left unchanged: most formats have one form.

        Args:
            key (object): From :attr:`ImageEntry.masks`.
            size (tuple[int, int]): Height and width of the image.

        Raises:
            InputError: If the mask is invalid, of another size, or too large.
        """

    def untouched(self) -> dict[str, str]:
        """Return the masks that are never refined.

        Returns:
            dict[str, str]: Reasons, such as ``'crowd'``, by :meth:`label`.
        """
        return {}

    def remarks(self) -> list[str]:
        """List what a user may not expect of the written file.

        Returns:
            list[str]: Sentences without a stop; none by default.
        """
        return []

    @abstractmethod
    def write(self, path: Path) -> None:
        """Write the file in the format in which it was read.

        Args:
            path (Path): Output file or folder. Files of the same name are
                replaced.

        Raises:
            InputError: If a file cannot be written, or the format cannot hold
                the content.
        """

    def label(self, key: Key) -> str:
        """Return the name of a mask for messages.

        Args:
            key (object): From :attr:`ImageEntry.masks`.

        Returns:
            str: The name.
        """
        return f'mask {key}'
