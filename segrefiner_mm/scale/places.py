"""Folders on this machine, or at an fsspec URL such as ``s3://``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.confine import spellings
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.json_files.json_file import shown_name

Value = TypeVar('Value')
_FILE = 'file://'
_BUCKETS = ('s3', 's3a', 'gs', 'gcs', 'az', 'abfs', 'abfss', 'oss', 'r2')


class MissingFileError(InputError):
    """A file that does not exist at its path or URL."""


def is_address(text: str) -> bool:
    """Return whether a string is a URL other than ``file://``.

    Args:
        text (str): Path or URL.

    Returns:
        bool: False for a path, and for a ``file://`` URL.
    """
    return '://' in text and not text.startswith(_FILE)


def local_path(text: str) -> Path:
    """Return the path that a path or a ``file://`` URL names.

    Args:
        text (str): Path or URL.

    Returns:
        Path: The path.
    """
    return Path(text.removeprefix(_FILE))


class Place:
    """A folder, local or remote, with the few operations that a run needs.

    Args:
        address (str): Path or fsspec URL of the folder, which need not exist.

    Attributes:
        address (str): The address, without a slash at its end.
        remote (bool): Whether the address is a URL other than ``file://``.
        folder (Path, optional): The folder on this machine; None for a remote
            address.

    Raises:
        InputError: If no installed package handles URLs of this kind.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip('/') or address
        self.remote = is_address(address)
        self.folder = None if self.remote else local_path(self.address)
        self._fs: Any = None
        self._root = ''
        self._has_folders = True
        if self.remote:
            self._fs, self._root = _open(self.address)
            # In an object store, creating a folder would create a bucket.
            scheme = self.address.partition('://')[0]
            self._has_folders = scheme not in _BUCKETS

    def name(self, file: str) -> str:
        """Return the path or the URL of a file, for messages.

        Args:
            file (str): Name in the folder; '' for the folder itself.

        Returns:
            str: The path or URL.
        """
        return f'{self.address}/{file}' if file else self.address

    def read(self, file: str) -> bytes:
        """Read a file.

        Args:
            file (str): Name in the folder.

        Returns:
            bytes: Content of the file.

        Raises:
            MissingFileError: If the file does not exist.
            InputError: If the file cannot be read.
        """
        folder = self.folder
        if folder is not None:
            return self._try('read', file, (folder / file).read_bytes)
        path = self._path(file)
        content: bytes = self._try('read', file, lambda: self._fs.cat(path))
        return content

    def write(self, file: str, content: bytes) -> None:
        """Write a file; its folder is created, and an old file is replaced.

        On this machine and in object stores, the file is written completely
        or not at all.

        Args:
            file (str): Name in the folder.
            content (bytes): Content of the file.

        Raises:
            InputError: If the file cannot be written.
        """
        if self.folder is not None:
            write_whole(self.folder / file, content)
            return
        path = self._path(file)

        def put() -> None:
            if self._has_folders:
                self._fs.makedirs(self._fs._parent(path), exist_ok=True)
            self._fs.pipe_file(path, content)

        self._try('write', file, put)

    def state(self, file: str) -> list[Any]:
        """Describe a file, so that changes to it can be detected.

        Args:
            file (str): Name in the folder.

        Returns:
            list: Path with links resolved, size in bytes and modification
            time in nanoseconds; at a URL, the URL, the size in bytes and the
            version that the store reports, '' if it reports none.

        Raises:
            MissingFileError: If the file does not exist.
            InputError: If the file cannot be read.
        """
        if self.folder is not None:
            local = self.folder / file
            stat = self._try('read', file, local.stat)
            return [str(local.resolve()), stat.st_size, stat.st_mtime_ns]
        path = self._path(file)
        info = self._try('read', file, lambda: self._fs.info(path))
        names = ('ETag', 'etag', 'md5Hash', 'LastModified', 'mtime', 'created')
        version = next((str(info[k]) for k in names if info.get(k)), '')
        return [self.name(file), info.get('size'), version]

    def files(self, suffixes: tuple[str, ...]) -> list[str]:
        """List the files of the folder, without subfolders and hidden files.

        Args:
            suffixes (tuple[str, ...]): Suffixes to include, in lower case;
                letter case of the names is ignored.

        Returns:
            list[str]: Names, sorted.

        Raises:
            InputError: If the folder cannot be listed.
        """
        folder = self.folder
        if folder is not None:
            listed = self._try('read', '', lambda: [*folder.iterdir()])
            names = [path.name for path in listed if path.is_file()]
        else:
            found = self._try(
                'read', '', lambda: self._fs.ls(self._root, detail=True)
            )
            names = [
                entry['name'].rstrip('/').rsplit('/', 1)[-1]
                for entry in found
                if entry['type'] == 'file'
            ]
        return sorted(
            name
            for name in names
            if name.lower().endswith(suffixes) and not name.startswith('.')
        )

    def find(self, name: str) -> str:
        """Find an image by the longest trailing part of its path that exists.

        Args:
            name (str): Name of the image in the annotations; see
                :func:`spellings`.

        Returns:
            str: Name of the file in the folder.

        Raises:
            MissingFileError: If no file matches.
            InputError: If the folder cannot be read.
        """
        return self._first(name, self.state)[0]

    def locate(self, name: str) -> tuple[str, bytes]:
        """Find an image as :meth:`find` does, and read it.

        Args:
            name (str): Name of the image in the annotations.

        Returns:
            tuple[str, bytes]: Name of the file in the folder, and its
            content.

        Raises:
            MissingFileError: If no file matches.
            InputError: If the file cannot be read.
        """
        return self._first(name, self.read)

    def _first(
        self, name: str, action: Callable[[str], Value]
    ) -> tuple[str, Value]:
        for parts in spellings(name):
            for start in range(len(parts)):
                file = '/'.join(parts[start:])
                try:
                    return file, action(file)
                except MissingFileError:
                    continue
        raise MissingFileError(
            f'no image {shown_name(name)} in {self.address}'
        )

    def _path(self, file: str) -> str:
        return f'{self._root}/{file}' if self._root else file

    def _try(self, verb: str, file: str, action: Callable[[], Value]) -> Value:
        try:
            return action()
        except FileNotFoundError as error:
            raise MissingFileError(
                f'cannot {verb} {self.name(file)}: {reason_of(error)}'
            ) from error
        except Exception as error:  # each kind of store has its own errors
            if self.folder is not None and not isinstance(error, OSError):
                raise
            reason = reason_of(error)
            raise InputError(
                f'cannot {verb} {self.name(file)}: {reason}'
            ) from error


def _open(address: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise InputError(
            f"{address} needs fsspec: pip install 'segrefiner_mm[scale]'"
        ) from None
    try:
        fs, root = url_to_fs(address)
    except Exception as error:  # a wrong scheme, or a package that is missing
        raise InputError(
            f'cannot use {address}: {reason_of(error)}'
        ) from error
    return fs, str(root).rstrip('/')
