"""Lookup of images by name, in a folder or at a URL."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.file_state import file_state, is_same_file
from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.io.image_files.image_finder import (
    ImageFinder,
    shared_problem,
)
from segrefiner_mm.scale.places import Place

# Images that are fetched at the same time from a URL.
FETCHES = 8


class ImagePlaces:
    """Finds images as ``segrefiner coco`` does, and also at a URL.

    At a URL, an image is the longest trailing part of its path that exists;
    letter case and suffix must be equal.

    Args:
        address (str, optional): Folder or URL of the images. None: the names
            of the images are paths.

    Raises:
        InputError: If there is no such folder, or no installed package
            handles URLs of this kind.
    """

    def __init__(self, address: str | None) -> None:
        self._place = None if address is None else Place(address)
        self._remote = self._place if _is_remote(self._place) else None
        if self._remote is None:
            folder = None if self._place is None else self._place.folder
            self._finder = ImageFinder(folder)

    def located(self, entries: list[ImageEntry]) -> Iterator[ImageEntry]:
        """Find images, and fetch their contents from a URL.

        At most ``FETCHES`` images are fetched ahead, which bounds the memory.

        Args:
            entries (list[ImageEntry]): Images that are not located yet; those
                with ``content`` or a ``problem`` are passed on.

        Yields:
            ImageEntry: The images, in the given order, each with ``image``,
            ``content`` or a ``problem``.
        """
        if self._remote is None:
            yield from map(self._located, entries)
            return
        with ThreadPoolExecutor(FETCHES) as pool:
            fetching: deque[Future[ImageEntry]] = deque()
            for entry in entries:
                fetching.append(pool.submit(self._located, entry))
                if len(fetching) > FETCHES:
                    yield fetching.popleft().result()
            while fetching:
                yield fetching.popleft().result()

    def find(self, name: str) -> str:
        """Return the file of an image.

        Args:
            name (str): Name of the image.

        Returns:
            str: Path of the file, or its name relative to the URL.

        Raises:
            InputError: If no file or several files match, or the URL cannot
                be read.
        """
        if self._remote is None:
            return str(self._finder.find(name))
        return self._remote.find(name)

    def is_exact(self, name: str, file: str) -> bool:
        """Return whether a name is the whole path of its file.

        Args:
            name (str): Name of an image.
            file (str): File of the image, from :meth:`find`.

        Returns:
            bool: Whether it is; always True without a folder.
        """
        if self._remote is not None:
            return name == file
        folder = self._finder.folder
        return folder is None or file == str(folder / name)

    def state(self, name: str) -> list[object] | None:
        """Describe an image file, so that changes to it can be detected.

        Args:
            name (str): Name of an image.

        Returns:
            list | None: See :func:`file_state` and, for a URL,
            :meth:`Place.state`; None if no file is found or it cannot be
            read.
        """
        try:
            file = self.find(name)
            if self._remote is not None:
                return self._remote.state(file)
            return file_state(Path(file))
        except InputError:
            return None

    def content_mark(self, name: str) -> object:
        """Identify the content of an image.

        Args:
            name (str): Name of an image.

        Returns:
            str | list | None: SHA-256 of the content; for a file at a URL,
            its :meth:`state`; None if no file is found or it cannot be read.
        """
        state = self.state(name)
        if state is None or self._remote is not None:
            return state
        return state[-1]  # the hash: path and times differ for a copy

    def is_unchanged(self, name: str, state: object) -> bool:
        """Return whether an image is unchanged since its state was recorded.

        Args:
            name (str): Name of an image.
            state (object): State from :meth:`state`; it may be damaged.

        Returns:
            bool: Whether it is; False if no file is found.
        """
        if self._remote is not None:
            return state is not None and self.state(name) == state
        try:
            return is_same_file(state, self._finder.find(name))
        except InputError:
            return False

    def _located(self, entry: ImageEntry) -> ImageEntry:
        name = entry.name
        if entry.problem or entry.content is not None:
            return entry
        if name is None:
            return entry._replace(problem='nothing names its image')
        try:
            if self._remote is None:
                return entry._replace(image=self._finder.find(name))
            _, content = self._remote.locate(name)
            return entry._replace(content=content)
        except InputError as error:
            return entry._replace(problem=f'{error}{entry.hint}')


def shared_names(images: ImagePlaces, names: list[str]) -> dict[str, str]:
    """Find names that resolve to the file of another name.

    Args:
        images (ImagePlaces): Finds the files.
        names (list[str]): Names to check; see
            :meth:`ImageTable.namesakes`.

    Returns:
        dict[str, str]: Error messages by name, for every name that shares a
        file and is not its whole path.
    """
    by_file: dict[str, list[str]] = {}
    for name in names:
        try:
            by_file.setdefault(images.find(name), []).append(name)
        except InputError:
            continue
    problems = {}
    for file, sharing in by_file.items():
        for name in sharing:
            if len(sharing) > 1 and not images.is_exact(name, file):
                problems[name] = shared_problem(name, file, sharing)
    return problems


def _is_remote(place: Place | None) -> bool:
    return place is not None and place.remote
