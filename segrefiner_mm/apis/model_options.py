"""What the commands that refine have in common."""

import argparse
from pathlib import Path
from typing import Any

from segrefiner_mm.apis.inferencer import SegRefinerInferencer
from segrefiner_mm.apis.run_journal import file_state
from segrefiner_mm.models import RefineSettings
from segrefiner_mm.version import __version__


def prepare(
    args: argparse.Namespace,
) -> tuple[SegRefinerInferencer, RefineSettings]:
    """The model and the settings that the command line asks for."""
    inferencer = SegRefinerInferencer(args.model, args.weights, args.device)
    return inferencer, inferencer.settings(
        windows=args.windows,
        num_steps=args.steps,
        batch_size=args.batch_size,
        seed=args.seed,
        guard=not args.no_guard,
        precision=args.precision,
    )


def run_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What results depend on, as plain values."""
    return dict(
        version=__version__,
        model=file_state(Path(args.model)) or args.model,
        weights=file_state(Path(args.weights)) if args.weights else None,
        windows=args.windows,
        steps=args.steps,
        seed=args.seed,
        guard=not args.no_guard,
        precision=args.precision,
    )
