"""Shards of masks: Parquet or Arrow tables, and WebDataset tar files."""

import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.coco_annotations import records_of
from segrefiner_mm.io.files import PICTURE_SUFFIXES
from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.io.json_files.json_file import parse_json
from segrefiner_mm.scale.rows import ShardImage
from segrefiner_mm.scale.shard_files import need_pyarrow, parsed_table

TABLES = ('.parquet', '.arrow', '.feather')
SHARDS = (*TABLES, '.tar')


@dataclass
class MaskTable:
    """The masks of a shard.

    Attributes:
        columns (pyarrow.Table): Columns that are copied to the result, a row
            per mask.
        images (list[ShardImage]): The images, by first appearance; a mask is
            identified by its row. An image that is part of the shard has its
            ``content``. Defaults to [].
        segmentations (dict[int, object]): The coarse masks by row, not
            checked. Defaults to {}.
    """

    columns: Any
    images: list[ShardImage] = field(default_factory=list)
    segmentations: dict[int, Any] = field(default_factory=dict)


def read_masks(content: bytes, file: str) -> MaskTable:
    """Read a shard of masks.

    A table has a row per mask. The column ``image`` has the name of the
    image. The mask is COCO's ``segmentation`` as JSON, or compressed run
    lengths in ``counts`` with ``height`` and ``width``. A tar file has, for
    every image, a ``.json`` file of equal stem: a list of COCO annotations, or
    an object with the list in ``annotations``, as in SA-1B.

    Args:
        content (bytes): Content of the file.
        file (str): Name of the file; its suffix, one of ``SHARDS``, gives the
            format.

    Returns:
        MaskTable: The masks.

    Raises:
        InputError: If the file is damaged, lacks a column or has invalid
            JSON, or pyarrow is not installed.
    """
    if file.lower().endswith('.tar'):
        return _from_tar(content, file)
    return _from_table(_table(content, file), file)


def _table(content: bytes, file: str) -> Any:
    if file.lower().endswith('.parquet'):
        return parsed_table(content, file)
    pa = need_pyarrow()
    try:
        return pa.ipc.open_file(io.BytesIO(content)).read_all()
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f'{file} is a damaged shard: {reason_of(error)}'
        ) from error


def _from_table(table: Any, file: str) -> MaskTable:
    names = set(table.column_names)
    runs = {'counts', 'height', 'width'}
    if 'image' not in names or not ('segmentation' in names or runs <= names):
        raise InputError(
            f'{file} needs the columns image and segmentation, or image, '
            f'counts, height and width; it has {", ".join(sorted(names))}'
        )
    masks = MaskTable(table)
    by_image: dict[str, dict[int, Any]] = {}
    wanted = (runs | {'image', 'segmentation'}) & names
    for index, row in enumerate(table.select(sorted(wanted)).to_pylist()):
        text = row.get('segmentation')
        if isinstance(text, str):
            mask = parse_json(text, f'{file}, row {index}')
        else:
            size = [row.get('height'), row.get('width')]
            mask = dict(size=size, counts=row.get('counts'))
        by_image.setdefault(str(row['image']), {})[index] = mask
    for name, own in by_image.items():
        masks.segmentations.update(own)
        masks.images.append(_image(name, own))
    return masks


def _from_tar(content: bytes, file: str) -> MaskTable:
    pa = need_pyarrow()
    pictures, annotations = _members(content, file)
    columns: dict[str, list[Any]] = dict(image=[], id=[])
    images: list[ShardImage] = []
    segmentations: dict[int, Any] = {}
    for key, text in annotations.items():
        where = f'{file}, {key}.json'
        value = parse_json(text, where)
        part = 'annotations' if isinstance(value, dict) else ''
        own = {}
        for record in records_of(value, part, where):
            own[len(columns['id'])] = record.get('segmentation')
            columns['image'].append(key)
            columns['id'].append(json.dumps(record.get('id')))
        picture = pictures.get(key)
        problem = '' if picture else f'{file} has no image {key}'
        if own:
            segmentations.update(own)
            images.append(_image(key, own, picture, problem))
    return MaskTable(pa.table(columns), images, segmentations)


def _members(
    content: bytes, file: str
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the images and the JSON of a tar file, by name without suffix."""
    pictures: dict[str, bytes] = {}
    texts: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode='r:') as tar:
            for member in tar:
                opened = tar.extractfile(member) if member.isfile() else None
                path = PurePosixPath(member.name)
                suffix = path.suffix.lower()
                own = texts if suffix == '.json' else pictures
                if opened and suffix in PICTURE_SUFFIXES | {'.json'}:
                    if member.size > len(content):  # sparse, with holes
                        raise InputError(
                            f'{file}: {path} says that it has '
                            f'{member.size:,} bytes, more than the tar'
                        )
                    own[str(path.with_suffix(''))] = opened.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(
            f'{file} is a damaged shard: {reason_of(error)}'
        ) from error
    return pictures, texts


def _image(
    name: str,
    masks: dict[int, Any],
    content: bytes | None = None,
    problem: str = '',
) -> ShardImage:
    entry = ImageEntry(
        name, name, None, masks, problem=problem, content=content
    )
    labels = {index: f'mask {index} of image {name}' for index in masks}
    return ShardImage(entry, labels)
