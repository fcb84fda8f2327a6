"""``segrefiner refine``: an image and its mask, or two folders."""

import argparse

from segrefiner_mm.apis import (
    LabelOptions,
    MaskOptions,
    refine_folder,
    refine_labels,
)
from segrefiner_mm.cli.exit_status import status_of
from segrefiner_mm.cli.model_choice import refiner_options
from segrefiner_mm.cli.reporting import reporting, show_summary
from segrefiner_mm.cli.shared_options import soft_type
from segrefiner_mm.errors import InputError
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.reporting.run_summary import RunSummary


def run_refine(args: argparse.Namespace) -> int:
    """Refine a mask or label map, or a folder, and print the summary.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.

    Raises:
        InputError: If options contradict each other; see also
            :func:`refine_folder` and :func:`refine_labels`.
        CheckpointError: If the weights cannot be used.
    """
    with reporting(args) as reporter:
        summary = _refine(args, reporter)
        show_summary(args, reporter, summary)
    return status_of(summary)


def _refine(args: argparse.Namespace, reporter: Reporter) -> RunSummary:
    refiner = refiner_options(args)
    paths = args.image, args.mask, args.out
    if args.alpha_band is not None and not args.alpha:
        raise InputError('--alpha-band needs --alpha')
    if args.labels:
        if args.alpha:
            raise InputError('--alpha is for masks, not for --labels')
        if args.threshold is not None:
            raise InputError('--threshold is for masks, not for --labels')
        labels = LabelOptions(
            ignore=tuple(args.ignore),
            mask_suffix=args.mask_suffix,
            overlay=args.overlay,
            overwrite=args.overwrite,
            soft=soft_type(args),
            only=args.only,
        )
        return refine_labels(*paths, labels, refiner, reporter)
    masks = MaskOptions(
        mask_suffix=args.mask_suffix,
        threshold=args.threshold,
        overlay=args.overlay,
        alpha=args.alpha,
        alpha_band=args.alpha_band,
        overwrite=args.overwrite,
        soft=soft_type(args),
        only=args.only,
    )
    return refine_folder(*paths, masks, refiner, reporter)
