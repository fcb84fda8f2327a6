"""What the commands that refine have in common."""

import argparse
import json
from hashlib import sha256
from typing import Any

import torch
from torch import nn

from segrefiner_mm.apis.inferencer import SegRefinerInferencer
from segrefiner_mm.errors import InputError
from segrefiner_mm.models import RefineSettings
from segrefiner_mm.version import __version__


def prepare(
    args: argparse.Namespace,
) -> tuple[SegRefinerInferencer, RefineSettings]:
    """The model and the settings that the command line asks for.

    They are made once per command, and stay with its arguments.
    """
    if not hasattr(args, 'prepared'):
        inferencer = SegRefinerInferencer(
            args.model, args.weights, args.device
        )
        settings = inferencer.settings(
            windows=args.windows,
            num_steps=args.steps,
            batch_size=args.batch_size,
            seed=args.seed,
            guard=_guard_of(args, inferencer),
            precision=args.precision,
        )
        args.prepared = inferencer, settings
    return args.prepared


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
    """What results depend on, as plain values.

    The weights and the config count as they were loaded, wherever they came
    from: another file of the same name is another model.
    """
    inferencer, _ = prepare(args)
    model = inferencer.cfg.model.to_dict()
    described = json.dumps(model, sort_keys=True, default=repr)
    return dict(
        version=__version__,
        model=sha256(described.encode()).hexdigest(),
        weights=_digest(inferencer.model),
        windows=args.windows,
        steps=args.steps,
        seed=args.seed,
        guard='any weights' if args.guard else not args.no_guard,
        precision=args.precision,
    )


def _digest(model: nn.Module) -> str:
    """Hash of the weights of a model."""
    content = sha256()
    for name, tensor in sorted(model.state_dict().items()):
        content.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        content.update(flat.view(torch.uint8).numpy())
    return content.hexdigest()
