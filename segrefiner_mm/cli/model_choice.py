"""The refiner that the command line asks for."""

import argparse

from segrefiner_mm.apis import RefinerOptions
from segrefiner_mm.errors import InputError


def refiner_options(args: argparse.Namespace) -> RefinerOptions:
    """Return the options of the model, from the command line.

    Raises:
        InputError: If two contradict each other.
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
