"""Reading, checking and writing weights: ``.pth`` and ``.safetensors``."""

import io
import logging
import sys
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import FrameType

import torch
from safetensors.torch import save
from torch import Tensor, nn

from segrefiner_mm.errors import CheckpointError
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.models.weights_file import listed, read_tensors

_WEIGHTS = Path(__file__).parents[1] / 'weights'
BUNDLED = {
    'segrefiner-lite': _WEIGHTS / 'segrefiner_lite.safetensors',
    'segrefiner-tiny': _WEIGHTS / 'segrefiner_tiny.safetensors',
}

OFFICIAL_PREFIX = 'denoise_model.'
OUR_PREFIX = 'head.denoiser.'
# Constant kernels that the official code stores among the weights.
OFFICIAL_CONSTANTS = 'loss_texture.sobel.'


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the weights of a refiner, named as in :class:`SegRefiner`.

    The licence of the bundled weights is logged, once per process.

    Args:
        path (str | Path): A ``.safetensors`` or PyTorch file, or the name of
            a bundled model, such as ``'segrefiner-lite'``.

    Returns:
        dict[str, Tensor]: Weights by parameter name, on the CPU, dtypes as
        stored.

    Raises:
        CheckpointError: If the file is missing or damaged, would need code to
            be executed, contains no weights, or contains infinite or NaN
            weights.
    """
    file = BUNDLED.get(str(path), Path(path))
    if str(path) in BUNDLED:
        _tell_licence()
    if not file.is_file():
        raise CheckpointError(f'weights not found: {file}')
    weights = canonical_names(read_tensors(file))
    check_finite(weights, source=str(file))
    return weights


@cache
def _tell_licence() -> None:
    """Log the terms of the bundled weights, once per process."""
    logging.getLogger('segrefiner_mm').info(
        'the bundled weights are for research and other non-commercial use: '
        'see %s',
        _WEIGHTS / 'LICENSE',
    )


def load_weights(model: nn.Module, path: str | Path) -> None:
    """Load all weights of a :class:`SegRefiner` from a file.

    Args:
        model (nn.Module): The refiner; its weights are replaced in place.
        path (str | Path): See :func:`read_state_dict`.

    Raises:
        CheckpointError: As for :func:`read_state_dict` and
            :func:`check_match`; the model is then unchanged.
    """
    state_dict = read_state_dict(path)
    check_match(model.state_dict(), state_dict, source=str(path))
    model.load_state_dict(state_dict)


def holds_weights(model: nn.Module, name: str) -> bool:
    """Return whether a model has the weights of a bundled model.

    Args:
        model (nn.Module): A :class:`SegRefiner`.
        name (str): Name of the model, such as ``'segrefiner-lite'``.

    Returns:
        bool: True if all weights are equal, from whichever file they were
        loaded; False also if no bundled model has that name.
    """
    if name not in BUNDLED:
        return False
    bundled, own = read_state_dict(name), model.state_dict()
    return bundled.keys() == own.keys() and all(
        torch.equal(tensor.float().cpu(), bundled[key].float())
        for key, tensor in own.items()
    )


def save_weights(state_dict: Mapping[str, Tensor], path: str | Path) -> None:
    """Write weights as ``.safetensors`` or ``.pth``, as the suffix says.

    Args:
        state_dict (Mapping[str, Tensor]): Weights by parameter name.
        path (str | Path): File to write or replace, atomically; its folder is
            created.

    Raises:
        CheckpointError: If the suffix is neither ``.safetensors`` nor
            ``.pth``.
        InputError: If the file cannot be written.
    """
    path = Path(path)
    tensors = {name: t.contiguous() for name, t in state_dict.items()}
    if path.suffix == '.safetensors':
        content = save(tensors, metadata=dict(format='pt'))
    elif path.suffix == '.pth':
        buffer = io.BytesIO()
        torch.save(dict(meta={}, state_dict=tensors), buffer)
        content = buffer.getvalue()
    else:
        raise CheckpointError(
            f'expected .safetensors or .pth to write, got {path.name}'
        )
    write_whole(path, content)


def canonical_names(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Translate official parameter names to those of :class:`SegRefiner`.

    Args:
        state_dict (Mapping[str, Tensor]): Weights with the names of an
            official checkpoint or of this package; the prefix ``module.`` of
            a wrapped model is removed.

    Returns:
        dict[str, Tensor]: The given tensors, renamed, without the constants
        that official checkpoints store.
    """
    renamed = {}
    for name, tensor in state_dict.items():
        name = name.removeprefix('module.')
        if name.startswith(OFFICIAL_CONSTANTS):
            continue
        if name.startswith(OFFICIAL_PREFIX):
            name = OUR_PREFIX + name.removeprefix(OFFICIAL_PREFIX)
        renamed[name] = tensor
    return renamed


def check_match(
    expected: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    source: str = 'the checkpoint',
) -> None:
    """Raise unless two sets of weights have the same names and shapes.

    Args:
        expected (Mapping[str, Tensor]): Weights of the model.
        given (Mapping[str, Tensor]): Weights to load.
        source (str): Origin of ``given``, for the message. Defaults to 'the
            checkpoint'.

    Raises:
        CheckpointError: If names are missing or unknown, or shapes differ;
            the message lists up to five names of each kind.
    """
    shapes = [
        f'{name}: {tuple(given[name].shape)} in the file, '
        f'{tuple(tensor.shape)} in the model'
        for name, tensor in expected.items()
        if name in given and given[name].shape != tensor.shape
    ]
    problems = [
        listed('missing', expected.keys() - given.keys()),
        listed('unknown', given.keys() - expected.keys()),
        listed('of another shape', shapes),
    ]
    if any(problems):
        raise CheckpointError(
            f'{source} does not fit this model:\n  '
            + '\n  '.join(problem for problem in problems if problem)
        )


def check_finite(
    weights: Mapping[str, Tensor], source: str = 'the checkpoint'
) -> None:
    """Raise if a weight is infinite or NaN, as it would erase masks.

    Args:
        weights (Mapping[str, Tensor]): Weights to load.
        source (str): Origin of ``weights``, for the message. Defaults to 'the
            checkpoint'.

    Raises:
        CheckpointError: If a tensor has an infinite or NaN value; the message
            lists up to five of these tensors.
    """
    # A float64 value that float32 cannot hold counts as infinite too.
    wrong = [
        name
        for name, tensor in weights.items()
        if tensor.is_floating_point()
        and not tensor.is_meta
        and not tensor.float().isfinite().all()
    ]
    if wrong:
        raise CheckpointError(
            f'{source} has weights that are infinite or not a number '
            f'({listed("in", wrong)}): the training has failed'
        )


def digest_of(network: nn.Module) -> str:
    """Hash the weights of a network.

    Args:
        network (nn.Module): The network, on any device.

    Returns:
        str: SHA-256 of names, dtypes, shapes and values, 64 hexadecimal
        digits.
    """
    content = sha256()
    for name, tensor in sorted(network.state_dict().items()):
        content.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        content.update(flat.view(torch.uint8).numpy())
    return content.hexdigest()


def is_strict_load() -> bool:
    """Return whether the ``load_state_dict`` that calls a hook is strict.

    PyTorch always passes ``strict=True`` to its hooks, so the argument is read
    from the frame of ``load_state_dict``.

    Returns:
        bool: ``strict`` of the ``load_state_dict`` in progress; True if none
        is in progress.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code is nn.Module.load_state_dict.__code__:
            return bool(frame.f_locals['strict'])
        frame = frame.f_back
    return True
