"""Files that ask for a program to be run."""

import json
import os
import pickle
import shutil

import numpy as np
import pytest

from tests.attacks.attack import refused, run, write_pair


class Touches:
    """Unpickled by Python, it makes a file outside."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def as_pickle(folder, content):
    (folder / 'p.pkl').write_bytes(content)
    said = refused(
        folder,
        *('coco', 'p.pkl', '--img-dir', 'img', '-o', 'out/p.pkl'),
        names='p.pkl',
        statuses=(2,),
    )
    assert not (folder / 'out' / 'p.pkl').exists()
    return said


@pytest.mark.parametrize('protocol', range(6))
def test_pickle_with_a_program(folder, protocol):
    marker = folder.parent / 'marker'
    said = as_pickle(folder, pickle.dumps([Touches(marker)], protocol))
    assert 'system' in said
    assert not marker.exists()


def _dtype_state(names, fields, char='|', size=8, flags=63):
    return (3, char, None, names, fields, size, 8, flags)


class _ObjectInside:
    """A data type whose state makes numbers into addresses."""

    def __reduce__(self):
        fields = {'f': (np.dtype('O'), 0)}
        return np.dtype, ('V8', False, True), _dtype_state(('f',), fields)


class _ObjectsAsFloats:
    def __reduce__(self):
        state = (3, '<', None, None, None, -1, -1, 63)
        return np.dtype, ('f8', False, True), state


class _ObjectArray:
    def __reduce__(self):
        made = np.zeros(1).__reduce__()
        types = np.dtype('O')
        return made[0], made[1], (1, (1,), types, False, [print])


@pytest.mark.parametrize(
    'hostile', [_ObjectInside, _ObjectsAsFloats, _ObjectArray]
)
def test_pickle_that_makes_addresses(folder, hostile):
    as_pickle(folder, pickle.dumps([hostile()]))


def test_array_of_pickled_objects(folder):
    marker = folder.parent / 'marker'
    content = np.array([[Touches(marker)]], dtype=object)
    np.save(folder / 'mask' / 'a.npy', content, allow_pickle=True)
    np.savez(folder / 'mask' / 'a.npz', content)
    for name in ('mask/a.npy', 'mask/a.npz'):
        refused(
            folder,
            *('refine', 'img/a.png', name, '-o', 'out/a.png'),
            names=name,
            statuses=(2,),
        )
    assert not marker.exists()


@pytest.mark.parametrize('suffix', ['.json', '.yaml', '.yml'])
def test_config_that_looks_like_data(folder, suffix):
    """What ``type`` names is imported and called with what stands there."""
    write_pair(folder)
    marker = folder.parent / 'marker'
    model = dict(type='os.system', command=f'touch {marker}')
    # Every json is a yaml.
    (folder / f'model{suffix}').write_text(json.dumps(dict(model=model)))
    refused(
        folder,
        *('refine', 'img/a.png', 'mask/a.png', '-o', 'out/a.png'),
        *('--model', f'model{suffix}'),
        names=f'model{suffix}',
        statuses=(2,),
    )
    assert not marker.exists()


@pytest.mark.parametrize('place', ['img', 'mask'])
def test_eps_in_disguise(folder, monkeypatch, place):
    """Pillow hands an EPS to Ghostscript, whatever its name is."""
    marker = folder.parent / 'marker'
    (folder / 'bin').mkdir()
    for name in ('gs', 'gswin32c', 'gswin64c'):
        program = folder / 'bin' / name
        program.write_text(f'#!/bin/sh\ntouch {marker}\n')
        program.chmod(0o755)
    content = (
        '%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n'
        '%%EndComments\nnewpath\n%%EOF\n'
    )
    (folder / place / 'a.jpg').write_text(content)
    pair = ['img/a.png', 'mask/a.png']
    pair[place == 'mask'] = f'{place}/a.jpg'
    paths = f'{folder / "bin"}{os.pathsep}{os.environ["PATH"]}'
    monkeypatch.setenv('PATH', paths)
    refused(
        folder,
        *('refine', *pair, '-o', 'out/a.png'),
        names=f'{place}/a.jpg',
        statuses=(2,),
    )
    assert not marker.exists()


def test_journal_of_wrong_shapes(folder):
    """What its lines say is not believed, and nothing in them is a path."""
    lines = [
        [],
        dict(out=[]),
        dict(out='1.png'),
        dict(out='2.png', settings=7, inputs=3, outputs='x', ours={}),
        dict(out='3.png', inputs=[[]], outputs=[None], ours=[[1], {}]),
        dict(out='../../.profile', inputs=[], outputs=[], ours=['']),
    ]
    for number in range(1, 4):
        for name in ('img', 'mask'):
            shutil.copy(
                folder / name / 'a.png', folder / name / f'{number}.png'
            )
    journal = folder / 'out' / '.segrefiner-run.jsonl'
    journal.parent.mkdir()
    journal.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    outcome = run(folder, 'refine', 'img', 'mask', '-o', 'out', '--steps', 1)
    assert outcome.status == 0, outcome
    assert '4 refined' in outcome.said
    assert outcome.changed == []


def test_deep_journal(folder):
    (folder / 'out').mkdir()
    journal = folder / 'out' / '.segrefiner-run.jsonl'
    journal.write_text('[' * 100_000 + '\n' + '{"out":' * 100_000)
    outcome = run(folder, 'refine', 'img', 'mask', '-o', 'out', '--steps', 1)
    assert outcome.status == 0, outcome
    assert 'Traceback' not in outcome.said
