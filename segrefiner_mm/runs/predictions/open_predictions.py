"""Recognition of the format of a file or folder of predictions."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.amg_folder import AmgFolder, amg_tables
from segrefiner_mm.io.formats.coco_file import CocoFile
from segrefiner_mm.io.formats.det_pickle import DetPickle
from segrefiner_mm.io.formats.inferencer_folder import InferencerFolder
from segrefiner_mm.io.formats.json_folder import json_files
from segrefiner_mm.io.formats.labelme_files import LabelmeFiles
from segrefiner_mm.io.formats.prediction_file import PredictionFile
from segrefiner_mm.io.formats.sam_files import SamFiles
from segrefiner_mm.io.formats.video_json import VideoJson, is_video_json
from segrefiner_mm.io.formats.yolo_folder import YoloFolder, label_files
from segrefiner_mm.io.json_files.foreign_json import is_labelme, is_sam

PICKLES = ('.pkl', '.pickle')


@dataclass(frozen=True)
class ReadOptions:
    """Options that a format may need.

    Attributes:
        img_dir (Path, optional): Folder of the images. Defaults to None: the
            folder that the format implies, if any.
        ann (Path, optional): Annotations that name the images of results.
            Defaults to None: see :class:`CocoFile`.
        style (MaskStyle): Form of the masks in JSON of COCO, YouTube-VIS and,
            except for ``'rle'``, labelme; its tolerance also applies to YOLO.
            Defaults to ``MaskStyle()``: the form in which they were read.
        update_boxes (bool): Whether boxes and areas become those of the
            refined masks. Defaults to False.
    """

    img_dir: Path | None = None
    ann: Path | None = None
    style: MaskStyle = field(default_factory=MaskStyle)
    update_boxes: bool = False


def content_of(path: Path) -> Any:
    """Read a file of predictions, if it is JSON.

    Args:
        path (Path): File or folder of predictions.

    Returns:
        object: Content of the JSON file; None for a folder or a pickle.

    Raises:
        InputError: If the path does not exist, or is a file that cannot be
            read, or is neither JSON nor a pickle.
    """
    if not path.exists():
        raise InputError(f'no such file or folder: {path}')
    if path.is_dir() or path.suffix in PICKLES:
        return None
    if path.suffix.lower() in ('.txt', '.yaml', '.yml'):
        raise InputError(
            f'{path} seems to be a YOLO file: give the folder of the data '
            'set, with labels/ and images/, or the folder of the .txt files'
        )
    if path.suffix.lower() in ('.xml', '.zip'):
        raise InputError(
            f'{path} is an export in another format, such as one of CVAT: '
            'export as COCO, and give the .json in it'
        )
    return read_json(path)


def open_predictions(
    path: Path, content: Any, options: ReadOptions
) -> PredictionFile:
    """Open a file or folder of predictions in any format but panoptic.

    Args:
        path (Path): File or folder of predictions.
        content (object): From :func:`content_of`.
        options (ReadOptions): Options that a format may need.

    Returns:
        PredictionFile: The predictions.

    Raises:
        InputError: If a file cannot be read or is in no known format, or an
            option does not fit.
    """
    style = options.style
    style.check()
    if path.is_dir():
        return _open_folder(path, options)
    if path.suffix in PICKLES:
        return DetPickle(path, options.update_boxes)
    if is_video_json(content):
        return VideoJson(
            content, path, options.ann, style, options.update_boxes
        )
    own = _of_one_image(path, content, options)
    return own or CocoFile(
        content, path, options.ann, style, options.update_boxes
    )


def _open_folder(path: Path, options: ReadOptions) -> PredictionFile:
    jsons = json_files(path)
    if not jsons and amg_tables(path):
        return AmgFolder(path, options.update_boxes)
    if not jsons and label_files(path):
        tolerance = options.style.tolerance
        return YoloFolder(path, options.img_dir, tolerance)
    if not jsons:
        raise InputError(
            f'{path} has neither .json files nor labels of YOLO (.txt); '
            'segrefiner refine takes masks that are images'
        )
    own = _of_one_image(path, read_json(jsons[0]), options)
    return own or InferencerFolder(path, options.update_boxes)


def _of_one_image(
    path: Path, content: Any, options: ReadOptions
) -> PredictionFile | None:
    """Open files of one image each, by the content of the first file."""
    if is_labelme(content):
        return LabelmeFiles(path, options.style)
    if is_sam(content):
        return SamFiles(path, options.update_boxes)
    return None
