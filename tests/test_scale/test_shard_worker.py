"""What the driver of a run chooses for all workers."""

from dataclasses import replace

import pytest

from segrefiner_mm.runtimes.choice import VARIABLE
from segrefiner_mm.scale.shard_worker import chosen_refiner
from tests.test_scale.datasets import refiner


def test_workers_with_gpus_get_no_runtime_of_a_cpu(monkeypatch):
    """The driver, often without a GPU, may prefer one for itself."""
    pytest.importorskip('onnx', reason='onnx is not installed')
    pytest.importorskip('onnxruntime', reason='onnxruntime is not installed')
    monkeypatch.setenv(VARIABLE, 'onnxruntime')
    auto = replace(refiner(), runtime='auto')
    assert chosen_refiner(auto)[0].runtime == 'onnxruntime'
    options, fingerprint = chosen_refiner(auto, on_gpus=True)
    assert options.runtime == fingerprint['runtime'] == 'torch'
    named = replace(auto, runtime='onnxruntime')  # is told by the worker
    assert chosen_refiner(named, on_gpus=True)[0] == named
