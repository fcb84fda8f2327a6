"""The JSON schema of COCO and LVIS: images, annotations and results."""

from collections.abc import Container
from pathlib import Path
from typing import Any, NamedTuple

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.json_files.foreign_json import strange_json
from segrefiner_mm.io.json_files.json_file import shown, shown_name
from segrefiner_mm.io.json_files.numbers import whole_number

Id = int | str
Size = tuple[int, int]

_CROWD_WORDS = ('', '0', 'false', 'no', 'none', 'null')


class CocoImage(NamedTuple):
    """An image listed in a JSON file.

    Attributes:
        id (int | str): The id that annotations refer to.
        name (str): File name, relative to a folder that the JSON does not
            state; '' if the JSON has an invalid name.
        size (tuple[int, int], optional): Height and width in pixels; None if
            the JSON does not state them, or states invalid ones.
        problem (str): Why the image is unusable. Defaults to '': it is
            usable.
    """

    id: Id
    name: str
    size: Size | None
    problem: str = ''

    def known_size(self, where: str | Path) -> Size:
        """Return the size of the image.

        Args:
            where (str | Path): The JSON file, for errors.

        Returns:
            tuple[int, int]: Height and width in pixels.

        Raises:
            InputError: If the image is unusable or its size is unknown.
        """
        if self.problem:
            raise InputError(f'{where}: {self.problem}')
        if self.size is None:
            raise InputError(
                f'{where}: image {shown(self.id)} has no width and height'
            )
        return self.size


def records_of(
    content: Any, part: str, name: str | Path
) -> list[dict[str, Any]]:
    """Return a list of objects in a JSON file, such as ``annotations``.

    Args:
        content (object): Content of the JSON file.
        part (str): Key of the list; '' if the content is the list.
        name (str | Path): Name of the file, for errors.

    Returns:
        list[dict]: The objects, not validated.

    Raises:
        InputError: If there is no such list, or an element is not an object.
    """
    is_there = not part or (isinstance(content, dict) and part in content)
    records = content[part] if part and is_there else content
    if not is_there or (not part and not isinstance(records, list)):
        lacks = f'has no {part}: it ' if part and not is_there else ''
        raise InputError(f'{name} {lacks}{strange_json(content)}')
    if not isinstance(records, list):
        raise InputError(
            f'{name}: {part} must be a list, got {shown(records)}'
        )
    for index, record in enumerate(records):
        check_record(record, part, index, name)
    return records


def check_record(record: Any, part: str, index: int, name: str | Path) -> None:
    """Reject an element that is not an object.

    Args:
        record (object): Element of a list of records.
        part (str): Key of the list; '' if the file is the list.
        index (int): Index of the element.
        name (str | Path): Name of the file, for errors.

    Raises:
        InputError: If the element is not an object.
    """
    if not isinstance(record, dict):
        raise InputError(
            f'{name}, {part or "results"}: number {index} is '
            f'{shown(record)}, not an object'
        )


def images_of(content: Any, name: str | Path) -> dict[Id, CocoImage]:
    """Return the images of an annotation file by their ids.

    Args:
        content (object): Content of the JSON file.
        name (str | Path): Name of the file, for errors.

    Returns:
        dict[int | str, CocoImage]: Images by id, in the order of the file.

    Raises:
        InputError: If there is no list of objects ``images``, an image has no
            valid id, or two images of different names share an id.
    """
    images: dict[Id, CocoImage] = {}
    for index, record in enumerate(records_of(content, 'images', name)):
        image = image_of(record, f'{name}, images: number {index}')
        check_same_name(images.setdefault(image.id, image), image, name)
    return images


def image_of(record: dict[str, Any], where: str) -> CocoImage:
    """Return an image of an annotation file.

    Args:
        record (dict): Element of ``images``.
        where (str): Name of the record, for errors.

    Returns:
        CocoImage: The image; an invalid name or size is its ``problem``.

    Raises:
        InputError: If its id is missing or invalid.
    """
    return _image(record, id_of(record, 'id', where))


