"""The interface between a video run and a layout of mask files."""

from pathlib import Path
from typing import Any, Protocol

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.video_frames import Image
from segrefiner_mm.runs.videos.video_masks import Objects
from segrefiner_mm.video import FrameMasks
from segrefiner_mm.windows import CompactMask


class VideoTask(Protocol):
    """Reads and encodes the masks of a video, frame by frame."""

    def outputs(self, masks: Objects) -> list[Path]:
        """List the files to write for a frame.

        Args:
            masks (dict[str, Path]): Mask files of the frame by object, at
                least one.

        Returns:
            list[Path]: The files, in the order of the masks.
        """

    def load(self, masks: Objects, image: Image) -> dict[Any, CompactMask]:
        """Read the masks of a frame.

        Args:
            masks (dict[str, Path]): Mask files of the frame by object; may be
                empty.
            image (np.ndarray): The frame, (H, W, 3) uint8, BGR.

        Returns:
            dict[Hashable, CompactMask]: Coarse masks (H, W) by object.

        Raises:
            InputError: If a mask cannot be read, or its size is not that of
                the frame.
        """

    def encode(self, masks: Objects, result: FrameMasks) -> dict[Path, bytes]:
        """Encode the files of a frame; :meth:`load` must precede it.

        Args:
            masks (dict[str, Path]): The files that :meth:`load` read last.
            result (FrameMasks): The refined masks, with the keys of
                :meth:`load`.

        Returns:
            dict[Path, bytes]: Content of every file.

        Raises:
            InputError: If a format cannot hold a result.
        """


def check_frame_size(path: Path, size: tuple[int, int], image: Image) -> None:
    """Reject a mask that has another size than its frame.

    Args:
        path (Path): File of the mask, for the message.
        size (tuple[int, int]): Height and width of the mask.
        image (np.ndarray): The frame, (H, W, 3).

    Raises:
        InputError: If the sizes differ.
    """
    height, width = image.shape[:2]
    if size != (height, width):
        raise InputError(
            f'{path} is {size[1]} x {size[0]}, but its frame is {width} x '
            f'{height} (width x height): they must be equal'
        )
