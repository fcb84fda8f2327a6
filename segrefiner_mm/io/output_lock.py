"""A lock that lets only one run at a time write an output."""

import errno
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.files import PARTIAL, partial_prefix

if sys.platform == 'win32':
    import msvcrt
else:
    import fcntl

# Errors of file systems without locks, such as some network ones.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


class OutputLock:
    """Context manager that keeps other runs from an output.

    The system releases the lock when the process ends in any way, so a killed
    run leaves no lock. The next run removes its unfinished files on entry. On
    a file system without locks, other runs are not kept away.

    Args:
        out (Path): The folder or file to write. On entry, the folder, or the
            folder of the file, is created. A folder and a file in it are
            different outputs.
        is_folder (bool): Whether ``out`` is a folder.

    Raises:
        InputError: On entry, if another run holds the lock, whose process the
            message names, or if the lock file cannot be written.
    """

    def __init__(self, out: Path, is_folder: bool) -> None:
        self._out = out
        self._folder = out if is_folder else out.parent
        own = '' if is_folder else partial_prefix(out).removeprefix(PARTIAL)
        self._path = self._folder / f'{PARTIAL}{own}lock'
        self._leftovers = (
            f'**/{PARTIAL}*.partial'
            if is_folder
            else f'{partial_prefix(out)}*.partial'
        )
        self._file = -1

    def __enter__(self) -> 'OutputLock':
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            while self._file < 0:
                self._file = self._opened()
            os.ftruncate(self._file, 0)
            os.write(self._file, f' {_name_of_this_run()}'.encode())
        except OSError as error:
            if self._file >= 0:
                self.__exit__(None, None, None)
            raise InputError(
                f'cannot write {self._path}: {reason_of(error)}'
            ) from error
        for path in self._folder.glob(self._leftovers):
            path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._path.unlink()
        os.close(self._file)
        self._file = -1

    def _opened(self) -> int:
        """Return the descriptor of the locked file; -1 if it was removed."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _lock(file):
                # Windows locks the first byte against readers too, so skip it.
                os.lseek(file, 1, os.SEEK_SET)
                owner = os.read(file, 500).decode(errors='replace')
                raise InputError(
                    f'{self._out} is being written by another run '
                    f'({owner or "just started"}): wait for it, or choose '
                    'another output'
                )
            if self._is_current(file):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)
        return -1

    def _is_current(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), os.stat(self._path))
        except FileNotFoundError:
            return False


def _lock(file: int) -> bool:
    """Lock an open file; return whether it was free."""
    try:
        if sys.platform == 'win32':
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise  # without locks there, this run may go on
    return True


def _name_of_this_run() -> str:
    return f'process {os.getpid()} on {socket.gethostname()}'
