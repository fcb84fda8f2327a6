"""Images and their masks, matched by name."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import print_log

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in

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
            in both folders.

    Returns:
        list[tuple[Path, Path]]: Image and mask, in the order of ``names``,
        else sorted. A named file that is missing is returned as the path it
        would have.

    Raises:
        InputError: If a folder or the file is missing, or two files of a
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
        if not names.is_file():
            raise InputError(f'no such file: {names}')
        lines = names.read_text().splitlines()
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

    Coarse masks that models predicted may follow.

    Args:
        file (Path): Text file, paths separated by tabs.
        root (Path): Folder that relative paths start from.

    Returns:
        list[tuple[Path, ...]]: Image, mask and coarse masks.

    Raises:
        InputError: If the file is missing, or a line has no tab.
    """
    if not file.is_file():
        raise InputError(f'no such file: {file}')
    pairs: list[Listed] = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
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
    """Select some scenes, so that none falls on both sides of a split.

    A camera's prefix (``IMG_0001``) is not a scene, so such images are split
    one by one: if there are fewer scenes than parts, every image counts
    as a scene. So does each image of a scene with more than twice as many
    images as an average part.

    Args:
        pairs (Sequence[tuple[Path, ...]]): Images and masks. The name of a
            scene is the part of the stem of the image before ``__``, else
            before the last ``_``.
        take (list[int]): Indices of the sorted scenes, modulo ``of``.
        of (int): Number of parts.

    Returns:
        list[tuple[Path, ...]]: The pairs of the selected scenes.
    """
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
