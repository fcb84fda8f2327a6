"""Rows that are sent between processes: images with masks, and results."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from segrefiner_mm.io.formats.prediction_file import ImageEntry

# The outcome for a mask.
ResultRow = dict[str, Any]

# Shards that are sorted together, so that the largest images come first.
SHARDS_AHEAD = 64


class Shard(NamedTuple):
    """Images that are refined together.

    Attributes:
        key (str): Hash of the settings and of the content, 40 hexadecimal
            digits: equal keys have equal results. For :class:`FileShards`,
            the name of a file.
        content (bytes): The images and their masks as JSON; b'' for
            :class:`FileShards`.
    """

    key: str
    content: bytes

    def images(self) -> list['ShardImage']:
        """Return the images of a shard that has content.

        Returns:
            list[ShardImage]: The images, in the order of refinement.
        """
        return [_unpacked(row) for row in json.loads(self.content)]


class ShardImage(NamedTuple):
    """An image of a shard.

    Attributes:
        entry (ImageEntry): The image with its masks, not located yet.
        labels (dict[int, str]): Names of its masks for the user, by index in
            the file.
    """

    entry: ImageEntry
    labels: dict[int, str]


class PackedImage(NamedTuple):
    """An image with its masks, as JSON.

    Attributes:
        text (str): The image and its masks as JSON.
        masks (int): Number of masks.
    """

    text: str
    masks: int


def packed(
    entry: ImageEntry, labels: dict[int, str], texts: dict[int, str]
) -> PackedImage:
    """Pack an image and its masks.

    Args:
        entry (ImageEntry): The image; its masks are not used.
        labels (dict[int, str]): Names of the masks for the user, by index in
            the file.
        texts (dict[int, str]): Records of the masks as JSON, by index.

    Returns:
        PackedImage: The image and its masks.
    """
    image = entry.key, entry.name, entry.size, entry.problem, entry.hint
    masks = ', '.join(
        f'[{index}, {json.dumps(labels[index])}, {text}]'
        for index, text in texts.items()
    )
    return PackedImage(f'[{json.dumps(image)}, [{masks}]]', len(texts))


def _unpacked(row: Any) -> ShardImage:
    (key, name, size, problem, hint), masks = row
    segmentations = {index: r['segmentation'] for index, _, r in masks}
    entry = ImageEntry(
        key,
        name,
        None if size is None else (size[0], size[1]),
        segmentations,
        problem,
        hint,
    )
    return ShardImage(entry, {index: label for index, label, _ in masks})


def shards_of(
    rows: Iterable[PackedImage], masks: int, settings: str
) -> Iterator[Shard]:
    """Divide images into shards of about equal work.

    Among the images of ``SHARDS_AHEAD`` shards, those with many masks come
    first, so that no worker is left with a large image while others are idle.

    Args:
        rows (Iterable[PackedImage]): The images.
        masks (int): Minimum number of masks per shard; an image is not split.
        settings (str): Digest of everything that results depend on.

    Yields:
        Shard: The shards; equal inputs give equal shards.
    """
    ahead: list[PackedImage] = []
    held = 0
    for row in rows:
        ahead.append(row)
        held += row.masks
        if held >= masks * SHARDS_AHEAD:
            yield from _cut(ahead, masks, settings)
            ahead, held = [], 0
    yield from _cut(ahead, masks, settings)


def _cut(
    rows: list[PackedImage], masks: int, settings: str
) -> Iterator[Shard]:
    own: list[PackedImage] = []
    held = 0
    for row in sorted(rows, key=lambda row: -row.masks):
        own.append(row)
        held += row.masks
        if held >= masks:
            yield _shard(own, settings)
            own, held = [], 0
    if own:
        yield _shard(own, settings)


def _shard(rows: list[PackedImage], settings: str) -> Shard:
    content = f'[{", ".join(row.text for row in rows)}]'.encode()
    hashed = hashlib.sha256(settings.encode() + b'\n' + content)
    return Shard(hashed.hexdigest()[:40], content)
