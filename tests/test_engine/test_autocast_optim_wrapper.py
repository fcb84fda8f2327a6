"""Both kinds of processor, whatever the one at hand can do."""

import logging

import pytest
import torch
from mmengine.logging import MMLogger
from torch import nn

from segrefiner_mm.models import half_precision
from segrefiner_mm.registry import OPTIM_WRAPPERS, build_child


@pytest.fixture
def processor(monkeypatch):
    """Sets whether the processor has bfloat16."""

    def has_bfloat16(answer):
        monkeypatch.setattr(half_precision, 'is_fast', lambda *_: answer)

    return has_bfloat16


def outputs(**settings):
    model = nn.Linear(4, 4)
    wrapper = build_child(
        OPTIM_WRAPPERS,
        dict(
            type='AutocastOptimWrapper',
            optimizer=torch.optim.SGD(model.parameters(), 0.1),
            **settings,
        ),
    )
    with wrapper.optim_context(model):
        result = model(torch.ones(2, 4))
    wrapper.update_params(result.float().sum())
    return result, model


@pytest.fixture
def log():
    """Warnings that mmengine logs."""
    lines = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def test_forward_is_bfloat16_and_weights_are_float32(processor, log):
    processor(True)
    result, model = outputs()
    assert result.dtype == torch.bfloat16
    assert model.weight.dtype == torch.float32
    assert outputs(enabled=False)[0].dtype == torch.float32
    assert not log


def test_where_bfloat16_is_emulated_training_is_float32(processor, log):
    processor(False)
    assert outputs()[0].dtype == torch.float32
    [line] = log
    assert line.startswith('training in float32: this cpu would emulate')
    assert outputs(enabled=False)[0].dtype == torch.float32
    assert len(log) == 1
