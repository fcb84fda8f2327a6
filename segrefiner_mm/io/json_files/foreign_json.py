"""Recognition of JSON of other tools, which is often mistaken for COCO's."""

from typing import Any

from segrefiner_mm.io.json_files.json_file import shown


def foreign_kind(content: Any) -> str | None:
    """Recognise JSON that is not in the format of COCO and LVIS.

    Args:
        content (object): Content of the JSON file.

    Returns:
        str | None: A phrase that begins with 'of' and names the format, such
        as ``'of labelme, one file for each image'``; None for COCO's format
        and for unknown formats.
    """
    if isinstance(content, list):
        return _of_list(content)
    if not isinstance(content, dict):
        return None
    if 'videos' in content and 'images' not in content:
        return 'of YouTube-VIS, whose masks are of videos'
    if is_labelme(content):
        return 'of labelme, one file for each image'
    if is_sam(content):
        return 'of SA-1B (Segment Anything), one file for each image'
    if '_via_img_metadata' in content or _is_via(content):
        return 'of VIA (VGG Image Annotator): export as COCO format'
    if content.get('type') in ('FeatureCollection', 'Feature'):
        return 'of maps (GeoJSON), whose outlines are in map coordinates'
    if 'objects' in content and isinstance(content.get('size'), dict):
        return 'of Supervisely: export as COCO'
    if 'item' in content and 'annotations' in content:
        return 'of V7 (Darwin): export as COCO'
    if 'imgHeight' in content and 'objects' in content:
        return 'of Cityscapes, one file of polygons for each image'
    return None


def is_labelme(content: Any) -> bool:
    """Return whether the content of a JSON file is of labelme.

    Args:
        content (object): Content of the JSON file.

    Returns:
        bool: Whether it has ``shapes`` and ``imagePath``.
    """
    names = {'shapes', 'imagePath'}
    return isinstance(content, dict) and names <= {*content}


def is_sam(content: Any) -> bool:
    """Return whether the content of a JSON file is of Segment Anything.

    Args:
        content (object): Content of the JSON file.

    Returns:
        bool: Whether it has an object ``image`` and ``annotations`` (SA-1B),
        or is a list whose first entry has ``stability_score`` or
        ``predicted_iou`` and no ``image_id`` (``amg.py``).
    """
    if isinstance(content, dict):
        is_one = isinstance(content.get('image'), dict)
        return is_one and 'annotations' in content
    first = content[0] if isinstance(content, list) and content else None
    if not isinstance(first, dict) or 'image_id' in first:
        return False
    return 'stability_score' in first or 'predicted_iou' in first


def _of_list(content: list[Any]) -> str | None:
    first = content[0] if content else None
    if not isinstance(first, dict) or 'image_id' in first:
        return None
    if is_sam(content):
        return 'of Segment Anything (SAM), one file for each image'
    if 'video_id' in first:
        return 'of YouTube-VIS, whose masks are of videos'
    if 'annotations' in first and 'data' in first:
        return 'of Label Studio: export as COCO'
    if 'data_row' in first:
        return 'of Labelbox: its converter writes COCO json'
    if 'image' in first and 'annotations' in first:
        return 'of CreateML, which has boxes and no masks'
    if 'labels' in first and 'name' in first:
        return 'of Scalabel or BDD100K: its tools write COCO json'
    return None


def _is_via(content: dict[str, Any]) -> bool:
    values = list(content.values())[:3]
    return bool(values) and all(
        isinstance(value, dict) and 'filename' in value and 'regions' in value
        for value in values
    )


def strange_json(content: Any) -> str:
    """Describe JSON that is not COCO's, for a message.

    Args:
        content (object): Content of the JSON file.

    Returns:
        str: Predicate of a sentence whose subject is the file.
    """
    text = 'is neither COCO results nor COCO or LVIS annotations'
    if kind := foreign_kind(content):
        return f'{text}, but a json {kind}'
    if isinstance(content, dict):
        names = ', '.join(shown(name, 20) for name in list(content)[:4])
        return f'{text}: it has {names or "nothing"}'
    return f'{text}: it holds {shown(content)}'
