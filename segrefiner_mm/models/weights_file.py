"""Reading tensors from a file that may be malicious.

Nothing from a file is executed: pickles are read by PyTorch's weights-only
unpickler. Objects that mmengine's runner stores beside the weights, such as
its logs, are not built. No tensor may be larger than its file, so a small
file cannot fill the memory.
"""

import pickle
import pickletools
import re
import zipfile
from collections.abc import Iterator
from encodings.aliases import aliases
from pathlib import Path
from typing import IO, Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from segrefiner_mm.errors import CheckpointError

# The headers of the largest models are smaller.
MOST_HEADER_BYTES = 2**24
# Codecs from bytes to bytes, which can be applied repeatedly.
GROWING = {
    name.replace('_', '')
    for alias, codec in aliases.items()
    if codec.endswith('_codec')
    for name in (alias, codec, codec.removesuffix('_codec'))
}


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Read the tensors of a weights file.

    Args:
        file (Path): A ``.safetensors`` or a PyTorch file.

    Returns:
        dict[str, Tensor]: Dense tensors by name, on the CPU, dtypes as stored.

    Raises:
        CheckpointError: If the file cannot be read, is damaged, would need
            code to be executed, or contains anything but weights.
    """
    is_safe = file.suffix == '.safetensors'
    try:
        stored = _read_safetensors(file) if is_safe else _read_pickle(file)
        return _weights_of(stored, file)
    except CheckpointError:
        raise
    except pickle.UnpicklingError as error:
        # PyTorch's message advises executing the file, so do not repeat it.
        wanted = re.search(r'GLOBAL (\S+)', str(error))
        what = f'asks for {wanted[1]}' if wanted else 'is damaged'
        raise CheckpointError(
            f'{file} is not a plain weights file: it {what}, and files are '
            'read without executing code from them'
        ) from None
    except Exception as error:  # a damaged file can raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f'{file} is damaged or not a weights file ({reason})'
        ) from None


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    with file.open('rb') as opened:
        header = int.from_bytes(opened.read(8), 'little')
    if header > min(MOST_HEADER_BYTES, file.stat().st_size):
        raise CheckpointError(
            f'{file} is damaged or not a weights file (its table of contents '
            f'would have {header} bytes)'
        )
    return load_file(file)


def _read_pickle(file: Path) -> object:
    if zipfile.is_zipfile(file):
        _check_archive(file)
    else:
        with file.open('rb') as opened:
            # Magic number, protocol, system, and then the weights.
            for _ in range(4):
                _check_calls(opened, file)
    with torch.serialization.safe_globals(_stand_ins()):
        return torch.load(file, map_location='cpu', weights_only=True)


def _check_archive(file: Path) -> None:
    """Reject archives that would expand; PyTorch does not compress its own."""
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        plain = all(e.compress_type == zipfile.ZIP_STORED for e in entries)
        size = sum(entry.file_size for entry in entries)
        if not plain or size > file.stat().st_size:
            raise CheckpointError(
                f'{file} is not a plain weights file: it would expand to '
                f'{size} bytes'
            )
        for entry in entries:
            if entry.filename.endswith('data.pkl'):
                with archive.open(entry) as pickled:
                    _check_calls(pickled, file)


def _check_calls(pickled: IO[bytes], file: Path) -> None:
    """Reject calls that the unpickler allows but could fill the memory."""
    called, texts = set(), set()
    for operation, argument in _operations(pickled):
        if operation == 'GLOBAL':
            called.add(str(argument).rpartition(' ')[2])
        elif isinstance(argument, str) and len(argument) < 32:
            texts.add(re.sub(r'[^a-z0-9]', '', argument.lower()))
        if 'bytearray' in called or ('encode' in called and texts & GROWING):
            raise CheckpointError(
                f'{file} is not a plain weights file: it makes byte strings '
                'of any length'
            )


def _operations(pickled: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Yield pickle operations as name and argument, up to damaged data."""
    operations = pickletools.genops(pickled)
    while True:
        try:
            operation, argument, _ = next(operations)
        except (StopIteration, ValueError):
            return
        yield operation.name, argument


class _Unread:
    """Stands in for an object beside the weights, which is not built."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass


class _UnreadLog(_Unread):
    """Stands in for a log buffer of mmengine."""


def _unread_method(owner: object, name: str) -> _Unread:
    """Stand in for ``getattr``: a log buffer names its own methods."""
    if owner is not _UnreadLog or name.startswith('_'):
        raise pickle.UnpicklingError(f'refused: getattr({owner}, {name!r})')
    return _Unread()


def _stand_ins() -> list[Any]:
    """List stand-ins, by name, for objects that mmengine's runner stores."""
    names = ['numpy.ndarray', 'numpy.dtype', 'builtins.slice']
    for core in ('core', '_core'):  # NumPy 1 and 2
        names += [
            f'numpy.{core}.multiarray.{function}'
            for function in ('_reconstruct', 'scalar')
        ]
    return [
        (_UnreadLog, 'mmengine.logging.history_buffer.HistoryBuffer'),
        (_unread_method, 'builtins.getattr'),
        *((_Unread, name) for name in names),
    ]


def _weights_of(stored: object, file: Path) -> dict[str, Tensor]:
    if isinstance(stored, dict) and 'state_dict' in stored:
        stored = stored['state_dict']
    if not isinstance(stored, dict) or not stored:
        raise CheckpointError(f'{file} holds no weights')
    odd = [
        str(name)
        for name, value in stored.items()
        if not isinstance(name, str)
        or type(value) not in (Tensor, nn.Parameter)
    ]
    if odd:
        raise CheckpointError(
            f'{file} does not hold weights but {listed("entries", odd)}'
        )
    _check_layout(stored, file)
    _check_size(stored, file)
    return stored


def _check_layout(stored: dict[str, Tensor], file: Path) -> None:
    """Reject tensors that are not plain strided tensors of real numbers."""
    odd = [
        name
        for name, tensor in stored.items()
        if tensor.layout != torch.strided
        or tensor.device.type != 'cpu'
        or tensor.is_quantized
        or tensor.is_nested
        or tensor.is_complex()
        or (tensor.numel() and not tensor.untyped_storage().data_ptr())
    ]
    if odd:
        raise CheckpointError(
            f'{file} has tensors that are sparse, empty or otherwise not '
            f'plain ({listed("such as", odd)})'
        )


def _check_size(stored: dict[str, Tensor], file: Path) -> None:
    """Reject tensors that would take more memory than the file has bytes."""
    budget = file.stat().st_size
    storages = {}
    for name, tensor in stored.items():
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        if tensor.numel() * tensor.element_size() > storage.nbytes():
            raise CheckpointError(
                f'{name} in {file} would expand to {tensor.numel()} values'
            )
    whole = sum(t.numel() * t.element_size() for t in stored.values())
    # Tied weights share their storage.
    if sum(storages.values()) > budget or whole > 4 * budget:
        raise CheckpointError(
            f'{file} has {budget} bytes, its tensors would take {whole}'
        )


def listed(what: str, names: Any, show: int = 5) -> str:
    """List names for a message, in alphabetical order and up to a maximum.

    Args:
        what (str): Text before the names.
        names (Iterable[str]): The names.
        show (int): Maximum number of names to list. Defaults to 5.

    Returns:
        str: The list, with the total if it was shortened; '' if there are no
        names.
    """
    names = sorted(names)
    if not names:
        return ''
    more = f', ... ({len(names)} in all)' if len(names) > show else ''
    return f'{what}: {", ".join(names[:show])}{more}'
