import torch
from torch import nn

from segrefiner_mm.registry import OPTIM_WRAPPERS, build_child


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


def test_forward_is_bfloat16_and_weights_are_float32():
    result, model = outputs()
    assert result.dtype == torch.bfloat16
    assert model.weight.dtype == torch.float32
    assert outputs(enabled=False)[0].dtype == torch.float32
