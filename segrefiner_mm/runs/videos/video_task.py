"""The interface between a video run and a layout of mask files."""

from pathlib import Path
from typing import Any, Protocol

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.video_frames import Image
from segrefiner_mm.runs.videos.video_masks import Objects
from segrefiner_mm.video import FrameMasks
from segrefiner_mm.windows import CompactMask


class VideoTask(Protocol):
    """Reads and encodes the masks of frames."""

    def outputs(self, masks: Objects) -> list[Path]:
        """Return the files to write for a frame.

        Args:
            masks (dict[str, Path]): Its masks.

        Returns:
            list[Path]: In the order of the masks.
        """

    def load(self, masks: Objects, image: Image) -> dict[Any, CompactMask]:
        """Read the masks of a frame.

        Args:
            masks (dict[str, Path]): Its masks; there may be none.
            image (np.ndarray): (H, W, 3) uint8, BGR.

        Returns:
            dict: Coarse mask by object.

        Raises:
            InputError: If they cannot be used.
        """

    def encode(self, masks: Objects, result: FrameMasks) -> dict[Path, bytes]:
        """Encode the files of a frame.

        Args:
            masks (dict[str, Path]): Its masks, which were loaded last.
            result (FrameMasks): The refined masks.

        Returns:
            dict[Path, bytes]: Content of every file.

        Raises:
            InputError: If a format cannot hold a result.
        """


def check_frame_size(path: Path, size: tuple[int, int], image: Image) -> None:
    """Reject a mask that has another size than its frame.

    Args:
        path (Path): The mask.
        size (tuple[int, int]): Its height and width.
        image (np.ndarray): The frame.

    Raises:
        InputError: If they differ.
    """
    height, width = image.shape[:2]
    if size != (height, width):
        raise InputError(
            f'{path} is {size[1]} x {size[0]}, but its frame is {width} x '
            f'{height} (width x height): they must be equal'
        )
