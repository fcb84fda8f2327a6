"""Images and their masks, found by their names."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import print_log

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in

Pair = tuple[Path, Path]
# Image and mask; coarse masks of it may follow.
Listed = tuple[Path, ...]


def match_by_stem(
    images: Path, masks: Path, names: Path | None = None
) -> list[Pair]:
    """Pair the pictures of two folders.

    Args:
        images (Path): Folder of images.
        masks (Path): Folder of masks.
        names (Path, optional): File with a name per line, with or without a
            suffix, that says which to take. Defaults to None: what is in
            both folders.

    Returns:
        list[tuple[Path, Path]]: Image and mask, in the order of the names. A
        named picture that is not there is returned as it would be called.

    Raises:
        InputError: If a folder or the file is not there.
    """
    image_of, mask_of = pictures_in(images), pictures_in(masks)
    if names is None:
        stems = sorted(image_of.keys() & mask_of.keys())
        alone = [path for s, path in image_of.items() if s not in mask_of]
        alone += [path for s, path in mask_of.items() if s not in image_of]
        if alone:
            print_log(
                f'skipped {len(alone)} pictures of {images} and {masks} '
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

    Coarse masks that models have predicted may follow.

    Args:
        file (Path): Text, the two separated by a tab.
        root (Path): Where relative paths start.

    Returns:
        list[tuple[Path, ...]]: Image and mask, and coarse masks.

    Raises:
        InputError: If the file cannot be read, or a line is not so.
    """
    if not file.is_file():
        raise InputError(f'no such file: {file}')
    pairs: list[Listed] = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if not line.strip():
            continue
        names = line.split('\t')
        if len(names) < 2:
            raise InputError(
                f'{file}, line {number}: expected image and mask separated '
                f'by a tab, got {line.strip()!r}'
            )
        pairs.append(tuple(root / name for name in names))
    return pairs


def in_scenes(
    pairs: Sequence[Listed], take: list[int], of: int
) -> list[Listed]:
    """Take some scenes, so that none falls on both sides of a split.

    What is no scene but the prefix of a camera (``IMG_0001``) is split by
    pictures: with fewer scenes than parts every picture counts as a scene,
    and so does each of a scene that has more than two parts' share of all.

    Args:
        pairs (list[tuple[Path, Path]]): Images and masks. A scene is named by
            what stands before ``__``, else before the last ``_``, in the stem
            of the image.
        take (list[int]): Places, of the sorted scenes modulo ``of``.
        of (int): Into how many parts the scenes are dealt.

    Returns:
        list[tuple[Path, Path]]: Those of the chosen scenes.
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
        f'{len(taken)} of {len(pairs)} pictures taken: scenes {take} modulo '
        f'{of} of {len(place)}',
        'current',
    )
    return taken


def _scene(stem: str) -> str:
    if '__' in stem:
        return stem.split('__')[0]
    return stem.rpartition('_')[0] or stem
