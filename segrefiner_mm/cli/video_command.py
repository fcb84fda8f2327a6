"""``segrefiner video``: the masks of a video, frame by frame."""

import argparse

from segrefiner_mm.apis import Steadying, VideoOptions, refine_video
from segrefiner_mm.cli.exit_status import status_of
from segrefiner_mm.cli.model_choice import refiner_options
from segrefiner_mm.cli.reporting import reporting, show_summary
from segrefiner_mm.errors import InputError


def run_video(args: argparse.Namespace) -> int:
    """Refine the masks of a video, and print the summary.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.

    Raises:
        InputError: If options contradict each other; see also
            :func:`refine_video`.
        CheckpointError: If the weights cannot be used.
    """
    if args.labels and args.threshold is not None:
        raise InputError('--threshold is for masks, not for --labels')
    if not 0 <= args.steady <= 1:
        raise InputError(f'--steady must be 0 to 1, got {args.steady}')
    options = VideoOptions(
        labels=args.labels,
        ignore=tuple(args.ignore),
        mask_suffix=args.mask_suffix,
        threshold=args.threshold,
        first=args.first,
        steadying=Steadying().scaled(args.steady),
        overwrite=args.overwrite,
    )
    refiner = refiner_options(args)
    with reporting(args) as reporter:
        summary = refine_video(
            args.frames, args.masks, args.out, options, refiner, reporter
        )
        show_summary(args, reporter, summary)
    return status_of(summary)
