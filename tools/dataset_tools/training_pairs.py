"""Write the photographs and masks that the bundled weights were trained on.

``python tools/dataset_tools/training_pairs.py SOURCES OUT`` reads clones or
bare copies of the repositories in ``photo_sources.py``, each in a folder
``SOURCES/OWNER+NAME``, and writes ``OUT/images``, ``OUT/masks`` and the lists
``OUT/train.tsv`` and ``OUT/val.tsv``, with the paths of a photograph and its
mask per line. ``--list NAME=FILE`` adds the pairs of another list.

Photographs are held out for validation by the hash of their name, so the split
does not depend on the machine or on other photographs. The frames of a scene
in a list (``SCENE_FRAME``) are held out together.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from photo_sources import SOURCES, Picture, Source, decode_mask, fit

from segrefiner_mm.cli.exit_status import DONE, NOTHING_DONE
from segrefiner_mm.datasets.picture_pairs import read_pairs
from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import write_whole

LIST_HELD_OUT = 15
JPEG_QUALITY = 95
# Smaller objects teach little, and mark a mask that is not one.
MIN_AREA = 256


class Pair(NamedTuple):
    """A photograph and the mask of its object.

    Attributes:
        stem (str): Name of both files, without suffix.
        group (str): Name of the group, which is held out as a whole.
        held_out (int): Percentage of the groups that are held out.
        image (np.ndarray): (H, W, 3) uint8.
        mask (np.ndarray): (H, W) uint8, 0 and 1.
    """

    stem: str
    group: str
    held_out: int
    image: Picture
    mask: Picture


def is_held_out(group: str, percentage: int) -> bool:
    """Return whether a group is held out for validation.

    Args:
        group (str): Name of the group.
        percentage (int): Percentage of groups that are held out, 0 to 100.

    Returns:
        bool: Whether the first four bytes of the SHA-256 of the name, as a
        big-endian number modulo 100, are less than the percentage.
    """
    digest = hashlib.sha256(group.encode()).digest()
    return int.from_bytes(digest[:4], 'big') % 100 < percentage


def group_of(stem: str) -> str:
    """Return the stem before ``__``, else before the last ``_``, else all."""
    if '__' in stem:
        return stem.split('__')[0]
    return stem.rpartition('_')[0] or stem


def git(repository: Path, *arguments: str) -> bytes:
    """Run git on a clone or a bare copy of a repository.

    Args:
        repository (Path): Folder of the repository.
        *arguments (str): Arguments of git.

    Returns:
        bytes: Output of git.

    Raises:
        InputError: If git is not installed or fails.
    """
    inner = repository / '.git'
    folder = inner if inner.exists() else repository
    command = ['git', f'--git-dir={folder}', *arguments]
    try:
        done = subprocess.run(command, capture_output=True)
    except FileNotFoundError:
        raise InputError('git is not installed') from None
    if done.returncode:
        reason = done.stderr.decode(errors='replace').strip()
        raise InputError(f'{repository}: {reason}')
    return done.stdout


def from_repository(source: Source, repository: Path) -> Iterator[Pair]:
    """Read the pairs of a repository, at its HEAD.

    Pairs of different sizes are skipped, with a message on stdout.

    Args:
        source (Source): Description of the repository.
        repository (Path): Folder of the repository.

    Yields:
        Pair: The pairs, sorted by path; images are BGR.

    Raises:
        InputError: If the repository cannot be read, or a mask cannot be
            decoded.
    """
    listed = git(repository, 'ls-tree', '-r', '-z', '--name-only', 'HEAD')
    paths = set(listed.decode(errors='replace').split('\0'))
    for path in sorted(paths):
        match = re.fullmatch(source.image, path)
        if match is None:
            continue
        mask_path = source.mask.format(**match.groupdict())
        if mask_path not in paths:
            continue
        content = git(repository, 'show', f'HEAD:{path}')
        image = cv2.imdecode(
            np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR
        )
        content = git(repository, 'show', f'HEAD:{mask_path}')
        mask = decode_mask(content, mask_path)
        if image is None:
            print(f'skipped: {path} is no image that can be read')
            continue
        if image.shape[:2] != mask.shape:
            print(f'skipped: {path} and its mask differ in size')
            continue
        key = ''.join(re.sub(r'\W', '', part) for part in match.groups())
        stem = f'{source.name}-{key}'
        image, mask = fit(image, mask, source)
        yield Pair(stem, stem, source.held_out, image, mask)


def from_list(name: str, file: Path) -> Iterator[Pair]:
    """Read the pairs of a list.

    Args:
        name (str): Name of the list, a prefix of all stems.
        file (Path): List of paths, relative to its folder.

    Yields:
        Pair: The pairs, in the order of the list; images are BGR.

    Raises:
        InputError: If the list, an image or a mask cannot be read.
    """
    for image_path, mask_path, *_ in read_pairs(file, file.parent):
        stem = f'{name}-{image_path.stem}'
        image = cv2.imread(str(image_path))
        if image is None:
            raise InputError(f'cannot read {image_path}')
        mask = read_mask(str(mask_path), image.shape[:2])
        yield Pair(stem, group_of(stem), LIST_HELD_OUT, image, mask)


def write(pair: Pair, out: Path) -> str:
    """Write the image and the mask of a pair; return its line of the list."""
    image, mask = f'images/{pair.stem}.jpg', f'masks/{pair.stem}.png'
    _, jpeg = cv2.imencode(
        '.jpg', pair.image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    _, png = cv2.imencode('.png', pair.mask * np.uint8(255))
    write_whole(out / image, jpeg.tobytes())
    write_whole(out / mask, png.tobytes())
    return f'{image}\t{mask}\n'


def parse_args(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Write the photographs and true masks to train on.'
    )
    add = parser.add_argument
    add('sources', type=Path, help='folder with OWNER+NAME repositories')
    add('out', type=Path, help='folder to write to')
    add(
        '--list',
        nargs='+',
        default=[],
        metavar='NAME=FILE',
        help='more pairs: paths of image and mask, separated by a tab',
    )
    return parser.parse_args(arguments)


def readers_of(args: argparse.Namespace) -> dict[str, Iterator[Pair]]:
    """Return the readers of the lists and the repositories that exist."""
    readers: dict[str, Iterator[Pair]] = {}
    for source in SOURCES:
        folder = args.sources / source.repository.replace('/', '+')
        if folder.is_dir():
            readers[source.name] = from_repository(source, folder)
        else:
            print(f'not there: {folder}')
    for given in args.list:
        name, _, file = given.partition('=')
        if not file or not re.fullmatch(r'\w+', name):
            raise InputError(f'expected NAME=FILE, got {given!r}')
        if name in readers:
            raise InputError(f'two sources have the name {name!r}')
        readers[name] = from_list(name, Path(file))
    if not readers:
        raise InputError(f'nothing to read in {args.sources}')
    return readers


def main(arguments: list[str] | None = None) -> int:
    """Write the pairs and the two lists; return the exit status.

    Raises:
        InputError: If an input cannot be used, a name is not unique, or a
            file cannot be written.
    """
    args = parse_args(arguments)
    lists: dict[str, list[str]] = {'train.tsv': [], 'val.tsv': []}
    stems: set[str] = set()
    for name, pairs in readers_of(args).items():
        before = {file: len(lines) for file, lines in lists.items()}
        for pair in pairs:
            if np.count_nonzero(pair.mask) < MIN_AREA:
                continue
            if pair.stem in stems:
                raise InputError(f'two photographs are named {pair.stem}')
            stems.add(pair.stem)
            held_out = is_held_out(pair.group, pair.held_out)
            file = 'val.tsv' if held_out else 'train.tsv'
            lists[file].append(write(pair, args.out))
        train, val = (len(lists[file]) - before[file] for file in lists)
        print(f'{name}: {train} to train on, {val} held out', flush=True)
    for file, lines in lists.items():
        write_whole(args.out / file, ''.join(sorted(lines)).encode())
    return DONE if stems else NOTHING_DONE


if __name__ == '__main__':
    try:
        sys.exit(main())
    except InputError as error:
        print(f'error: {error}', file=sys.stderr)
        sys.exit(NOTHING_DONE)
