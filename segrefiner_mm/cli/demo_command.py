"""``segrefiner demo``: a page to try the refiner."""

import argparse

from segrefiner_mm.apis import ServeOptions, demo
from segrefiner_mm.cli.exit_status import DONE
from segrefiner_mm.cli.model_choice import refiner_options


def run_demo(args: argparse.Namespace) -> int:
    """Serve the page until the process is stopped.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.

    Raises:
        InputError: If an option or the model cannot be used.
        CheckpointError: If the weights cannot be used.
    """
    options = ServeOptions(
        host=args.host,
        port=args.port,
        token_file=args.token_file or None,
        hosts=tuple(args.name),
        max_request_mb=args.max_request_mb,
        queue=args.queue,
        quiet=args.quiet,
    )
    demo(options, refiner_options(args), args.max_pixels)
    return DONE
