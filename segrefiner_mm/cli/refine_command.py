"""``segrefiner refine``: one pair of files, or two folders."""

import argparse

from segrefiner_mm.apis import (
    LabelOptions,
    MaskOptions,
    refine_folder,
    refine_labels,
)
from segrefiner_mm.cli.exit_status import status_of
from segrefiner_mm.cli.model_choice import refiner_options
from segrefiner_mm.errors import InputError
from segrefiner_mm.runs.reporter import terminal_reporter


def run_refine(args: argparse.Namespace) -> int:
    """Refine a pair or a folder; returns the exit status."""
    refiner, reporter = refiner_options(args), terminal_reporter()
    paths = args.image, args.mask, args.out
    if args.labels:
        if args.threshold is not None:
            raise InputError('--threshold is for masks, not for --labels')
        labels = LabelOptions(
            ignore=tuple(args.ignore),
            mask_suffix=args.mask_suffix,
            overlay=args.overlay,
            overwrite=args.overwrite,
        )
        summary = refine_labels(*paths, labels, refiner, reporter)
    else:
        masks = MaskOptions(
            mask_suffix=args.mask_suffix,
            threshold=args.threshold,
            overlay=args.overlay,
            overwrite=args.overwrite,
        )
        summary = refine_folder(*paths, masks, refiner, reporter)
    print(summary.text)
    return status_of(summary)
