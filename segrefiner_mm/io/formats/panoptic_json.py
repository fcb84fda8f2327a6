"""COCO panoptic JSON, checked before a PNG file is read."""

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.coco_annotations import (
    Id,
    id_of,
    images_of,
    records_of,
)
from segrefiner_mm.io.confine import confined
from segrefiner_mm.io.json_files.json_file import shown, shown_name
from segrefiner_mm.io.json_files.numbers import whole_number

MOST_IDS = 2**24  # three bytes of colour
VOID = 0  # id of pixels without a segment


class PanopticRecord(NamedTuple):
    """The segments of one image.

    Attributes:
        image_id (int | str): Id of the image.
        file_name (str): PNG file of the segments, relative to the folder of
            the PNG files.
        segments (list[dict]): ``segments_info`` of the JSON, not copied; the
            ``id`` of each is a whole number, maybe as text.
        where (str): The JSON file and the image, for errors.
    """

    image_id: Id
    file_name: str
    segments: list[dict[str, Any]]
    where: str

    def picture(self, folder: Path) -> Path:
        """Return the path of the PNG file of the segments.

        Args:
            folder (Path): Folder of the PNG files.

        Returns:
            Path: See :func:`confined`.

        Raises:
            InputError: If the name is not a file name, or leads out of the
                folder.
        """
        with about(self.where):
            return confined(folder, self.file_name)


def is_panoptic(content: Any) -> bool:
    """Return whether the content of a JSON file is COCO panoptic.

    Args:
        content (object): Content of the JSON file.

    Returns:
        bool: Whether at least one annotation has ``segments_info``.
    """
    annotations = (
        content.get('annotations') if isinstance(content, dict) else []
    )
    return isinstance(annotations, list) and any(
        'segments_info' in a for a in annotations if isinstance(a, dict)
    )


def read_panoptic(content: Any, name: str | Path) -> list[PanopticRecord]:
    """Read the annotations of a panoptic JSON file.

    Args:
        content (object): Content of the JSON file.
        name (str | Path): Name of the file, for errors.

    Returns:
        list[PanopticRecord]: The records, in the order of the file.

    Raises:
        InputError: If an annotation is invalid, or two share a PNG file or an
            image.
    """
    name = f'{name} (COCO panoptic)'
    records: list[PanopticRecord] = []
    for index, own in enumerate(records_of(content, 'annotations', name)):
        where = f'{name}, annotations: number {index}'
        image_id = id_of(own, 'image_id', where)
        where = f'{name}, image {shown(image_id)}'
        file_name = _picture_name(own.get('file_name'), where)
        segments = own.get('segments_info')
        if not isinstance(segments, list):
            raise InputError(
                f'{where}: segments_info must be a list, got {shown(segments)}'
            )
        _check_segments(segments, where)
        records.append(PanopticRecord(image_id, file_name, segments, where))
    for field in ('image_id', 'file_name'):
        seen: set[Any] = set()
        for record in records:
            value = getattr(record, field)
            if value in seen:
                raise InputError(
                    f'{name}: {field} {shown(value)} appears twice'
                )
            seen.add(value)
    return records


def image_names(
    records: list[PanopticRecord], content: Any, name: str | Path
) -> list[str]:
    """Return the file names of the images.

    Args:
        records (list[PanopticRecord]): From :func:`read_panoptic`.
        content (object): Content of the JSON file that lists the images.
        name (str | Path): Name of that file, for errors.

    Returns:
        list[str]: A name per record: that of the listed image; for an image
        that is not listed, as in results, the stem of the PNG file.

    Raises:
        InputError: If the list of images is invalid.
    """
    listed = isinstance(content, dict) and content.get('images')
    known = images_of(content, name) if listed else {}
    return [
        known[record.image_id].name
        if record.image_id in known
        else PurePosixPath(record.file_name).stem
        for record in records
    ]


def number_of(record: dict[str, Any], field: str, where: str) -> int:
    """Return a whole number, such as the id of a segment or category.

    Args:
        record (dict): Object of a JSON file.
        field (str): Field of the number.
        where (str): Name of the object, for errors.

    Returns:
        int: The number, see :func:`whole_number`.

    Raises:
        InputError: If the field is missing or not a whole number.
    """
    number = whole_number(record.get(field))
    if number is None:
        raise InputError(
            f'{where} has an invalid {field}: {shown(record.get(field))}'
        )
    return number


def _picture_name(name: Any, where: str) -> str:
    if not isinstance(name, str):
        raise InputError(f'{where}: its file_name is {shown(name)}')
    # Other formats would change the colours, which are the ids.
    if PurePosixPath(name).suffix.lower() != '.png':
        raise InputError(
            f'{where}: its label map must be a .png, got {shown_name(name)}'
        )
    return name


def _check_segments(segments: list[Any], where: str) -> None:
    seen = set()
    for place, segment in enumerate(segments):
        if not isinstance(segment, dict):
            raise InputError(
                f'{where}: segment {place} is {shown(segment)}, not an object'
            )
        number = number_of(segment, 'id', f'{where}: segment {place}')
        if not 0 <= number < MOST_IDS or number in seen:
            limits = f'is not from 0 to {MOST_IDS - 1}'
            reason = 'appears twice' if number in seen else limits
            raise InputError(f'{where}: segment {number} {reason}')
        seen.add(number)
