"""The images of a file of predictions, and their masks, read on demand."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.compact_runs import MaskCrops
from segrefiner_mm.io.encodings.outside import INSIDE, Outside, outside
from segrefiner_mm.io.encodings.segmentation import (
    POLYGONS,
    Segmentation,
    Size,
    read_segmentation,
)
from segrefiner_mm.io.formats.prediction_file import ImageEntry, Key
from segrefiner_mm.io.image_files.image_finder import (
    ImageFinder,
    shared_problem,
)
from segrefiner_mm.io.image_files.picture_source import Source
from segrefiner_mm.io.image_files.pictures import PictureSize, picture_size
from segrefiner_mm.io.limits import MAX_DECODED
from segrefiner_mm.io.rle import encode_segmentation
from segrefiner_mm.windows import CompactMask

# Masks in progress at a time, which bounds the memory of their run lengths.
MOST_MASKS = 100
UPRIGHT = (
    'its image has an EXIF orientation: all masks of this image are taken to '
    'be drawn on the upright image'
)

Tell = Callable[[Key, str], None]


@dataclass
class EntryMasks:
    """The usable masks of one image.

    Attributes:
        image (Path | bytes): Image file, or its content.
        size (tuple[int, int]): Height and width of the masks, in pixels.
        places (list[int]): Index of each mask among all masks of the entry.
            Defaults to [].
        encoded (list[dict]): ``size`` and compressed ``counts`` of each mask.
            Defaults to [].
    """

    image: Source
    size: Size
    places: list[int] = field(default_factory=list)
    encoded: list[dict[str, Any]] = field(default_factory=list)

    def groups(
        self, most: int = MAX_DECODED
    ) -> list[tuple[list[int], MaskCrops, list[int]]]:
        """Split the masks into groups that fit in memory when decoded.

        Args:
            most (int): Maximum number of pixels in the boxes of a group; a
                larger mask is a group of its own. Defaults to
                ``MAX_DECODED``.

        Returns:
            list[tuple[list[int], MaskCrops, list[int]]]: Per group the indices
            in the entry, the crops to decode, and the indices in the crops.
        """
        groups = []
        for first in range(0, len(self.places), MOST_MASKS):
            places = self.places[first : first + MOST_MASKS]
            crops = MaskCrops(self.encoded[first : first + MOST_MASKS])
            own: list[int] = []
            held = 0
            for index, pixels in enumerate(crops.pixels):
                if own and held + pixels > most:
                    groups.append(([places[i] for i in own], crops, own))
                    own, held = [], 0
                own.append(index)
                held += pixels
            groups.append(([places[i] for i in own], crops, own))
        return groups


def with_images(
    entries: list[ImageEntry], finder: ImageFinder
) -> list[ImageEntry]:
    """Find the images of all entries.

    Args:
        entries (list[ImageEntry]): From :meth:`PredictionFile.images`.
        finder (ImageFinder): Finds the images.

    Returns:
        list[ImageEntry]: The entries in order, each with ``image``; or with a
        ``problem`` if the image is not found, or if entries of other names
        lead to its file. Neither, if the image is embedded and no file has
        exactly its name.
    """
    located = [_with_image(entry, finder) for entry in entries]
    names: dict[Path, set[str | None]] = {}
    for entry in located:
        if entry.image is not None:
            names.setdefault(entry.image, set()).add(entry.name)
    return [_unless_shared(entry, names, finder) for entry in located]


def _with_image(entry: ImageEntry, finder: ImageFinder) -> ImageEntry:
    if entry.problem:
        return entry
    is_embedded = entry.embedded is not None
    if entry.name is None:
        problem = '' if is_embedded else 'nothing names its image'
        return entry._replace(problem=problem)
    try:
        image = finder.find(entry.name)
    except InputError as error:
        problem = '' if is_embedded else f'{error}{entry.hint}'
        return entry._replace(problem=problem)
    # A file of a similar name may be another image.
    if is_embedded and not _is_stated(image, entry.name, finder):
        return entry
    return entry._replace(image=image)


def _is_stated(path: Path, name: str, finder: ImageFinder) -> bool:
    """Return whether a file that was found is the very one that a name states.

    The name may have ``..`` and the backslashes of Windows.
    """
    if finder.folder is None:
        return True
    stated = finder.folder / name.replace('\\', '/')
    return os.path.normpath(stated) == os.path.normpath(path)


def _unless_shared(
    entry: ImageEntry,
    names: dict[Path, set[str | None]],
    finder: ImageFinder,
) -> ImageEntry:
    """Reject a file that other names lead to, unless this name is exact."""
    path, name = entry.image, entry.name
    if path is None or name is None or len(names[path]) == 1:
        return entry
    if _is_stated(path, name, finder):
        return entry
    problem = shared_problem(name, path, map(str, names[path]))
    return entry._replace(image=None, problem=problem)


def open_entry(entry: ImageEntry, fail: Tell, note: Tell) -> EntryMasks:
    """Read the masks of an entry.

    Args:
        entry (ImageEntry): From :func:`with_images`.
        fail (Callable[[Key, str], None]): Called with the key of an unusable
            mask and the reason.
        note (Callable[[Key, str], None]): Called with the key of a mask and a
            remark.

    Returns:
        EntryMasks: The usable masks, in the order of the entry.

    Raises:
        InputError: If the entry has a ``problem``, its image cannot be read,
            or the image has another size than the entry states.
    """
    source: Source | None = entry.image or entry.content
    if source is None and not entry.problem and entry.embedded is not None:
        source = entry.embedded()
    if source is None:
        raise InputError(entry.problem)
    read: dict[int, Segmentation] = {}
    keys = list(entry.masks)
    for place, key in enumerate(keys):
        try:
            segmentation = read_segmentation(entry.masks[key])
            if segmentation is None:
                raise InputError('there is no mask')
            read[place] = segmentation
        except InputError as error:
            fail(key, str(error))
    sizes = picture_size(source)
    size = _choose_size(entry, sizes, list(read.values()))
    opened = EntryMasks(source, size)
    reach = {place: _reach(mask, size) for place, mask in read.items()}
    strange = any(out.much for out in reach.values())
    for place, mask in read.items():
        key, out = keys[place], reach[place]
        try:
            if strange and out.reach:
                raise InputError(_too_far(out, size))
            opened.encoded.append(encode_segmentation(mask, size))
        except InputError as error:
            fail(key, str(error))
            continue
        opened.places.append(place)
        for text in mask.notes:
            note(key, text)
        if out.reach:
            note(key, f'{out.area:.0%} of it lies outside the image')
    if sizes.alike and opened.places:
        note(keys[opened.places[0]], UPRIGHT)
    return opened


def decode_group(crops: MaskCrops, own: list[int]) -> list[CompactMask]:
    """Decode a group of :meth:`EntryMasks.groups`.

    Args:
        crops (MaskCrops): Crops of the group.
        own (list[int]): Indices in the crops.

    Returns:
        list[CompactMask]: The masks in the order of the indices, on the CPU.
    """
    return [crops.mask(index) for index in own]


def _choose_size(
    entry: ImageEntry, picture: PictureSize, masks: list[Segmentation]
) -> Size:
    """Choose the size of the masks: that of the image, upright or stored.

    The stated size is tried first, then the rotated size. Often the stated
    size is that of the stored pixels, and the polygons are of the upright
    image, or vice versa.
    """
    stated, own_sizes = entry.size, (picture.upright, picture.stored)
    candidates = (stated, stated[::-1]) if stated else own_sizes
    fitting = [size for size in candidates if size in own_sizes]
    for size in fitting:
        if all(_fits(mask, size) for mask in masks):
            return size
    if stated is None or stated in own_sizes:
        own = [mask.size for mask in masks if mask.size in fitting]
        return next((size for size in own if size), fitting[0])
    height, width = picture.upright
    name = entry.image or 'the image'
    raise InputError(
        f'{name} is {width} x {height}, but its masks are of '
        f'{stated[1]} x {stated[0]} (width x height): they must be equal'
    )


def _fits(mask: Segmentation, size: Size) -> bool:
    if mask.form == POLYGONS:
        return not outside(mask.polygons, size).much
    return mask.size == size


def _reach(mask: Segmentation, size: Size) -> Outside:
    if mask.form == POLYGONS:
        return outside(mask.polygons, size)
    return INSIDE


def _too_far(out: Outside, size: Size) -> str:
    return (
        f'{out.area:.0%} of its polygon lies outside the '
        f'{size[1]} x {size[0]} image: it was drawn on an image of another '
        'size, or on a rotated one'
    )
