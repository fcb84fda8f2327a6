"""Pickles of predictions: what is plain comes back, all else is refused."""

import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.formats.det_pickle import DetPickle
from segrefiner_mm.io.formats.safe_pickle import load_pickle

ARRAYS = [
    np.arange(12.0).reshape(3, 4),
    np.asfortranarray(np.arange(12).reshape(3, 4)),
    np.arange(20).reshape(4, 5)[:, ::2],
    np.zeros((0, 3)),
    np.array(5),
    np.arange(5, dtype='>i2'),
    np.zeros((2, 3), bool),
    np.array(['a', 'bc']),
    np.float32(3.5),
    np.int64(4),
]
TENSORS = [
    torch.arange(12.0).reshape(3, 4),
    torch.zeros(2, 5, 5, dtype=torch.bool),
    torch.arange(12).reshape(3, 4).t(),
    torch.arange(10)[3:7],
    torch.zeros(0, 4),
    torch.tensor(3.0),
    torch.arange(6).bfloat16(),
]


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_is_plain_comes_back(tmp_path, protocol):
    path = tmp_path / 'a.pkl'
    content = dict(
        arrays=ARRAYS,
        tensors=TENSORS,
        others=[OrderedDict(x=1), torch.Size([1]), b'\xff', (1, 2.5, 'ü')],
        device=torch.device('cpu'),
    )
    path.write_bytes(pickle.dumps(content, protocol))
    loaded = load_pickle(path)
    # As mmdet's tools read it, with pickle alone.
    for found in (loaded, pickle.loads(pickle.dumps(loaded))):
        assert found['others'] == content['others']
        for one, other in zip(ARRAYS, found['arrays'], strict=True):
            np.testing.assert_array_equal(one, other)
            assert other.dtype.newbyteorder('=') == one.dtype.newbyteorder('=')
        for one, other in zip(TENSORS, found['tensors'], strict=True):
            assert torch.equal(one, other)
            assert one.dtype == other.dtype


class Call:
    """Is pickled as a call of anything, with a state to set."""

    def __init__(self, function, *args, state=None):
        self.parts = (function, args, state)

    def __reduce__(self):
        function, args, state = self.parts
        return (function, args) if state is None else (function, args, state)


def typed(name, *state):
    """A data type that is told what it is by a state."""
    return Call(np.dtype, name, False, True, state=state)


def array(dtype, shape, content):
    kinds = np._core.multiarray._reconstruct
    state = (1, shape, dtype, False, content)
    return Call(kinds, np.ndarray, (0,), b'b', state=state)


# The function that pickles of numbers name.
SCALAR = np.float64(1).__reduce__()[0]
DOUBLE = typed('f8', 3, '<', None, None, None, -1, -1, 0)
STORAGE = torch.zeros(4)._typed_storage()
REBUILD = torch._utils._rebuild_tensor_v2
EVIL = {
    'objects': typed('O', 3, '|', None, None, None, -1, -1, 63),
    'objects by a state': typed('f8', 3, '|', None, None, None, 8, 8, 63),
    'fields': typed('f8', 3, '|', None, ('a',), {'a': 1}, 8, 8, 63),
    'a subarray': typed('f8', 3, '|', (8, 9), None, None, 8, 8, 0),
    'records': typed('V8', 3, '|', None, None, None, 8, 1, 0),
    'no state': typed('f8', 1),
    'a larger shape': array(DOUBLE, (9,), b'12345678'),
    'a negative shape': array(DOUBLE, (-1,), b'12345678'),
    'a type that is none': array('f8', (1,), b'12345678'),
    'a list of objects': array(DOUBLE, (1,), [object]),
    'memory as it is': Call(np.ndarray, (9,)),
    'an object of its own': array(DOUBLE, (1,), None),
    'a scalar of none': Call(SCALAR, DOUBLE, b'1'),
    'beyond its storage': Call(REBUILD, STORAGE, 0, (9,), (1,), False, {}),
    'behind its storage': Call(REBUILD, STORAGE, -1, (2,), (1,), False, {}),
    'a bomb': Call(REBUILD, STORAGE, 0, (10**10,), (0,), False, {}),
    'no storage': Call(REBUILD, b'1234', 0, (1,), (1,), False, {}),
    'code': Call(print, 'pwned'),
    'code in a storage': Call(
        torch.storage._load_from_bytes, pickle.dumps(Call(print, 'pwned'))
    ),
}


@pytest.mark.parametrize('name', EVIL)
def test_what_is_not_plain_is_refused(tmp_path, capsys, name):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps([EVIL[name]]))
    with pytest.raises(InputError, match=r'a\.pkl is not a pickle of'):
        load_pickle(path)
    assert 'pwned' not in capsys.readouterr().out


def test_other_codecs_and_depth(tmp_path):
    path = tmp_path / 'a.pkl'
    path.write_bytes(b'\x80\x02' + b']' * 99_999 + b'a' * 99_998 + b'.')
    with pytest.raises(InputError, match='nested too deeply'):
        load_pickle(path)
    path.write_bytes(b'c_codecs\nencode\n(Vx\nVbz2\ntR.')
    with pytest.raises(InputError, match="a text in 'bz2'"):
        load_pickle(path)
    with pytest.raises(InputError, match='cannot read'):
        load_pickle(tmp_path / 'gone.pkl')


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ({}, 'does not hold a list'),
        ([None], 'result 0 has no masks'),
        ([{}], 'result 0 has no masks'),
        ([dict(pred_instances=[])], 'result 0 has no masks'),
        ([dict(pred_instances=dict(masks=None))], 'its masks are null'),
        ([dict(pred_instances=dict(masks=[3]))], 'not run-length encodings'),
        (
            [dict(pred_instances=dict(masks=torch.zeros(1, 2, 3)))],
            r'torch.float32 of 1 x 2 x 3, not bool',
        ),
        (
            [dict(pred_instances=dict(masks=torch.ones(2, 2).bool()))],
            r'torch.bool of 2 x 2, not bool, N x H x W',
        ),
    ],
)
def test_other_contents(tmp_path, content, reason):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match=reason):
        DetPickle(path)


def test_names_and_sizes_that_are_none(tmp_path):
    rle = dict(size=[2, 2], counts=b'04')
    own = dict(pred_instances=dict(masks=[rle]))
    path = tmp_path / 'a.pkl'
    path.write_bytes(
        pickle.dumps(
            [
                dict(own, img_path=3),
                dict(own, img_path='a', ori_shape=(0, 3)),
                dict(own, img_path='a', ori_shape=(2.0, 3, 3)),
                dict(pred_instances=dict(masks=np.ones((1, 2, 2), bool))),
            ]
        )
    )
    entries = list(DetPickle(path).images())
    assert [bool(entry.problem) for entry in entries] == [True, True, 0, 0]
    assert entries[2].size == (2, 3)
    assert entries[3].name is None
