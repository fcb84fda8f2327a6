"""Results that the user has edited, and results that are damaged."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.cli import main as cli
from tests.helpers import blocky, write_folder


@pytest.fixture
def data(tmp_path):
    folder = write_folder(tmp_path, 2)
    for path in (folder / 'masks').iterdir():
        coarse = blocky(cv2.imread(str(path), 0)) >> 7
        cv2.imwrite(str(path), coarse * 255)
    return folder


def run(data, *options):
    words = 'refine', data / 'images', data / 'masks', '-o', data / 'out'
    common = '--device', 'cpu', '--steps', 1
    return cli.main([str(word) for word in (*words, *common, *options)])


def edit(path):
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    picture[:4, :4] = 255 - picture[:4, :4]
    cv2.imwrite(str(path), picture)
    return path.read_bytes()


def test_an_edited_result_is_kept_and_counts_as_done(data, capsys):
    assert run(data) == 0
    edited = edit(data / 'out' / '000.png')
    capsys.readouterr()
    assert run(data) == 0
    printed = capsys.readouterr()
    assert 'was changed after it was written, and is kept' in printed.err
    assert '2 done before' in printed.out
    assert (data / 'out' / '000.png').read_bytes() == edited


def test_an_edited_result_whose_input_has_changed_is_kept_as_a_failure(
    data, capsys
):
    assert run(data) == 0
    edited = edit(data / 'out' / '000.png')
    edit(data / 'masks' / '000.png')
    capsys.readouterr()
    assert run(data) == 1
    printed = capsys.readouterr()
    assert '--overwrite refines it again' in printed.err
    assert '1 done before, 1 failed' in printed.out
    assert (data / 'out' / '000.png').read_bytes() == edited
    assert run(data, '--overwrite') == 0
    assert (data / 'out' / '000.png').read_bytes() != edited


@pytest.mark.parametrize('kind', ['uint8', 'float32', 'npz'])
def test_an_edited_soft_map_is_kept_and_a_damaged_one_is_made_again(
    data, kind, capsys
):
    options = ('--soft', '--soft-format', kind)
    if kind == 'npz':
        options = ('--labels', '--soft')
        for path in (data / 'masks').iterdir():
            cv2.imwrite(str(path), cv2.imread(str(path), 0) // 100)
    assert run(data, *options) == 0
    [path] = (data / 'out' / 'soft').glob('000.*')
    before = path.read_bytes()
    if path.suffix == '.png':
        edit(path)
    elif path.suffix == '.npy':
        np.save(path, np.load(path) / 2)
    else:
        with np.load(path) as stored:
            np.savez(path, **{key: stored[key] / 2 for key in stored.files})
    edited = path.read_bytes()
    assert edited != before
    assert run(data, *options) == 0
    assert path.read_bytes() == edited
    path.write_bytes(edited[: len(edited) // 2])
    capsys.readouterr()
    assert run(data, *options) == 0
    assert '1 done before' in capsys.readouterr().out
    assert path.read_bytes() == before
