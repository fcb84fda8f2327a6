"""A disk of its own that is as full as one wants it."""

import shutil
import subprocess
from pathlib import Path

_BLOCK = 4096


class SmallDisk:
    """Memory that is mounted as a disk; this needs Linux and its root.

    Args:
        path (Path): Where it is mounted; the folder is made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self) -> bool:
        """Whether it could be mounted."""
        self.path.mkdir()
        if shutil.which('mount') is None:
            return False
        options = ['-t', 'tmpfs', '-o', f'size={2**20}', 'tmpfs']
        return _call('mount', *options, self.path)

    def leave(self, free: int) -> None:
        """Make it so large that it has about so many free bytes."""
        used = shutil.disk_usage(self.path).used
        size = used + max(free, _BLOCK)
        if not _call('mount', '-o', f'remount,size={size}', self.path):
            raise OSError(f'cannot resize {self.path}')

    def unmount(self) -> None:
        """Give it back, with all that is on it."""
        _call('umount', self.path)


def _call(*command: str | Path) -> bool:
    process = subprocess.run(command, capture_output=True, check=False)
    return process.returncode == 0
