"""Images and their masks, matched by name."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import print_log

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in, read_text

Pair = tuple[Path, Path]
# Image and mask; coarse masks may follow.
Listed = tuple[Path, ...]


def match_by_stem(
    images: Path, masks: Path, names: Path | None = None
) -> list[Pair]:
    """Match the files of two folders by stem.

    Args:
        images (Path): Folder of images.
        masks (Path): Folder of masks.
        names (Path, optional): File with a name per line, with or without a
            suffix, that selects files. Defaults to None: all stems that are
            in both folders. The number of other files is logged.

    Returns:
        list[tuple[Path, Path]]: Image and mask, in the order of ``names``,
        else sorted by stem. A named file that is missing is returned as
        ``STEM.jpg`` in ``images``, or ``STEM.png`` in ``masks``.

    Raises:
        InputError: If a folder or ``names`` is missing, or two files of a
            folder share a stem.
    """
    image_of, mask_of = pictures_in(images), pictures_in(masks)
    if names is None:
        stems = sorted(image_of.keys() & mask_of.keys())
        alone = [path for s, path in image_of.items() if s not in mask_of]
        alone += [path for s, path in mask_of.items() if s not in image_of]
        if alone:
            print_log(
                f'skipped {len(alone)} images of {images} and {masks} '
                f'without a partner, such as {alone[0]}',
                'current',
            )
    else:
        lines = read_text(names).splitlines()
        stems = [Path(line.strip()).stem for line in lines if line.strip()]
    return [
        (
            image_of.get(stem, images / f'{stem}.jpg'),
            mask_of.get(stem, masks / f'{stem}.png'),
        )
        for stem in stems
    ]


def read_pairs(file: Path, root: Path) -> list[Listed]:
    """Read a list with the paths of an image and its mask per line.

    The paths of coarse masks may follow in the line.

    Args:
        file (Path): Text file, paths separated by tabs.
        root (Path): Folder that relative paths start from.

    Returns:
        list[tuple[Path, ...]]: Image, mask and coarse masks of each line that
        is not blank.

    Raises:
        InputError: If the file is missing, or a line has fewer than two paths
            or an empty one.
    """
    pairs: list[Listed] = []
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        if not line.strip():
            continue
        names = line.rstrip('\t').split('\t')
        if len(names) < 2 or '' in names:
            raise InputError(
                f'{file}, line {number}: expected image and mask separated '
                f'by a tab, got {line.strip()!r}'
            )
        pairs.append(tuple(root / name for name in names))
    return pairs


def in_scenes(
    pairs: Sequence[Listed], take: list[int], of: int
) -> list[Listed]:
    """Select whole scenes, so that no scene falls on both sides of a split.

    The name of a scene is the part of an image's stem before ``__``, else
    before the last ``_``. The prefix of a camera (``IMG_0001``) is not a
    scene. So every image counts as a scene of its own if there are fewer
    scenes than parts, or if its scene has more than twice as many images as an
    average part. The number of selected images is logged.

    Args:
        pairs (Sequence[tuple[Path, ...]]): Image and mask, each.
        take (list[int]): The parts to select, 0 to ``of - 1``. The part of a
            scene is its index among the sorted scenes, modulo ``of``.
        of (int): Number of parts, 1 or more.

    Returns:
        list[tuple[Path, ...]]: The pairs of the selected scenes, in order.

    Raises:
        InputError: If ``of`` is less than 1.
    """
    if of < 1:
        raise InputError(f'the number of parts must be 1 or more, got {of}')
    stems = [image.stem for image, *_ in pairs]
    scenes = [_scene(stem) for stem in stems]
    sizes = Counter(scenes)
    most = 2 * len(pairs) / of if len(sizes) >= of else 0
    names = [
        scene if sizes[scene] <= most else stem
        for stem, scene in zip(stems, scenes, strict=True)
    ]
    place = {name: i for i, name in enumerate(sorted(set(names)))}
    taken = [
        pair
        for pair, name in zip(pairs, names, strict=True)
        if place[name] % of in take
    ]
    print_log(
        f'{len(taken)} of {len(pairs)} images taken: scenes {take} modulo '
        f'{of} of {len(place)}',
        'current',
    )
    return taken


def _scene(stem: str) -> str:
    if '__' in stem:
        return stem.split('__')[0]
    return stem.rpartition('_')[0] or stem
