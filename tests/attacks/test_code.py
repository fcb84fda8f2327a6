"""Files that are programs, where data are expected."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.helpers import ROOT


class Runs:
    """Pickled, it creates a file when somebody reads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


class StrangeDtype:
    """Pickled, it is a dtype that takes plain bytes for an object."""

    def __reduce__(self):
        fields = {'f': (np.dtype('O'), 0)}
        state = (3, '|', None, ('f',), fields, 8, 1, 0)
        return np.dtype, ('V8', False, True), state


class StrangeArray:
    def __reduce__(self):
        build, args = np.empty(0).__reduce__()[:2]
        return build, args, (1, (1,), StrangeDtype(), False, b'A' * 8)


def predictions_with(masks):
    return [dict(img_path='img/a.png', pred_instances=dict(masks=masks))]


COCO = (
    'coco dets.pkl --img-dir img -o out/new.pkl --model model.py '
    '--weights weights.safetensors --device cpu'
)


@pytest.mark.parametrize('protocol', range(6))
def test_pickle_runs_a_command(place, protocol):
    marker = place.folder.parent / 'owned'
    content = pickle.dumps(predictions_with(Runs(marker)), protocol)
    (place.folder / 'dets.pkl').write_bytes(content)
    place.refuse(COCO, 'dets.pkl', 'system')
    assert not marker.exists()


def test_pickle_runs_a_command_of_the_shell(place):
    """The same as a user starts it, in a process of its own."""
    marker = place.folder.parent / 'owned'
    content = pickle.dumps(predictions_with(Runs(marker)))
    source = place.folder / 'dets.pkl'
    source.write_bytes(content)
    argv = ['coco', source, '--img-dir', place.folder, '-o', place.out / 'x']
    process = subprocess.run(
        [sys.executable, '-m', 'segrefiner_mm', *argv],
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 2
    [line] = process.stderr.splitlines()
    assert line.startswith(f'segrefiner: error: {source}')
    assert not marker.exists()


def test_pickle_makes_a_pointer_of_bytes(place):
    """numpy.dtype.__setstate__ believes the state that it is given."""
    content = pickle.dumps(predictions_with(StrangeArray()))
    (place.folder / 'dets.pkl').write_bytes(content)
    place.refuse(COCO, 'dets.pkl')


def test_checkpoint_runs_a_command(place):
    marker = place.folder.parent / 'owned'
    for zipped in (True, False):
        torch.save(
            dict(state_dict={'a': torch.zeros(1)}, meta=Runs(marker)),
            place.folder / 'weights.pth',
            _use_new_zipfile_serialization=zipped,
        )
        place.refuse(
            'convert weights.pth out/new.safetensors', 'weights.pth', 'system'
        )
        assert not marker.exists()


@pytest.mark.parametrize('name', ['x.yaml', 'x.yml', 'x.json'])
def test_config_that_does_not_look_like_a_program(place, name):
    """The reader of mmengine builds any object, and runs what it inherits."""
    marker = place.folder.parent / 'owned'
    (place.folder / 'base.py').write_text(f'open({str(marker)!r}, "w")\nx=1')
    run = f'!!python/object/apply:os.system ["touch {marker}"]'
    attacks = {'.json': '{"_base_": "base.py", "model": {}}'}
    content = attacks.get(name[1:], f'model: {run}\n')
    (place.folder / name).write_text(content)
    place.refuse(
        f'refine img/a.png masks/mask.png -o out/x.png --model {name}', name
    )
    assert not marker.exists()


def test_array_of_pickled_objects(place):
    marker = place.folder.parent / 'owned'
    array = np.array([[Runs(marker)]], object)
    np.save(place.folder / 'masks' / 'mask.npy', array)
    np.savez(place.folder / 'masks' / 'mask.npz', array)
    for mask in ('masks/mask.npy', 'masks/mask.npz'):
        place.refuse(f'refine img/a.png {mask} -o out/new.png', mask)
    assert not marker.exists()


def test_postscript_that_is_named_a_picture(place, tmp_path):
    """Pillow would start Ghostscript, of which this is a stand-in."""
    marker, programs = tmp_path / 'owned', tmp_path / 'bin'
    programs.mkdir()
    for name in ('gs', 'gswin32c', 'gswin64c'):
        (programs / name).write_text(f'#!/bin/sh\ntouch {marker}\n')
        (programs / name).chmod(0o755)
    image = place.folder / 'img' / 'x.jpg'
    image.write_text(
        '%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n%%EndComments\n'
        f'({marker}) (w) file closefile\n%%EOF\n'
    )
    argv = ['refine', image, place.folder / 'masks/mask.png']
    process = subprocess.run(
        [sys.executable, '-m', 'segrefiner_mm', *argv, '-o', place.out / 'x'],
        env=dict(
            os.environ,
            PYTHONPATH=str(ROOT),
            PATH=f'{programs}:{os.environ["PATH"]}',
        ),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 2
    [line] = process.stderr.splitlines()
    assert line.startswith('segrefiner: error: ')
    assert str(image) in line
    assert not marker.exists()
