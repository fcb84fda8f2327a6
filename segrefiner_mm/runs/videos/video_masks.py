"""The coarse masks of a video: the frame and the object of every file."""

from dataclasses import dataclass, field
from pathlib import Path

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import (
    MASK_SUFFIXES,
    composed,
    folders_below,
    pictures_by_stem,
)
from segrefiner_mm.io.image_files.video_frames import FileFrames, VideoFrames

Objects = dict[str, Path]


@dataclass
class VideoMasks:
    """Finds the masks of every frame.

    A mask in the folder belongs to the frame of its name. For several
    objects, a subfolder contains the masks of one object, named after the
    frames. If the frames are images, a subfolder may instead be named after
    one frame, and contain the masks of the objects in that frame.

    Args:
        folder (Path): Folder of the masks.
        frames (VideoFrames): The frames.
        suffix (str): Suffix that the name of a mask adds to the name of its
            frame, such as ``'_mask'``. Defaults to ''.

    Attributes:
        of_frame (dict[int, dict[str, Path]]): Files by number of the frame, in
            order, then by name of the object; the name is '' for a mask that
            is not in a subfolder.
        problems (list[str]): Messages about files without a frame.

    Raises:
        InputError: If no mask has a frame, or two files are of one frame and
            one object.
    """

    folder: Path
    frames: VideoFrames
    suffix: str = ''
    of_frame: dict[int, Objects] = field(default_factory=dict, init=False)
    problems: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for stem, path in self._masks_in(self.folder).items():
            self._add(stem, '', path)
        for folder in folders_below(self.folder):
            name = str(folder.relative_to(self.folder).as_posix())
            masks = self._masks_in(folder)
            objects_of = self._frame(folder.name)
            if isinstance(self.frames, FileFrames):
                objects_of = None  # any number could be the number of a frame
            are_frames = any(self._frame(stem) is not None for stem in masks)
            for stem, path in masks.items():
                if objects_of is not None and not are_frames:
                    self._put(objects_of, composed(stem), path)
                else:
                    self._add(stem, name, path)
        if not self.of_frame:
            raise InputError(
                f'no mask in {self.folder} has the name of a frame in '
                f'{self.frames.path}'
            )
        self.of_frame = dict(sorted(self.of_frame.items()))

    def _masks_in(self, folder: Path) -> Objects:
        masks = {}
        for stem, paths in pictures_by_stem(folder, MASK_SUFFIXES).items():
            if len(paths) > 1:
                raise InputError(
                    f'several files named {stem}: {paths[0]}, {paths[1]}'
                )
            [masks[stem]] = paths
        return masks

    def _frame(self, stem: str) -> int | None:
        if not stem.endswith(self.suffix):
            return None
        return self.frames.index_of(stem.removesuffix(self.suffix))

    def _add(self, stem: str, name: str, path: Path) -> None:
        frame = self._frame(stem)
        if frame is None:
            self.problems.append(f'no frame for the mask {path}')
        else:
            self._put(frame, name, path)

    def _put(self, frame: int, name: str, path: Path) -> None:
        objects = self.of_frame.setdefault(frame, {})
        if name in objects:
            raise InputError(
                f'two masks of one frame: {objects[name]} and {path}'
            )
        objects[name] = path
