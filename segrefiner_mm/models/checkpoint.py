"""Weights files in and out: official ``.pth``, our ``.pth``, safetensors.

Nothing here executes code from a file: pickles are read by PyTorch's
weights-only unpickler.
"""

import io
import pickle
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from segrefiner_mm.errors import CheckpointError
from segrefiner_mm.files import write_whole

BUNDLED = {
    'segrefiner-tiny': Path(__file__).parents[1]
    / 'weights'
    / 'segrefiner_tiny.safetensors'
}

OFFICIAL_PREFIX = 'denoise_model.'
OUR_PREFIX = 'head.denoiser.'
# Constant kernels that the official code stores among the weights.
OFFICIAL_CONSTANTS = 'loss_texture.sobel.'


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the weights of a refiner, named as in :class:`SegRefiner`.

    Args:
        path (str | Path): A ``.safetensors`` or PyTorch file, or the name of
            a bundled model, such as ``'segrefiner-tiny'``.

    Returns:
        dict[str, Tensor]: Weights on the CPU, dtypes as stored.

    Raises:
        CheckpointError: If the file is missing, damaged, would need code to
            be executed, or holds no weights.
    """
    file = BUNDLED.get(str(path), Path(path))
    if not file.is_file():
        raise CheckpointError(f'weights not found: {file}')
    stored: object
    try:
        if file.suffix == '.safetensors':
            stored = load_file(file)
        else:
            stored = _torch_load(file)
    except pickle.UnpicklingError as error:
        # PyTorch's own advice is to execute the file: not repeated here.
        wanted = re.search(r'GLOBAL (\S+)', str(error))
        what = f'asks for {wanted[1]}' if wanted else 'is damaged'
        raise CheckpointError(
            f'{file} is not a plain weights file: it {what}, and files are '
            'read without executing code from them'
        ) from None
    except (SafetensorError, BadZipFile, RuntimeError, EOFError, OSError,
            ValueError, KeyError) as error:  # fmt: skip
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f'{file} is damaged or not a weights file ({reason})'
        ) from None
    return canonical_names(_weights_of(stored, file))


def load_weights(model: nn.Module, path: str | Path) -> None:
    """Fill a :class:`SegRefiner` from a file, every weight of it.

    Args:
        model (nn.Module): The refiner.
        path (str | Path): See :func:`read_state_dict`.

    Raises:
        CheckpointError: As :func:`read_state_dict`; also if names or shapes
            differ, with the first of them listed.
    """
    state_dict = read_state_dict(path)
    check_match(model.state_dict(), state_dict, source=str(path))
    model.load_state_dict(state_dict)


def save_weights(state_dict: Mapping[str, Tensor], path: str | Path) -> None:
    """Write weights as ``.safetensors`` or, by suffix, as ``.pth``.

    Args:
        state_dict (Mapping[str, Tensor]): Weights to write.
        path (str | Path): File to write; it appears whole or not at all.

    Raises:
        CheckpointError: If the suffix is neither.
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
        state_dict (Mapping[str, Tensor]): Official or our own weights, also
            of a model that was wrapped (``module.``).

    Returns:
        dict[str, Tensor]: The same tensors, without the official constants.
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
        source (str): Where they come from, for the message.

    Raises:
        CheckpointError: Naming the keys that differ.
    """
    shapes = [
        f'{name}: {tuple(given[name].shape)} in the file, '
        f'{tuple(tensor.shape)} in the model'
        for name, tensor in expected.items()
        if name in given and given[name].shape != tensor.shape
    ]
    problems = [
        _listed('missing', expected.keys() - given.keys()),
        _listed('unknown', given.keys() - expected.keys()),
        _listed('of another shape', shapes),
    ]
    if any(problems):
        raise CheckpointError(
            f'{source} does not fit this model:\n  '
            + '\n  '.join(problem for problem in problems if problem)
        )


def _torch_load(file: Path) -> object:
    with torch.serialization.safe_globals(_runner_globals()):
        return torch.load(file, map_location='cpu', weights_only=True)


def _runner_globals() -> list:
    """Data classes that mmengine's runner stores beside the weights."""
    dtypes = [type(np.dtype(name)) for name in ('f4', 'f8', 'i8', 'u4')]
    return [
        HistoryBuffer,
        (_history_method, 'builtins.getattr'),
        slice,
        np.ndarray,
        np.dtype,
        *dtypes,
        *_numpy_globals(),
    ]


def _numpy_globals() -> list:
    """How arrays and scalars are rebuilt, by the names of numpy 1 and 2."""
    rebuild = {
        '_reconstruct': np.empty(0).__reduce__()[0],
        'scalar': np.float64(0).__reduce__()[0],
    }
    return [
        (function, f'numpy.{core}.multiarray.{name}')
        for name, function in rebuild.items()
        for core in ('core', '_core')
    ]


def _history_method(owner: object, name: str) -> object:
    """Stands in for ``getattr``: a log buffer names its own methods."""
    if owner is not HistoryBuffer or name.startswith('_'):
        raise pickle.UnpicklingError(f'refused: getattr({owner}, {name!r})')
    return getattr(HistoryBuffer, name)


def _weights_of(stored: object, file: Path) -> dict[str, Tensor]:
    if isinstance(stored, Mapping) and 'state_dict' in stored:
        stored = stored['state_dict']
    if not isinstance(stored, dict) or not stored:
        raise CheckpointError(f'{file} holds no weights')
    odd = [name for name, t in stored.items() if not isinstance(t, Tensor)]
    if odd:
        raise CheckpointError(
            f'{file} holds no weights but {_listed("entries", odd)}'
        )
    return stored


def _listed(what: str, names: Iterable[str], show: int = 5) -> str:
    names = sorted(names)
    if not names:
        return ''
    more = f', ... ({len(names)} in all)' if len(names) > show else ''
    return f'{what}: {", ".join(names[:show])}{more}'
