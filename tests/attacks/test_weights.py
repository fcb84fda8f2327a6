"""Weights files that would run code, or expand to any size."""

import json
import pickle
import struct

import pytest
import torch

from tests.attacks.attack import refused
from tests.attacks.test_code import Touches


def load(folder, name):
    """By both commands that read weights."""
    pair = 'img/a.png', 'mask/a.png', '-o', 'out/a.png'
    refused(folder, 'convert', name, 'out/w.pth', names=name, statuses=(2,))
    return refused(
        folder, 'refine', *pair, '--weights', name, names=name, statuses=(2,)
    )


@pytest.mark.parametrize('zipped', [True, False])
def test_checkpoint_with_a_program(folder, zipped):
    marker = folder.parent / 'marker'
    content = dict(state_dict=dict(a=torch.ones(2)), meta=Touches(marker))
    torch.save(
        content,
        folder / 'w.pth',
        _use_new_zipfile_serialization=zipped,
    )
    load(folder, 'w.pth')
    (folder / 'plain.pth').write_bytes(pickle.dumps(content['meta']))
    load(folder, 'plain.pth')
    assert not marker.exists()


def test_checkpoint_of_ten_billion_values(folder):
    huge = torch.zeros(1).expand(100_000, 100_000)
    torch.save(dict(state_dict=dict(a=huge)), folder / 'w.pth')
    assert (folder / 'w.pth').stat().st_size < 2000
    assert '10000000000' in load(folder, 'w.pth')


def test_sparse_checkpoint_of_ten_billion_values(folder):
    indices = torch.zeros(2, 1, dtype=torch.long)
    huge = torch.sparse_coo_tensor(indices, torch.ones(1), (10**5, 10**5))
    torch.save(dict(state_dict=dict(a=huge)), folder / 'w.pth')
    load(folder, 'w.pth')


def test_checkpoint_that_shares_its_values(folder):
    """A thousand names of the same megabyte."""
    shared = torch.zeros(2**18)
    named = {f'a{i}': shared for i in range(1000)}
    torch.save(dict(state_dict=named), folder / 'w.pth')
    load(folder, 'w.pth')


@pytest.mark.parametrize(
    'content',
    [{1: torch.ones(2)}, [torch.ones(2)], torch.ones(2), {}, {'a': 1}, 'x'],
    ids=['number', 'list', 'tensor', 'empty', 'no tensor', 'text'],
)
def test_checkpoint_of_another_shape(folder, content):
    torch.save(content, folder / 'w.pth')
    load(folder, 'w.pth')
    torch.save(dict(state_dict=content), folder / 'w.pth')
    load(folder, 'w.pth')


@pytest.mark.parametrize('size', [2**62, 2**40, 2**64 - 1])
def test_safetensors_with_a_huge_header(folder, size):
    content = struct.pack('<Q', size) + b'{}' + bytes(100)
    (folder / 'w.safetensors').write_bytes(content)
    load(folder, 'w.safetensors')


def test_safetensors_of_values_that_are_not_there(folder):
    table = dict(a=dict(dtype='F32', shape=[2**20, 2**20]))
    table['a']['data_offsets'] = [0, 2**42]
    header = json.dumps(table).encode()
    content = struct.pack('<Q', len(header)) + header + bytes(64)
    (folder / 'w.safetensors').write_bytes(content)
    load(folder, 'w.safetensors')
