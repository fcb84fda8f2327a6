"""``segrefiner convert``: weights from one file format to another."""

import argparse
from pathlib import Path

from segrefiner_mm.errors import CheckpointError, InputError
from segrefiner_mm.models.checkpoint import (
    OUR_PREFIX,
    read_state_dict,
    save_weights,
)


def run_convert(args: argparse.Namespace) -> int:
    """Convert the weights of ``args.source``, and write ``args.target``.

    An existing target is replaced.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.

    Raises:
        InputError: If the target cannot be written, or is the source.
        CheckpointError: If the source cannot be read or is not of a refiner,
            or the suffix of the target is unknown.
    """
    target = Path(args.target)
    if not target.parent.is_dir():
        raise InputError(f'no such folder: {target.parent}')
    weights = read_state_dict(args.source)
    if target.resolve() == Path(args.source).resolve():
        raise InputError('IN and OUT are the same file')
    foreign = sorted(n for n in weights if not n.startswith(OUR_PREFIX))
    if foreign:
        raise CheckpointError(
            f'{args.source} is not a SegRefiner checkpoint: it has '
            f'{", ".join(foreign[:5])}'
        )
    if args.half:
        # Counters of batch normalisation are whole numbers.
        weights = {
            name: tensor.half() if tensor.is_floating_point() else tensor
            for name, tensor in weights.items()
        }
    save_weights(weights, target)
    count = sum(tensor.numel() for tensor in weights.values())
    size = target.stat().st_size / 2**20
    print(f'{target}: {count / 1e6:.2f} M parameters, {size:.1f} MiB')
    return 0
