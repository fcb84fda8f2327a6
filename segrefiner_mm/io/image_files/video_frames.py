"""Frames of a video: a folder of images, or a video file."""

import re
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError, about, reason_of
from segrefiner_mm.io.files import pictures_in
from segrefiner_mm.io.images import load_image
from segrefiner_mm.io.limits import check_pixels

Image = npt.NDArray[np.uint8]


class VideoFrames(metaclass=ABCMeta):
    """The frames of a video, read one by one.

    Args:
        path (Path): Folder of images, or video file.

    Attributes:
        path (Path): Folder of images, or video file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def index_of(self, name: str) -> int | None:
        """Return the number of the frame that a mask belongs to.

        Args:
            name (str): Name of the mask without suffix.

        Returns:
            int | None: Number of the frame, from 0; None if the name is not
            that of a frame.
        """

    @abstractmethod
    def file_of(self, index: int) -> Path | None:
        """Return the image file of a frame.

        Args:
            index (int): Number of the frame, from 0.

        Returns:
            Path | None: The file; None for a frame of a video file.
        """

    @abstractmethod
    def read(self, start: int = 0) -> Iterator[tuple[int, Image | InputError]]:
        """Read the frames, one at a time.

        Args:
            start (int): Number of the first frame to read. Defaults to 0.

        Yields:
            tuple[int, np.ndarray | InputError]: Number and frame, (H, W, 3)
            uint8, BGR; for a frame that cannot be read, number and error.

        Raises:
            InputError: If neither this nor any later frame can be read.
        """


class FolderFrames(VideoFrames):
    """Images of a folder, in the order of their names.

    Numbers in names count as numbers: ``frame_9`` is before ``frame_10``.

    Args:
        path (Path): The folder.

    Raises:
        InputError: If there is no such folder or no image in it, or two
            images share a stem.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        pictures = pictures_in(path)
        if not pictures:
            raise InputError(f'no images in {path}')
        self._names = sorted(pictures, key=_by_numbers)
        self._files = [pictures[name] for name in self._names]
        self._index = {name: at for at, name in enumerate(self._names)}

    def __len__(self) -> int:
        return len(self._names)

    def index_of(self, name: str) -> int | None:
        """Return a frame's number; see :meth:`VideoFrames.index_of`."""
        return self._index.get(name)

    def file_of(self, index: int) -> Path | None:
        """Return a frame's file; see :meth:`VideoFrames.file_of`."""
        return self._files[index]

    def read(self, start: int = 0) -> Iterator[tuple[int, Image | InputError]]:
        """Read the frames; see :meth:`VideoFrames.read`."""
        for index in range(start, len(self._files)):
            try:
                yield index, load_image(self._files[index])
            except InputError as error:
                yield index, error


class FileFrames(VideoFrames):
    """Frames of a video file, upright, decoded by PyAV.

    Args:
        path (Path): The file.
        first (int): Number that the masks give to the first frame. Defaults
            to 0.

    Raises:
        InputError: If PyAV is not installed.
    """

    def __init__(self, path: Path, first: int = 0) -> None:
        super().__init__(path)
        self._av = _pyav(path)
        self._first = first

    def index_of(self, name: str) -> int | None:
        """Return the number that ends a name, less that of the first frame.

        Args:
            name (str): Name of the mask without suffix, such as
                ``frame_0012``.

        Returns:
            int | None: Number of the frame, from 0, whether or not the video
            has so many frames; None if the name does not end in a number, or
            the number is below that of the first frame.
        """
        digits = re.search(r'(\d+)$', name)
        if digits is None or len(digits[1]) > 12:
            return None
        index = int(digits[1]) - self._first
        return index if index >= 0 else None

    def file_of(self, index: int) -> Path | None:
        """Return None; see :meth:`VideoFrames.file_of`."""
        return None

    def read(self, start: int = 0) -> Iterator[tuple[int, Image | InputError]]:
        """Decode the frames; see :meth:`VideoFrames.read`."""
        try:
            with self._av.open(str(self.path)) as container:
                if not container.streams.video:
                    raise InputError(f'{self.path} has no video in it')
                stream = container.streams.video[0]
                check_pixels(stream.height, stream.width, str(self.path))
                stream.thread_type = 'AUTO'
                for index, frame in enumerate(container.decode(stream)):
                    # Each frame depends on those before it.
                    if index >= start:
                        yield index, self._array(frame)
        except self._av.FFmpegError as error:
            reason = reason_of(error)
            raise InputError(f'cannot read {self.path}: {reason}') from error

    def _array(self, frame: Any) -> Image:
        with about(self.path):
            check_pixels(frame.height, frame.width, 'a frame')
        array = frame.to_ndarray(format='bgr24')
        # It is the counter-clockwise angle that makes the image upright.
        turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(array, turns))


def open_frames(path: Path, first: int = 0) -> VideoFrames:
    """Open the frames of a video.

    Args:
        path (Path): Folder of images, or video file.
        first (int): See :class:`FileFrames`. Defaults to 0.

    Returns:
        VideoFrames: The frames.

    Raises:
        InputError: If there is no such file or folder, the folder has no
            images or two with one stem, or PyAV is not installed.
    """
    if path.is_dir():
        return FolderFrames(path)
    if not path.is_file():
        raise InputError(f'no such file or folder: {path}')
    return FileFrames(path, first)


def _pyav(path: Path) -> Any:
    try:
        import av
    except ImportError:
        raise InputError(
            f'{path} is a file, and video files need PyAV: '
            "pip install 'segrefiner_mm[video]', or give a folder of images"
        ) from None
    return av


def _by_numbers(name: str) -> tuple[list[str | int], str]:
    """Return a key that sorts numbers in names by their value."""
    parts: list[str | int] = list(re.split(r'(\d+)', name))
    parts[1::2] = [int(number) for number in parts[1::2]]
    return parts, name
