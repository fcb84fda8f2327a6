"""``segrefiner export``: the network as ONNX models."""

import argparse

from segrefiner_mm.apis import ExportOptions, export_onnx


def run_export(args: argparse.Namespace) -> int:
    """Export a network, and print the files and their sizes.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.

    Raises:
        InputError: If the model cannot be exported, or a file cannot be
            written.
        CheckpointError: If the weights cannot be used.
    """
    options = ExportOptions(
        model=args.model, weights=args.weights, overwrite=args.overwrite
    )
    for path in export_onnx(args.out, options):
        print(f'{path}: {path.stat().st_size / 2**20:.1f} MiB')
    return 0
