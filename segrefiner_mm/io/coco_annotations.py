"""The one schema of COCO's and LVIS's json: images, masks, results."""

from collections.abc import Container
from pathlib import Path
from typing import Any, NamedTuple

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.foreign_json import strange_json
from segrefiner_mm.io.json_file import shown, shown_name
from segrefiner_mm.io.numbers import whole_number

Id = int | str
Size = tuple[int, int]

_CROWD_WORDS = ('', '0', 'false', 'no', 'none', 'null')


class CocoImage(NamedTuple):
    """An image that a json names.

    Attributes:
        id (int | str): As the masks name it.
        name (str): Its file, relative to a folder that the json leaves open.
        size (tuple[int, int], optional): Height and width; None where the
            json does not know them.
        problem (str): What makes it useless, or ''.
    """

    id: Id
    name: str
    size: Size | None
    problem: str = ''

    def known_size(self, where: str | Path) -> Size:
        """Its size; an InputError where the json does not know it."""
        if self.problem:
            raise InputError(f'{where}: {self.problem}')
        if self.size is None:
            raise InputError(
                f'{where}: image {shown(self.id)} has no width and height'
            )
        return self.size


def records_of(content: Any, part: str, name: str | Path) -> list[dict]:
    """A list of objects in a json, such as ``annotations``.

    Args:
        content (object): What the json holds.
        part (str): Which list; '' if the json is the list.
        name (str | Path): What to call it in errors.

    Returns:
        list[dict]: The objects, unchecked.

    Raises:
        InputError: If there is no such list, or it holds something else.
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
        if not isinstance(record, dict):
            what = part or 'results'
            raise InputError(
                f'{name}, {what}: number {index} is {shown(record)}, not an '
                'object'
            )
    return records


def images_of(content: Any, name: str | Path) -> dict[Id, CocoImage]:
    """The images of annotations, by their ids.

    Args:
        content (object): What the json holds.
        name (str | Path): What to call it in errors.

    Returns:
        dict[int | str, CocoImage]: In the order of the json.

    Raises:
        InputError: If it has none, or two have one id.
    """
    images: dict[Id, CocoImage] = {}
    for index, record in enumerate(records_of(content, 'images', name)):
        where = f'{name}, images: number {index}'
        image = _image(record, id_of(record, 'id', where))
        before = images.setdefault(image.id, image)
        if before.name != image.name:
            raise InputError(
                f'{name}: image {shown(image.id)} is there twice, as '
                f'{shown_name(before.name)} and {shown_name(image.name)}'
            )
    return images


def id_of(record: dict[str, Any], field: str, where: str) -> Id:
    """An id: a text, or a whole number, which may be written as 1.0.

    Args:
        record (dict): Object of a json.
        field (str): Such as ``image_id``.
        where (str): What to call the object in errors.

    Returns:
        int | str: 1 and "1" are two.

    Raises:
        InputError: If there is none, or it is something else.
    """
    value = record.get(field)
    if isinstance(value, str):
        return value
    number = whole_number(value)
    if number is None:
        raise InputError(
            f'{where} has no {field}'
            if value is None
            else f'{where} has a faulty {field}: {shown(value)}'
        )
    return number


def size_of(record: dict[str, Any]) -> Size | None:
    """Height and width of an image.

    Args:
        record (dict): Object of a json.

    Returns:
        tuple[int, int] | None: None if one is missing, null, 0 or empty.

    Raises:
        InputError: If one is no number of pixels.
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
    """Whether an annotation is of a crowd; "0" and "false" say no."""
    value = record.get('iscrowd')
    if isinstance(value, str):
        return value.strip().lower() not in _CROWD_WORDS
    return bool(value)


def other_kind(value: Id, known: Container[Id]) -> str:
    """Say that an unknown id would be known, were it not for its kind.

    Args:
        value (int | str): The id.
        known (Container[int | str]): Those that there are.

    Returns:
        str: The end of a sentence, or ''.
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
    """File of an image that has no other name, as in COCO."""
    is_number = isinstance(image_id, int)
    return f'{image_id:012d}.jpg' if is_number else str(image_id)
