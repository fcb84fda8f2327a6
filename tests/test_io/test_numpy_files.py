"""Arrays that numpy has written, and files that only look as if."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.numpy_files import read_array

MASK = np.random.default_rng(0).random((5, 7)) > 0.5


@pytest.mark.parametrize(
    'array',
    [
        MASK,
        MASK.astype(np.uint8) * 255,
        MASK.astype(np.float32),
        MASK.astype('>i4'),
        np.asfortranarray(MASK),
        np.stack([MASK, ~MASK]),
        np.asfortranarray(np.stack([MASK, ~MASK])),
    ],
)
def test_arrays_come_back(tmp_path, array):
    np.save(tmp_path / 'a.npy', array)
    np.savez(tmp_path / 'a.npz', array)
    np.savez_compressed(tmp_path / 'b.npz', mask=array)
    for name in ('a.npy', 'a.npz', 'b.npz'):
        np.testing.assert_array_equal(read_array(tmp_path / name), array)


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), 'w')


@pytest.mark.parametrize('wrapped', [True, False])
def test_no_pickle_is_read(tmp_path, wrapped):
    traces = tmp_path / 'traces'
    path = tmp_path / 'a.npy'
    if wrapped:
        np.save(path, np.array([[Evil(traces)]], object), allow_pickle=True)
    else:
        path.write_bytes(pickle.dumps(Evil(traces)))
    with pytest.raises(InputError, match=r'a\.npy'):
        read_array(path)
    assert not traces.exists()


def header_of(shape, descr='|u1'):
    content = io.BytesIO()
    header = dict(shape=shape, fortran_order=False, descr=descr)
    np.lib.format.write_array_header_1_0(content, header)
    return content.getvalue()


@pytest.mark.parametrize('shape', [(2**20, 2**20), (2**40, 1), (9, 2**30, 9)])
def test_sizes_are_checked_before_anything_is_read(tmp_path, shape):
    """118 bytes that ask for a terabyte."""
    (tmp_path / 'a.npy').write_bytes(header_of(shape))
    with zipfile.ZipFile(tmp_path / 'a.npz', 'w') as archive:
        archive.writestr('arr_0.npy', header_of(shape))
    for name in ('a.npy', 'a.npz'):
        with pytest.raises(InputError, match=rf'{name} is .* allowed'):
            read_array(tmp_path / name)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (header_of((5, 7)) + b'123', 'its end is missing'),
        (header_of((5,)) + b'12345', 'must be'),
        (header_of((0, 7)), 'must be'),
        (header_of((-5, -7)), 'must be'),
        (header_of((1, 1), '<M8[s]') + b'12345678', 'does not hold numbers'),
        (header_of((1, 1), '<c16') + b'1' * 16, 'does not hold numbers'),
        (b'', 'cannot read'),
        (b'\x93NUMPY\x01\x00\xff\xff{', 'cannot read'),
        (b'\x93NUMPY\x01\x00\x10\x00' + b'(' * 16, 'cannot read'),
    ],
)
def test_mistakes_are_named(tmp_path, content, message):
    (tmp_path / 'a.npy').write_bytes(content)
    with pytest.raises(InputError, match=rf'a\.npy.*{message}|{message}.*npy'):
        read_array(tmp_path / 'a.npy')


def test_several_arrays_are_not_guessed_from(tmp_path):
    np.savez(tmp_path / 'a.npz', first=MASK, second=MASK)
    with pytest.raises(InputError, match=r'it has 2 \(first, second\)'):
        read_array(tmp_path / 'a.npz')
    (tmp_path / 'a.npz').write_bytes(b'PK\x03\x04 cut')
    with pytest.raises(InputError, match=r'cannot read .*a\.npz'):
        read_array(tmp_path / 'a.npz')
    with pytest.raises(InputError, match='no such file'):
        read_array(tmp_path / 'b.npz')
