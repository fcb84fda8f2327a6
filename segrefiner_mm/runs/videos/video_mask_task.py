"""Masks of a video, one file per object and frame."""

from dataclasses import dataclass, field
from pathlib import Path

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.image_files.video_frames import Image
from segrefiner_mm.io.images import encode_mask_picture
from segrefiner_mm.io.masks import load_masks
from segrefiner_mm.runs.videos.video_masks import Objects
from segrefiner_mm.runs.videos.video_task import check_frame_size
from segrefiner_mm.video import FrameMasks
from segrefiner_mm.windows import CompactMask


@dataclass
class VideoMaskTask:
    """Reads binary masks and encodes the refined ones as PNG files.

    Args:
        folder (Path): Folder of the masks.
        out (Path): Folder of the results, in the layout of ``folder``.
        threshold (float, optional): Value from which a soft mask is
            foreground. Defaults to None: masks have two values.
    """

    folder: Path
    out: Path
    threshold: float | None = None
    _size: tuple[int, int] = field(default=(0, 0), init=False)

    def outputs(self, masks: Objects) -> list[Path]:
        """List the files to write; see :meth:`VideoTask.outputs`."""
        return [
            (self.out / path.relative_to(self.folder)).with_suffix('.png')
            for path in masks.values()
        ]

    def load(self, masks: Objects, image: Image) -> dict[str, CompactMask]:
        """Read the masks of a frame; see :meth:`VideoTask.load`."""
        loaded: dict[str, CompactMask] = {}
        for name, path in masks.items():
            with about(path):
                read = load_masks(path, threshold=self.threshold)
            if len(read.masks) != 1:
                raise InputError(
                    f'{path} holds {len(read.masks)} masks, but a result '
                    'holds one: save each as a file of its own'
                )
            check_frame_size(path, read.size, image)
            [loaded[name]] = read.masks
            self._size = read.size
        return loaded

    def encode(self, masks: Objects, result: FrameMasks) -> dict[Path, bytes]:
        """Encode the masks of a frame; see :meth:`VideoTask.encode`."""
        files = {}
        for name, path in zip(masks, self.outputs(masks), strict=True):
            mask = result.objects[name].dense(self._size)
            files[path] = encode_mask_picture(path, mask)
        return files
