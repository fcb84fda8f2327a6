"""Weights files that were made to do harm, or came to it."""

import codecs
import resource
import zipfile

import numpy as np
import pytest
import torch

from segrefiner_mm.errors import CheckpointError
from segrefiner_mm.models.checkpoint import read_state_dict, save_weights


def hostile_contents():
    """Some that are small on the disk, or no plain rows of numbers."""
    one = torch.ones(1)
    deep: list = []
    for _ in range(20_000):
        deep = [deep]
    return {
        'not text': {1: one},
        'expanded': {'a': one.expand(10**5, 10**5)},
        'strides of 0': {'a': one.as_strided((10**10,), (0,))},
        'overlapping': {'a': torch.ones(9).as_strided((10**4, 9), (0, 1))},
        'shared': dict.fromkeys(map(str, range(9999)), torch.ones(9999)),
        'sparse': {'a': torch.eye(3).to_sparse()},
        'huge and sparse': {
            'a': torch.sparse_coo_tensor([[0]], [1.0], (10**10,))
        },
        'rows': {'a': torch.eye(3).to_sparse_csr()},
        'without data': {'a': torch.ones(10**6, 10**4, device='meta')},
        'quantised': {
            'a': torch.quantize_per_tensor(one, 0.1, 0, torch.qint8)
        },
        'complex': {'a': one.to(torch.complex64)},
        'nested': {'a': torch.nested.nested_tensor([one, torch.ones(2)])},
        'deep': {'a': deep},
        'a tensor': one,
        'numpy': {'a': np.ones(3)},
        'not a number': {'head.b': one * float('nan')},
        'infinite': {'head.b': one, 'head.c': one / 0},
        'too large': {'head.b': one.double() * 1e300},
    }


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('kind', hostile_contents())
def test_hostile_contents_are_refused_in_one_line(tmp_path, kind):
    path = tmp_path / 'hostile.pth'
    try:
        torch.save(dict(state_dict=hostile_contents()[kind]), path)
    except RecursionError:
        # Each list of one holds the next.
        path.write_bytes(b'\x80\x02' + b']' * 20_000 + b'a' * 19_999 + b'.')
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match=r'hostile\.pth') as refused:
        read_state_dict(path)
    assert '\n' not in str(refused.value)
    if kind in ('not a number', 'too large'):
        assert 'head.b' in str(refused.value)
    if kind == 'infinite':
        assert 'in: head.c' in str(refused.value)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000  # KiB


class Calls:
    """Pickled as a call of what the unpickler allows."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def hex_of_hex(times):
    value: object = b'a'
    for _ in range(times):
        value = Calls(codecs.encode, value, 'hex')
    return value


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize(
    'value',
    [
        Calls(bytearray, 10**9),
        hex_of_hex(30),
        Calls(torch.Tensor, 10**5, 10**5),
        Calls(torch.Tensor, 10**7, 10**7),
        Calls(np.ndarray, (10**5, 10**5)),
        Calls(np.dtype, 'f8'),
    ],
    ids=['bytes', 'hex', 'a tensor', 'a larger tensor', 'an array', 'a dtype'],
)
def test_what_is_not_stored_takes_no_memory(tmp_path, value):
    path = tmp_path / 'hostile.pth'
    torch.save(dict(state_dict=dict(a=value)), path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match=r'hostile\.pth'):
        read_state_dict(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000


def test_a_state_of_a_dtype_is_not_set(tmp_path):
    """It could put objects where there are numbers, and crash numpy."""

    class State(Calls):
        def __reduce__(self):
            state = (3, '|', None, None, None, 8, 8, 63)
            return np.dtype, ('f8',), state

    weights = {'head.a': torch.ones(1)}
    content = dict(state_dict=weights, best=State(None))
    torch.save(content, tmp_path / 'state.pth')
    assert read_state_dict(tmp_path / 'state.pth').keys() == weights.keys()


def test_compressed_weights_are_refused(tmp_path):
    """A few kilobytes that would become many megabytes."""
    torch.save({'head.a': torch.zeros(2**22)}, tmp_path / 'plain.pth')
    with (
        zipfile.ZipFile(tmp_path / 'plain.pth') as plain,
        zipfile.ZipFile(
            tmp_path / 'bomb.pth', 'w', zipfile.ZIP_DEFLATED
        ) as bomb,
    ):
        for name in plain.namelist():
            bomb.writestr(name, plain.read(name))
    assert (tmp_path / 'bomb.pth').stat().st_size < 2**16
    with pytest.raises(CheckpointError, match=r'bomb\.pth .*would expand'):
        read_state_dict(tmp_path / 'bomb.pth')


@pytest.mark.parametrize('length', [2**63, 2**40, 10**6, 2**24 + 1])
def test_a_table_of_contents_larger_than_the_file(tmp_path, length):
    path = tmp_path / 'odd.safetensors'
    path.write_bytes(length.to_bytes(8, 'little') + b'{"a": {}}' + bytes(50))
    with pytest.raises(CheckpointError, match='table of contents'):
        read_state_dict(path)


def test_tied_weights_are_read(tmp_path):
    """Two names for the same numbers, and a part of them."""
    whole = torch.arange(1000.0)
    weights = {'head.a': whole, 'head.b': whole, 'head.c': whole[10:20]}
    torch.save(weights, tmp_path / 'tied.pth')
    read = read_state_dict(tmp_path / 'tied.pth')
    torch.testing.assert_close(read, weights)


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_damaged_files_give_weights_or_one_line(tmp_path, suffix):
    """Some bytes of a small file are others, are missing, or come twice."""
    rng = np.random.default_rng(3)
    whole = tmp_path / f'whole{suffix}'
    save_weights({f'head.{i}': torch.ones(4, 2) for i in range(5)}, whole)
    content = whole.read_bytes()
    path = tmp_path / f'damaged{suffix}'
    refused = []
    for _ in range(100):
        first, last = np.sort(rng.integers(len(content), size=2))
        middle = [
            bytes(rng.integers(256, size=last - first, dtype=np.uint8))[:8],
            b'',
            content[first:last] * 2,
        ][rng.integers(3)]
        path.write_bytes(content[:first] + middle + content[last:])
        try:
            read_state_dict(path)
        except CheckpointError as error:
            refused.append(str(error))
    assert len(refused) > 50
    assert all(str(path) in line and '\n' not in line for line in refused)