def check_same_name(
    first: CocoImage, second: CocoImage, name: str | Path
) -> None:
    """Reject two images that share an id but not a name.

    Args:
        first (CocoImage): An image.
        second (CocoImage): An image of the same id.
        name (str | Path): Name of the file, for errors.

    Raises:
        InputError: If the names differ.
    """
    if first.name != second.name:
        raise InputError(
            f'{name}: image {shown(first.id)} appears twice, as '
            f'{shown_name(first.name)} and {shown_name(second.name)}'
        )


def id_of(record: dict[str, Any], field: str, where: str) -> Id:
    """Return an id: a string, or a whole number, which may be written as 1.0.

    Args:
        record (dict): Object of a JSON file.
        field (str): Field of the id, such as ``image_id``.
        where (str): Name of the object, for errors.

    Returns:
        int | str: The id; 1 and "1" are different ids.

    Raises:
        InputError: If the id is missing or of another type.
    """
    value = record.get(field)
    if isinstance(value, str):
        return value
    number = whole_number(value)
    if number is None:
        raise InputError(
            f'{where} has no {field}'
            if value is None
            else f'{where} has an invalid {field}: {shown(value)}'
        )
    return number


def size_of(record: dict[str, Any]) -> Size | None:
    """Return the height and width of an image.

    Args:
        record (dict): Object of a JSON file.

    Returns:
        tuple[int, int] | None: Height and width in pixels; None if either is
        missing, null, 0 or blank.

    Raises:
        InputError: If either is not a whole number, or is negative.
    """
    sides = []
    for field in ('height', 'width'):
        value = record.get(field)
        unknown = isinstance(value, str) and not value.strip()
        number = 0 if value is None or unknown else whole_number(value)
        if number is None or number < 0:
            raise InputError(f'its {field} is {shown(value)}')
        sides.append(number)
    height, width = sides
    return (height, width) if height and width else None


def is_crowd(record: dict[str, Any]) -> bool:
    """Return whether an annotation is a crowd.

    Args:
        record (dict): The annotation.

    Returns:
        bool: Whether ``iscrowd`` is true; text such as "0", "false" or "no"
        counts as false.
    """
    value = record.get('iscrowd')
    if isinstance(value, str):
        return value.strip().lower() not in _CROWD_WORDS
    return bool(value)


def other_kind(value: Id, known: Container[Id]) -> str:
    """Explain that an unknown id is known as the other type, int or str.

    One file may write 1 where another writes "1".

    Args:
        value (int | str): The unknown id.
        known (Container[int | str]): The known ids.

    Returns:
        str: The end of a sentence; '' if the id is known as neither type.
    """
    other = whole_number(value) if isinstance(value, str) else str(value)
    if other is None or other not in known:
        return ''
    kinds = 'a text', 'a number'
    own, theirs = kinds if isinstance(value, str) else kinds[::-1]
    return (
        f': here the id is {own}, {shown(value)}, there {theirs}, '
        f'{shown(other)}; write both alike'
    )


def _image(record: dict[str, Any], own_id: Id) -> CocoImage:
    name, size, problem = record.get('file_name'), None, ''
    if not name and isinstance(record.get('coco_url'), str):
        name = '/'.join(record['coco_url'].split('/')[-2:])
    if not name:
        name = record.get('path') or name_of_id(own_id)
    if not isinstance(name, str):
        problem, name = f'its file_name is {shown(name)}', ''
    try:
        size = size_of(record)
    except InputError as error:
        problem = str(error)
    if problem:
        problem = f'image {shown(own_id)}: {problem}'
    return CocoImage(own_id, name, size, problem)


def name_of_id(image_id: Id) -> str:
    """Return the file name that COCO gives to an image id.

    Args:
        image_id (int | str): The id.

    Returns:
        str: Twelve digits with ``.jpg``; a string id is returned unchanged.
    """
    is_number = isinstance(image_id, int)
    return f'{image_id:012d}.jpg' if is_number else str(image_id)
