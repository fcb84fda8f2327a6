"""JSON files of one image each: a folder of files, or one file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import (
    folders_below,
    read_bytes,
    read_json,
    write_whole,
)
from segrefiner_mm.io.json_files.json_file import parse_json
from segrefiner_mm.io.json_files.json_layout import JsonLayout, layout_of


def json_files(path: Path) -> list[Path]:
    """List the JSON files of a folder and its subfolders.

    Args:
        path (Path): A folder, or one file.

    Returns:
        list[Path]: The files, sorted folder by folder, without hidden ones;
        ``path`` alone if it is not a folder.
    """
    if not path.is_dir():
        return [path]
    folders = [path, *folders_below(path)]
    return [
        file
        for folder in folders
        for file in sorted(folder.glob('*.json'))
        if file.is_file() and not file.name.startswith('.')
    ]


class JsonFolder:
    """Content of JSON files, to be written with the same names and layout.

    Args:
        path (Path): A folder with JSON files, or one JSON file.
        heavy (str): Key of a large value, such as an image, that is not kept
            in memory: it is read again when the file is written. Defaults to
            '': everything is kept.

    Attributes:
        path (Path): The folder, or the file.
        folder (Path): The folder, or the folder of the file.
        contents (dict[str, object]): Content by file name, relative to the
            folder. A heavy value is replaced by None.

    Raises:
        InputError: If there is no file, or one cannot be read.
    """

    def __init__(self, path: Path, heavy: str = '') -> None:
        self.path = path
        self._heavy = heavy
        self.folder = path if path.is_dir() else path.parent
        self.contents: dict[str, Any] = {}
        self._layouts: dict[str, JsonLayout] = {}
        self._loaded: set[str] = set()  # files with a heavy value
        for file in json_files(path):
            self._read(file)
        if not self.contents:
            raise InputError(f'no json in {path}')

    def file(self, name: str) -> Path:
        """Return the path of a file.

        Args:
            name (str): Key of :attr:`contents`.

        Returns:
            Path: Path of the file that was read.
        """
        return self.folder / name

    def beside(self, name: str, image: str) -> str:
        """Return the name of an image that is given relative to a file.

        Args:
            name (str): Key of :attr:`contents`.
            image (str): Name of the image in that file.

        Returns:
            str: Name relative to :attr:`folder`; it may lead out of it.
        """
        above, _, _ = name.rpartition('/')
        return f'{above}/{image}' if above else image

    def encoded(self, out: Path) -> Iterator[tuple[Path, bytes]]:
        """Encode the contents.

        Args:
            out (Path): Folder to write; a file if :attr:`path` is one.

        Yields:
            tuple[Path, bytes]: Path and content of a file to write, in the
            order of :attr:`contents`.

        Raises:
            InputError: If JSON cannot hold a content, or a file cannot be
                read again or has lost its heavy value.
        """
        for name, content in self.contents.items():
            path = out / name if self.path.is_dir() else out
            if self.has_heavy(name):
                content = {**content, self._heavy: self.heavy(name)}
            yield path, self._layouts[name].encode(content, path)

    def has_heavy(self, name: str) -> bool:
        """Return whether a file has the heavy value.

        Args:
            name (str): From :attr:`contents`.

        Returns:
            bool: False if it is null, or there is none.
        """
        return name in self._loaded

    def heavy(self, name: str) -> Any:
        """Read the heavy value of a file.

        Args:
            name (str): From :attr:`contents`.

        Returns:
            object: The value.

        Raises:
            InputError: If the file has changed and lacks it.
        """
        again = read_json(self.file(name))
        if not isinstance(again, dict) or self._heavy not in again:
            raise InputError(f'{self.file(name)} has changed')
        return again[self._heavy]

    def _read(self, file: Path) -> None:
        name = file.relative_to(self.folder).as_posix()
        text = read_bytes(file)
        content = parse_json(text, file)
        if isinstance(content, dict) and content.get(self._heavy) is not None:
            content[self._heavy] = None  # its place among the keys stays
            self._loaded.add(name)
        self.contents[name] = content
        self._layouts[name] = layout_of(text)

    def write(self, out: Path) -> None:
        """Write the files.

        Args:
            out (Path): See :meth:`encoded`.

        Raises:
            InputError: See :meth:`encoded`, or if a file cannot be written.
        """
        for path, content in self.encoded(out):
            write_whole(path, content)
