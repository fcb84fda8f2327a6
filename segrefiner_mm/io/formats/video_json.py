"""JSON of YouTube-VIS: masks of objects on the frames of videos."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_annotations import id_of, is_crowd, records_of
from segrefiner_mm.io.encodings.boxes import box_of
from segrefiner_mm.io.encodings.mask_forms import (
    MaskStyle,
    converted,
    written,
)
from segrefiner_mm.io.encodings.segmentation import is_empty, read_segmentation
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
)
from segrefiner_mm.io.formats.record_json import RecordJson, typed_key
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import sides_of

Size = tuple[int, int]


class _Video(NamedTuple):
    frames: list[str]
    size: Size | None


class VideoJson(RecordJson):
    """YouTube-VIS results or annotations, with a mask per frame.

    Each frame is refined by itself. Crowds and frames without a mask are left
    unchanged, and so are all fields but ``segmentations``, unless
    ``update_boxes`` is set.

    Args:
        content (list | dict): Content of the JSON file, changed in place.
        path (Path): The file, for messages.
        ann_file (Path, optional): Annotations that name the frames of
            results, which need them. Defaults to None: ``content`` names
            them.
        style (MaskStyle, optional): Form in which masks are written. Defaults
            to None: the form in which they were read.
        update_boxes (bool): Whether to update ``bboxes`` and ``areas`` of
            refined masks where present. Defaults to False.

    Raises:
        InputError: If ``ann_file`` cannot be read or is missing for results,
            or a file does not follow the schema.
    """

    def __init__(
        self,
        content: Any,
        path: Path,
        ann_file: Path | None = None,
        style: MaskStyle | None = None,
        update_boxes: bool = False,
    ) -> None:
        super().__init__(content, path, style, update_boxes)
        if self.are_results and ann_file is None:
            raise InputError(
                f'{path} has results of YouTube-VIS, which do not name their '
                'frames: --ann gives the annotations that do'
            )
        videos = read_json(ann_file) if ann_file else content
        self._videos = _videos_of(videos, ann_file or path)
        for index, mask in enumerate(self.masks):
            if not isinstance(mask.get('segmentations'), list):
                raise InputError(
                    f'{path}: {self._own_name(index)}: its segmentations are '
                    f'{shown(mask.get("segmentations"))}, not a list'
                )

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        of_frame: dict[tuple[Any, int], dict[Key, Any]] = {}
        for index, mask in enumerate(self.masks):
            if is_crowd(mask):
                continue
            try:
                video = id_of(mask, 'video_id', self._own_name(index))
                self._check_length(video, mask)
            except InputError as error:
                masks = {(index, 0): None}
                yield ImageEntry(f'#{index}', None, None, masks, str(error))
                continue
            for frame, segmentation in enumerate(mask['segmentations']):
                if not is_empty(segmentation):
                    own = of_frame.setdefault((video, frame), {})
                    own[index, frame] = segmentation
        for (video, frame), masks in of_frame.items():
            frames, size = self._videos[video]
            key = typed_key(video, frame)
            yield ImageEntry(key, frames[frame], size, masks)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        self._write_mask(key, encoded)
        if self.update_boxes:
            self._update_box(key, encoded)

    def rewrite(self, key: Key, size: Size) -> None:
        """Convert a mask; see :meth:`PredictionFile.rewrite`."""
        index, frame = key
        masks = self.masks[index]['segmentations']
        masks[frame] = converted(masks[frame], size, self.style)

    def untouched(self) -> dict[str, str]:
        """List skipped objects; see :meth:`PredictionFile.untouched`."""
        return {
            self._own_name(index): 'crowd'
            for index, mask in enumerate(self.masks)
            if is_crowd(mask)
        }

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        index, frame = key
        video = shown(self.masks[index].get('video_id'))
        return f'{self._own_name(index)} on frame {frame} of video {video}'

    def _check_length(self, video: Any, mask: dict[str, Any]) -> None:
        if video not in self._videos:
            raise InputError(f'video {shown(video)} is not among the videos')
        frames = len(self._videos[video].frames)
        if len(mask['segmentations']) > frames:
            raise InputError(
                f'it has {len(mask["segmentations"])} masks, and its video '
                f'has {frames} frames'
            )

    def _write_mask(self, key: Key, encoded: dict[str, Any]) -> None:
        index, frame = key
        masks = self.masks[index]['segmentations']
        read = read_segmentation(masks[frame])
        assert read is not None
        masks[frame] = written(encoded, read, self.style)

    def _update_box(self, key: Key, encoded: dict[str, Any]) -> None:
        index, frame = key
        x1, y1, x2, y2 = box_of(encoded)
        new = dict(
            bboxes=[x1, y1, x2 - x1, y2 - y1],
            areas=int(coco_mask.area(encoded)),
        )
        for name, value in new.items():
            listed = self.masks[index].get(name)
            if isinstance(listed, list) and frame < len(listed):
                listed[frame] = value


def is_video_json(content: Any) -> bool:
    """Return whether the content of a JSON file is YouTube-VIS.

    Args:
        content (object): Content of the JSON file.

    Returns:
        bool: Whether it has ``videos`` and no ``images``, or is a list whose
        first entry has ``video_id`` and ``segmentations``.
    """
    if isinstance(content, dict):
        return 'videos' in content and 'images' not in content
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and {'video_id', 'segmentations'} <= {
        *first
    }


def _videos_of(content: Any, path: Path) -> dict[Any, _Video]:
    videos: dict[Any, _Video] = {}
    for place, video in enumerate(records_of(content, 'videos', path)):
        own = id_of(video, 'id', f'{path}: video {place}')
        frames = video.get('file_names')
        if not isinstance(frames, list) or not all(
            isinstance(frame, str) and frame for frame in frames
        ):
            raise InputError(
                f'{path}: video {shown(own)}: its file_names are not a list '
                'of names'
            )
        videos[own] = _Video(frames, sides_of(video))
    return videos
