"""Rebuilt files repeat, and are read as what their names say."""

import io
import pickle
import random
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from tests.helpers import ROOT

# After all others, as there is a test.py.
sys.path.append(str(ROOT / 'tools'))

from fuzzing import rebuilt

PREDICTIONS = pickle.dumps(
    [dict(img_path='a.png', pred_instances=dict(masks=[dict(size=[1, 2])]))]
)


def checkpoint():
    stream = io.BytesIO()
    torch.save(dict(state_dict=dict(a=torch.ones(2), b=torch.ones(3))), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ('rebuild', 'content', 'shown'),
    [
        (rebuilt.rebuild_picture, b'', bytes),
        (rebuilt.rebuild_npy, b'', bytes),
        (rebuilt.rebuild_npz, b'', bytes),
        # PyTorch stores addresses as names, and orders by them.
        (rebuilt.rebuild_pickle, PREDICTIONS, len),
        (rebuilt.rebuild_checkpoint, checkpoint(), len),
    ],
    ids=['picture', 'npy', 'npz', 'pickle', 'checkpoint'],
)
def test_a_seed_repeats_its_file(rebuild, content, shown):
    once, again = (
        [shown(rebuild(random.Random(seed), content)) for seed in range(30)]
        for _ in range(2)
    )
    assert once == again
    assert len(set(once)) > 10


def test_pictures_are_whole_and_of_many_kinds():
    kinds = Counter()
    for seed in range(150):
        content = rebuilt.rebuild_picture(random.Random(seed), b'')
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            kinds[picture.format, picture.mode] += 1
    assert {'PNG', 'JPEG', 'TIFF', 'WEBP', 'BMP', 'GIF', 'PPM'} == {
        format_ for format_, _ in kinds
    }
    assert len(kinds) > 20


def test_arrays_are_of_many_kinds():
    seen = [rebuilt.strange_array(random.Random(seed)) for seed in range(200)]
    assert {array.dtype.kind for array in seen} == set('iufbcSUOMV')
    assert {array.ndim for array in seen} == {0, 1, 2, 3, 4}
    assert any(np.isfortran(array) for array in seen)


def test_one_value_of_the_predictions_is_another():
    found = [
        pickle.loads(rebuilt.rebuild_pickle(random.Random(seed), PREDICTIONS))
        for seed in range(40)
    ]
    whole = [part for part in found if isinstance(part, list) and part]
    assert len(whole) > 20
    lost = [p for p in whole if 'img_path' not in str(p[0])]
    assert lost
