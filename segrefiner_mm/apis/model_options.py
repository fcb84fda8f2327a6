"""What the commands that refine have in common."""

import argparse
from pathlib import Path
from typing import Any

from segrefiner_mm.apis.inferencer import SegRefinerInferencer
from segrefiner_mm.apis.run_journal import file_state
from segrefiner_mm.errors import InputError
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
        guard=_guard_of(args, inferencer),
        precision=args.precision,
    )


def _guard_of(
    args: argparse.Namespace, inferencer: SegRefinerInferencer
) -> bool | dict:
    if args.guard and args.no_guard:
        raise InputError('--guard and --no-guard: choose one')
    if args.guard:
        own = (inferencer.model.test_cfg or {}).get('guard')
        return own or dict(type='DoNoHarmGuard')
    return not args.no_guard


def run_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What results depend on, as plain values."""
    return dict(
        version=__version__,
        model=file_state(Path(args.model)) or args.model,
        weights=file_state(Path(args.weights)) if args.weights else None,
        windows=args.windows,
        steps=args.steps,
        seed=args.seed,
        guard='any weights' if args.guard else not args.no_guard,
        precision=args.precision,
    )
