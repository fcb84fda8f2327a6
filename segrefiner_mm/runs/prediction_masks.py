"""The image of a file's masks, and the masks, none decoded too early."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.compact_runs import MaskCrops
from segrefiner_mm.io.image_finder import ImageFinder
from segrefiner_mm.io.json_file import shown_name
from segrefiner_mm.io.limits import MAX_DECODED
from segrefiner_mm.io.outside import INSIDE, Outside, outside
from segrefiner_mm.io.pictures import PictureSize, picture_size
from segrefiner_mm.io.prediction_file import ImageEntry, Key
from segrefiner_mm.io.rle import encode_segmentation
from segrefiner_mm.io.segmentation import (
    POLYGONS,
    Segmentation,
    Size,
    read_segmentation,
)
from segrefiner_mm.windows import CompactMask

# Masks that are in work together, so that what is known of them stays small.
MOST_MASKS = 100

Tell = Callable[[Key, str], None]


@dataclass
class EntryMasks:
    """The usable masks of one image.

    Attributes:
        image (Path): File of the image.
        size (tuple[int, int]): Height and width.
        places (list[int]): Where each stands among the masks of the entry.
        encoded (list[dict]): Their run lengths.
    """

    image: Path
    size: Size
    places: list[int] = field(default_factory=list)
    encoded: list[dict[str, Any]] = field(default_factory=list)

    def groups(self) -> list[tuple[list[int], MaskCrops, list[int]]]:
        """Parts that are decoded together: within a bound of memory.

        Returns:
            list: Per group the places, the masks to decode, and which.
        """
        groups = []
        for first in range(0, len(self.places), MOST_MASKS):
            places = self.places[first : first + MOST_MASKS]
            crops = MaskCrops(self.encoded[first : first + MOST_MASKS])
            own: list[int] = []
            held = 0
            for index, pixels in enumerate(crops.pixels):
                if own and held + pixels > MAX_DECODED:
                    groups.append(([places[i] for i in own], crops, own))
                    own, held = [], 0
                own.append(index)
                held += pixels
            groups.append(([places[i] for i in own], crops, own))
        return groups


def with_images(
    entries: list[ImageEntry], finder: ImageFinder
) -> list[ImageEntry]:
    """Find the image of each entry, before any work.

    Args:
        entries (list[ImageEntry]): From the file.
        finder (ImageFinder): Where the images are.

    Returns:
        list[ImageEntry]: With ``image``, or with a ``problem`` where there is
        none, or where it is known to belong to another entry.
    """
    found = [_with_image(entry, finder) for entry in entries]
    names: dict[Path, set[str | None]] = {}
    for entry in found:
        if entry.image is not None:
            names.setdefault(entry.image, set()).add(entry.name)
    return [_unless_shared(entry, names, finder) for entry in found]


def _with_image(entry: ImageEntry, finder: ImageFinder) -> ImageEntry:
    if entry.problem:
        return entry
    if entry.name is None:
        return entry._replace(problem='nothing names its image')
    try:
        return entry._replace(image=finder.find(entry.name))
    except InputError as error:
        return entry._replace(problem=f'{error}{entry.hint}')


def _unless_shared(
    entry: ImageEntry,
    names: dict[Path, set[str | None]],
    finder: ImageFinder,
) -> ImageEntry:
    """Refuse a file that another name has too, unless it is its own."""
    path, name = entry.image, entry.name
    if path is None or name is None or len(names[path]) == 1:
        return entry
    if finder.folder is None or path == finder.folder / name:
        return entry
    others = ', '.join(
        shown_name(other) for other in sorted(map(str, names[path] - {name}))
    )
    return entry._replace(
        image=None,
        problem=f'no image {shown_name(name)}: {path} is that of {others} too',
    )


def open_entry(entry: ImageEntry, fail: Tell, note: Tell) -> EntryMasks:
    """Read the masks of an entry.

    Args:
        entry (ImageEntry): From :func:`with_images`.
        fail (Callable): Takes the key of a mask, and why it is not used.
        note (Callable): Takes the key of a mask, and what to know of it.

    Returns:
        EntryMasks: What can be used.

    Raises:
        InputError: If none can, as it is for the image that it fails.
    """
    if entry.image is None:
        raise InputError(entry.problem)
    read: dict[int, Segmentation] = {}
    keys = list(entry.masks)
    for place, key in enumerate(keys):
        try:
            found = read_segmentation(entry.masks[key])
            if found is None:
                raise InputError('there is no mask')
            read[place] = found
        except InputError as error:
            fail(key, str(error))
    sizes = picture_size(entry.image)
    size = _choose_size(entry, sizes, list(read.values()))
    opened = EntryMasks(entry.image, size)
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
            note(key, f'{out.area:.0%} of it lies outside of the image')
    return opened


def decode_group(crops: MaskCrops, own: list[int]) -> list[CompactMask]:
    """Decode a group of :meth:`EntryMasks.groups`."""
    return [crops.mask(index) for index in own]


def _choose_size(
    entry: ImageEntry, picture: PictureSize, masks: list[Segmentation]
) -> Size:
    """The size that masks are of: the image's, upright or as it is stored.

    The size that is declared comes first, and then the turned one: often
    the size is of the stored pixels and the polygons are of the upright
    image, or the other way round.
    """
    stated = entry.size
    candidates = [stated, stated[::-1]] if stated else [*picture]
    fitting = [size for size in candidates if size in picture]
    for size in fitting:
        if all(_fits(mask, size) for mask in masks):
            return size
    if stated is None or stated in picture:
        own = [mask.size for mask in masks if mask.size in fitting]
        return next((size for size in own if size), fitting[0])
    height, width = picture.upright
    raise InputError(
        f'{entry.image} is {width} x {height}, but its masks are of '
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
        f'{out.area:.0%} of its polygon lies outside of the '
        f'{size[1]} x {size[0]} image: it is of a picture of another size, '
        'or of one that is turned'
    )
