"""Write the coarse masks that a model predicts for photographs.

``python tools/dataset_tools/predict_masks.py PAIRS MODEL OUT`` runs an ONNX or
TensorFlow Lite model on the photographs of a list of pairs from
``training_pairs.py``. It writes ``OUT/STEM.png`` if the prediction has an IoU
of at least 0.5 (``--min-iou``) with the true mask; otherwise the model has
found another object. Of the objects that a YOLO network finds, the mask with
the highest IoU counts. ``--list FILE`` writes the list with these masks
appended, for ``LoadCoarseMasks``. A run that was stopped resumes where it
stopped; a folder belongs to one model and its options.
"""

import argparse
import hashlib
import os
import sys
from pathlib import Path

import cv2
import numpy as np
from mask_models import MaskModel, open_model
from rich.console import Console
from rich.progress import track

from segrefiner_mm.cli.exit_status import DONE, NOTHING_DONE
from segrefiner_mm.datasets.picture_pairs import Listed, read_pairs
from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional import mask_iou
from segrefiner_mm.io.files import write_whole

# The model and its options; then the photographs that it has seen, whether its
# mask was of use or not.
SEEN = 'seen.txt'


def predict(
    model: MaskModel, image: Path, mask: Path, target: Path, min_iou: float
) -> None:
    """Write the predicted mask with the highest IoU with the true mask.

    Args:
        model (Callable): Model from :func:`open_model`.
        image (Path): File of the photograph.
        mask (Path): File of the true mask.
        target (Path): File to write.
        min_iou (float): Lowest IoU of a mask that is written, 0 to 1.

    Raises:
        InputError: If an image or mask cannot be read, or the target cannot
            be written.
    """
    picture = cv2.imread(str(image))
    if picture is None:
        raise InputError(f'cannot read {image}')
    true = read_mask(str(mask), picture.shape[:2]) > 0
    masks = model(picture)
    ious = [mask_iou(true, coarse) for coarse in masks]
    if ious and max(ious) >= min_iou:
        best = masks[int(np.argmax(ious))]
        _, png = cv2.imencode('.png', best * np.uint8(255))
        write_whole(target, png.tobytes())


def write_list(file: Path, pairs: list[Listed], out: Path) -> None:
    """Write a list of pairs with the masks in a folder appended.

    Args:
        file (Path): List to write; its paths are relative to its folder.
        pairs (list[Listed]): Paths of photograph, true mask and coarse masks.
        out (Path): Folder of the predicted masks.

    Raises:
        InputError: If the list cannot be written.
    """
    lines = []
    for paths in pairs:
        coarse = out / f'{paths[0].stem}.png'
        chosen = [*paths, coarse] if coarse.is_file() else paths
        names = [os.path.relpath(path, file.parent) for path in chosen]
        lines.append('\t'.join(names) + '\n')
    write_whole(file, ''.join(lines).encode())


def settings_of(args: argparse.Namespace) -> str:
    """Describe in a line all that decides what the masks look like."""
    digest = hashlib.sha256(args.model.read_bytes()).hexdigest()[:16]
    return f'model={digest} mean={args.mean} std={args.std} >={args.min_iou}'


def read_record(record: Path, settings: str) -> set[str]:
    """Read which photographs a model has seen, or start the record.

    Args:
        record (Path): File of the record.
        settings (str): From :func:`settings_of`.

    Returns:
        set[str]: Stems of the photographs.

    Raises:
        InputError: If the record is of other settings.
    """
    if not record.exists():
        write_whole(record, f'{settings}\n'.encode())
    first, *seen = record.read_text().splitlines() or ['']
    if not first.startswith('model='):
        raise InputError(
            f'{record} does not begin with its model: choose another folder'
        )
    if first != settings:
        raise InputError(
            f'{record.parent} holds masks of another model or other options '
            f'({first}, not {settings}): choose another folder'
        )
    return set(seen)


def parse_args(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Write the masks that a model predicts for photographs.'
    )
    add = parser.add_argument
    add('pairs', type=Path, help='list of photographs and true masks')
    add('model', type=Path, help='.onnx or .tflite file')
    add('out', type=Path, help='folder for the masks')
    add('--list', type=Path, help='list to write, with the masks')
    for name, meaning in (
        ('--mean', 'of red, green and blue, on a scale of 0 to 1'),
        ('--std', 'what the differences from the mean are divided by'),
    ):
        add(name, type=float, nargs=3, default=[0.5] * 3, help=meaning)
    add('--min-iou', type=float, default=0.5, help='with the true mask')
    add('--threads', type=int, default=1)
    add('--limit', type=int, help='maximum number of photographs')
    args = parser.parse_args(arguments)
    if args.threads < 1 or (args.limit is not None and args.limit < 1):
        parser.error('--threads and --limit must be 1 or more')
    return args


def main(arguments: list[str] | None = None) -> int:
    """Predict the masks of photographs not yet seen; return the exit status.

    Raises:
        InputError: If an input cannot be used, or a mask cannot be written.
    """
    args = parse_args(arguments)
    pairs = read_pairs(args.pairs, args.pairs.parent)
    model = open_model(args.model, args.mean, args.std, args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    record = args.out / SEEN
    seen = read_record(record, settings_of(args))
    todo = [paths for paths in pairs if paths[0].stem not in seen]
    console = Console(stderr=True)
    for image, mask, *_ in track(
        todo[: args.limit],
        'masks',
        console=console,
        disable=not console.is_terminal,
    ):
        target = args.out / f'{image.stem}.png'
        predict(model, image, mask, target, args.min_iou)
        with record.open('a') as file:
            file.write(f'{image.stem}\n')
    stems = [image.stem for image, *_ in pairs]
    count = sum((args.out / f'{stem}.png').is_file() for stem in stems)
    print(f'{count} masks for {len(pairs)} photographs in {args.out}')
    if args.list is not None:
        write_list(args.list, pairs, args.out)
    return DONE if count else NOTHING_DONE


if __name__ == '__main__':
    try:
        sys.exit(main())
    except InputError as error:
        print(f'error: {error}', file=sys.stderr)
        sys.exit(NOTHING_DONE)
