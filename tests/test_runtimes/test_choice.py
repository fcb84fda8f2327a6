"""Which runtime is used, and that all of them refine alike."""

import copy
import json
import logging
import sys
import warnings

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from segrefiner_mm.apis import RefinerOptions, SegRefinerInferencer
from segrefiner_mm.errors import InputError
from segrefiner_mm.models import half_precision
from segrefiner_mm.models.checkpoint import read_state_dict
from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.runtimes import use_runtime
from segrefiner_mm.runtimes.graph_denoiser import GraphDenoiser
from segrefiner_mm.runtimes.torch_denoiser import TorchDenoiser
from tests.helpers import ROOT, blocky, draw_object, iou

OTHERS = ['onnxruntime', 'openvino']


def scenes():
    """The photograph of the demo, and drawn objects with stair edges."""
    image, mask = (
        cv2.imread(str(ROOT / 'demo' / name))
        for name in ('coffee.jpg', 'coffee_coarse.png')
    )
    yield image, mask[..., 0] > 127
    rng = np.random.default_rng(0)
    for _ in range(3):
        image, mask = draw_object(rng, 240, 320)
        yield image, blocky(mask).astype(bool)


@pytest.fixture
def log(caplog):
    """What is logged; a user sees it on the terminal."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO, logger.name)
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.fixture
def both():
    for package in ('onnx', *OTHERS):
        pytest.importorskip(package)


@pytest.mark.parametrize('runtime', ['torch', *OTHERS])
def test_masks_are_those_of_the_module(runtime):
    pytest.importorskip(runtime)
    refiner = SegRefinerInferencer(device='cpu', runtime=runtime)
    assert refiner.runtime == runtime
    images, coarse = map(list, zip(*scenes(), strict=True))
    results = []
    for _ in range(2):
        results.append(refiner(images, coarse, guard=False)['predictions'])
        refiner.model.runtime = None  # the module itself
    for ours, plain, mask in zip(*results, coarse, strict=True):
        [ours_mask], [plain_mask] = ours['masks'], plain['masks']
        assert iou(ours_mask, plain_mask) >= 0.999
        assert iou(plain_mask, mask) < 0.99  # there was something to do
        assert ours['verdicts'] == plain['verdicts']
        error = np.abs(ours['confidence'] - plain['confidence'])
        assert error.max() < 1e-3


def test_auto_measures_once(lite, both, cache, log):
    first = use_runtime(lite)
    assert set(first.seconds) == {'torch', *OTHERS}
    best = min(first.seconds, key=first.seconds.get)
    if first.seconds[best] <= 0.9 * first.seconds['torch']:
        assert first.name == best
    else:
        assert first.name == 'torch'
    assert log.text.count('choosing the fastest') == 1
    assert use_runtime(lite) == first
    assert log.text.count('choosing the fastest') == 1
    [kept] = (cache / 'runtimes').iterdir()
    assert json.loads(kept.read_text())['runtime'] == first.name


@pytest.mark.parametrize(
    'content', ['', '{', '[]', '{"runtime": "rm"}', '{"runtime": "torch"}']
)
def test_a_damaged_choice_is_made_again(lite, both, cache, content):
    first = use_runtime(lite)
    [kept] = (cache / 'runtimes').iterdir()
    kept.write_text(content)
    assert set(use_runtime(lite).seconds) == set(first.seconds)
    assert set(json.loads(kept.read_text())['seconds']) == set(first.seconds)


@pytest.mark.parametrize('runtime', OTHERS)
def test_a_damaged_export_is_made_again(lite, cache, runtime):
    pytest.importorskip(runtime)
    use_runtime(lite, runtime)
    [export] = (cache / 'exports').iterdir()
    step = export / 'step.onnx'
    whole = step.read_bytes()
    step.write_bytes(whole[: len(whole) // 2])
    use_runtime(lite, runtime)
    assert isinstance(lite.runtime, GraphDenoiser)
    assert len(step.read_bytes()) == len(whole)


def test_without_a_writable_cache(lite, cache):
    pytest.importorskip('onnxruntime')
    cache.parent.write_text('a file where the folder should be')
    assert use_runtime(lite, 'onnxruntime').name == 'onnxruntime'


def test_without_other_packages_it_is_torch(lite, monkeypatch, cache):
    for package in OTHERS:
        monkeypatch.setitem(sys.modules, package, None)
    assert use_runtime(lite).name == 'torch'
    assert isinstance(lite.runtime, TorchDenoiser)
    assert not cache.exists()


@pytest.mark.parametrize(
    ('missing', 'runtime', 'extra'),
    [
        ('onnxruntime', 'onnxruntime', 'onnx'),
        ('openvino', 'openvino', 'openvino'),
        ('onnx', 'openvino', 'openvino'),
    ],
)
def test_a_missing_package(lite, monkeypatch, missing, runtime, extra):
    for package in {missing, runtime} - {missing}:
        pytest.importorskip(package)
    monkeypatch.setitem(sys.modules, missing, None)
    match = rf"{missing} is not installed.*'segrefiner_mm\[{extra}\]'"
    with pytest.raises(InputError, match=match):
        use_runtime(lite, runtime)


def test_an_unknown_runtime(lite, monkeypatch):
    with pytest.raises(InputError, match=r"torch, .*got 'tensorrt'"):
        use_runtime(lite, 'tensorrt')
    monkeypatch.setenv('SEGREFINER_RUNTIME', 'cuda')
    with pytest.raises(InputError, match=r"SEGREFINER_RUNTIME .*got 'cuda'"):
        use_runtime(lite)


def test_the_environment_decides_for_auto_alone(lite, monkeypatch):
    monkeypatch.setenv('SEGREFINER_RUNTIME', 'torch')
    assert use_runtime(lite).name == 'torch'
    pytest.importorskip('onnxruntime')
    assert use_runtime(lite, 'onnxruntime').name == 'onnxruntime'


def test_another_device_than_the_cpu_is_left_to_torch(tiny_model, monkeypatch):
    model = copy.deepcopy(tiny_model).to('meta')  # as a GPU is not the CPU
    assert use_runtime(model).name == 'torch'
    assert model.runtime is None
    monkeypatch.setenv('SEGREFINER_RUNTIME', 'onnxruntime')
    assert use_runtime(model).name == 'torch'
    with pytest.raises(InputError, match='onnxruntime runs on the CPU'):
        use_runtime(model, 'onnxruntime')


def test_new_weights_end_it(lite):
    use_runtime(lite, 'torch')
    assert lite.runtime is not None
    lite.load_state_dict(read_state_dict('segrefiner-lite'))
    assert lite.runtime is None


def test_a_journal_tells_runtimes_apart():
    pytest.importorskip('onnxruntime')
    prints = [
        Refiner(RefinerOptions(device='cpu', runtime=runtime)).fingerprint()
        for runtime in ('torch', 'onnxruntime')
    ]
    assert [p.pop('runtime') for p in prints] == ['torch', 'onnxruntime']
    assert prints[0] == prints[1]


def test_bfloat16_is_openvinos_own(lite, monkeypatch):
    """On a processor without it, OpenVINO computes in float32 after all."""
    pytest.importorskip('openvino')
    model = copy.deepcopy(lite)
    use_runtime(model, 'openvino')
    assert isinstance(model.runtime, GraphDenoiser)
    half = model.runtime.in_bfloat16()
    assert isinstance(half, GraphDenoiser)
    assert model.runtime.in_bfloat16() is half  # loaded once
    assert half.in_bfloat16() is None
    settings = model.settings(precision='bf16', num_steps=1, model_size=128)
    monkeypatch.setattr(half_precision, 'is_fast', lambda *_: False)
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # PyTorch emulates nothing here
        sampler = sampler_of(model, settings)
    assert sampler.denoiser is half
    assert sampler.dtype is None  # no autocast around it


def test_masks_in_bfloat16_are_close_to_those_in_float32():
    """The lowest IoU on 22 photographs is 0.99; see docs/performance.md."""
    pytest.importorskip('openvino')
    refiner = SegRefinerInferencer(device='cpu', runtime='openvino')
    for image, coarse in scenes():
        exact, half = (
            refiner(image, coarse, precision=precision)['predictions'][0]
            for precision in ('fp32', 'bf16')
        )
        assert half['verdicts'] == exact['verdicts']
        assert iou(half['masks'][0], exact['masks'][0]) >= 0.98


def sampler_of(model, settings):
    return WindowSampler(
        model.head,
        model.data_preprocessor.normalize,
        settings,
        model.device,
        model.runtime,
    )


def test_onnx_runtime_leaves_bfloat16_to_pytorch(lite, monkeypatch):
    pytest.importorskip('onnxruntime')
    model = copy.deepcopy(lite)
    use_runtime(model, 'onnxruntime')
    assert model.runtime.in_bfloat16() is None
    monkeypatch.setattr(half_precision, 'is_fast', lambda *_: True)
    settings = model.settings(precision='bf16')
    with pytest.warns(UserWarning, match='PyTorch runs the network instead'):
        sampler = sampler_of(model, settings)
    assert sampler.denoiser is None
    assert sampler.dtype == torch.bfloat16
