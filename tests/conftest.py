import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from yapf.yapflib import yapf_api

from segrefiner_mm.models.checkpoint import load_weights
from segrefiner_mm.registry import MODELS, build_child
from tests.helpers import GOLDEN, tiny_model_cfg

# The runtime that is fastest today is not the same in every run. The tests of
# the runtimes name theirs.
os.environ['SEGREFINER_RUNTIME'] = 'torch'


def pytest_configure(config):
    """Fill yapf's cache before processes of pytest-xdist do so at once.

    It is not written atomically, and mmengine formats configs with yapf.
    """
    if not hasattr(config, 'workerinput'):
        yapf_api.FormatCode('warm = 1')


@pytest.fixture(scope='session')
def tiny_model():
    """The golden network, deterministic: the noise is 0.5 everywhere."""
    model = build_child(MODELS, tiny_model_cfg()).eval()
    load_weights(model, GOLDEN / 'tiny_upstream.pth')
    return model


@pytest.fixture(scope='session')
def shared() -> Path:
    """Golden numbers on real photographs, which are not part of the project.

    Set ``SEGREFINER_SHARED`` to the folder that holds them.
    """
    beside = Path(__file__).parents[2] / 'shared'
    folder = Path(os.environ.get('SEGREFINER_SHARED', beside))
    if not (folder / 'golden').is_dir():
        pytest.skip('the real golden numbers are not here')
    return folder / 'golden'


@pytest.fixture
def scene(tmp_path):
    """A drawn photograph-like image, its true mask and a coarse mask."""
    rng = np.random.default_rng(0)
    image = rng.integers(90, 130, (160, 200, 3), dtype=np.uint8)
    true = np.zeros((160, 200), np.uint8)
    cv2.circle(true, (95, 80), 45, 1, -1)
    image[true > 0] //= 2
    coarse = np.roll(true, (5, -6), axis=(0, 1))
    return image, true.astype(bool), coarse.astype(bool)


@pytest.fixture(autouse=True, scope='session')
def _configs_as_they_are():
    """Log and dump configs without laying out their text.

    A runner does that three times, which takes longer than most of what the
    tests have it do. The text stays valid Python.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yapf_api, 'FormatCode', lambda text, **_: (text, False))
        yield


@pytest.fixture(autouse=True)
def _same_random_numbers():
    torch.manual_seed(0)
