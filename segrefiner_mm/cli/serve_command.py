"""``segrefiner serve``: refinement over HTTP."""

import argparse

from segrefiner_mm.apis import ServeOptions, serve
from segrefiner_mm.cli.exit_status import DONE
from segrefiner_mm.cli.model_choice import refiner_options


def run_serve(args: argparse.Namespace) -> int:
    """Serve until the process is stopped.

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
        max_masks=args.max_masks,
        queue=args.queue,
        quiet=args.quiet,
        label_studio=args.label_studio,
        label_studio_key=args.label_studio_key or None,
        image_dir=args.image_dir or None,
        image_hosts=tuple(args.image_host),
    )
    serve(options, refiner_options(args), args.max_pixels)
    return DONE
