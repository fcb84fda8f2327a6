"""The options of the refiner, from the command line."""

import argparse

from segrefiner_mm.apis import RefinerOptions
from segrefiner_mm.errors import InputError


def refiner_options(args: argparse.Namespace) -> RefinerOptions:
    """Return the options of the refiner, from the command line.

    Args:
        args (argparse.Namespace): The parsed command line, with the options
            of :func:`add_model_options`.

    Returns:
        RefinerOptions: The options.

    Raises:
        InputError: If two options contradict each other.
    """
    if args.guard and args.no_guard:
        raise InputError('--guard and --no-guard: choose one')
    return RefinerOptions(
        model=args.model,
        weights=args.weights,
        device=args.device,
        windows=args.windows,
        steps=args.steps,
        batch_size=args.batch_size,
        seed=args.seed,
        guard='always' if args.guard else not args.no_guard,
        precision=args.precision,
        runtime=args.runtime,
    )
