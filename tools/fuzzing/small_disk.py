"""A small disk with a chosen amount of free space."""

import shutil
import subprocess
from pathlib import Path

_BLOCK = 4096


class SmallDisk:
    """Memory that is mounted as a disk; this needs Linux and root.

    Args:
        path (Path): Mount point, which :meth:`mount` creates.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self) -> bool:
        """Create the folder, and mount the disk of 1 MiB.

        Returns:
            bool: Whether the disk is mounted; False without root.
        """
        self.path.mkdir()
        if shutil.which('mount') is None:
            return False
        options = ['-t', 'tmpfs', '-o', f'size={2**20}', 'tmpfs']
        return _call('mount', *options, self.path)

    def leave(self, free: int) -> None:
        """Resize the disk so that about ``free`` bytes are free.

        Args:
            free (int): Free space in bytes; one block of 4096 at least.

        Raises:
            OSError: If the disk cannot be resized.
        """
        used = shutil.disk_usage(self.path).used
        size = used + max(free, _BLOCK)
        if not _call('mount', '-o', f'remount,size={size}', self.path):
            raise OSError(f'cannot resize {self.path}')

    def unmount(self) -> None:
        """Unmount the disk, which deletes its files."""
        _call('umount', self.path)


def _call(*command: str | Path) -> bool:
    process = subprocess.run(command, capture_output=True, check=False)
    return process.returncode == 0
