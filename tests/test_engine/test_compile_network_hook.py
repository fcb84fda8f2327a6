"""What is compiled learns as what is not."""

import copy
from types import SimpleNamespace

import pytest
import torch

from segrefiner_mm.engine import CompileNetworkHook
from segrefiner_mm.registry import MODELS, build_child
from tests.helpers import tiny_model_cfg
from tests.test_tools.recipes import scalars, train, write_recipe

EXACT = dict(
    optim_wrapper__enabled=False,  # float32
    train_cfg__max_iters=4,
    train_cfg__val_interval=2,
)


@pytest.mark.slow
def test_a_compiled_network_gives_the_same_losses(tmp_path):
    """In front of inductor, which would compile for a minute."""
    hooks = [dict(type='EMAHook', momentum=0.2)]
    runs = []
    for name in ('plain', 'compiled'):
        (tmp_path / name).mkdir()
        config = write_recipe(
            'segrefiner_tiny', tmp_path / name, **EXACT, custom_hooks=hooks
        )
        process = train(config, '--work-dir', tmp_path / name)
        assert process.returncode == 0, process.stderr
        runs.append(scalars(tmp_path / name))
        hooks.append(dict(type='CompileNetworkHook', backend='aot_eager'))
    for plain, compiled in zip(*runs, strict=True):
        assert plain.keys() == compiled.keys()
        for key in plain.keys() & {'loss', 'refine/iou'}:
            assert compiled[key] == pytest.approx(plain[key], rel=1e-4)


@pytest.fixture(params=['DenoiseUNet', 'DenoiseLiteUNet'])
def training(request):
    """A runner with a small model, and a hook that notes compilations."""
    compiled = []

    def backend(graph, _):
        compiled.append(graph)
        return graph.forward

    cfg = tiny_model_cfg()
    if request.param == 'DenoiseLiteUNet':
        cfg['head']['denoiser'] = dict(type=request.param)
    # Batch norm without statistics of its own, which a call would change.
    model = build_child(MODELS, cfg).eval()
    runner = SimpleNamespace(model=model)
    return runner, CompileNetworkHook(backend), compiled


def answer(model):
    """Call the network as the head does."""
    network, side = model.head.denoiser, model.head.denoiser.stride
    images, masks = torch.ones(1, 3, side, side), torch.ones(1, 1, side, side)
    context = network.encode(images, masks)
    return network.decode(context, masks, torch.tensor([3]))


@torch.no_grad()
def test_a_copy_answers_with_its_own_weights(training):
    runner, hook, compiled = training
    plain = answer(runner.model)
    names = list(runner.model.state_dict())
    hook.before_train(runner)
    assert torch.allclose(answer(runner.model), plain, atol=1e-3)
    assert compiled
    assert list(runner.model.state_dict()) == names
    other = copy.deepcopy(runner.model)
    for weight in other.parameters():
        weight.fill_(0.5)
    assert not torch.allclose(answer(other), plain, atol=0.1)
    assert torch.allclose(answer(runner.model), plain, atol=1e-3)


@torch.no_grad()
def test_validation_and_what_comes_after_run_what_is_not_compiled(training):
    runner, hook, compiled = training
    hook.before_train(runner)
    hook.before_val_epoch(runner)
    answer(runner.model)
    assert not compiled
    hook.after_val_epoch(runner)
    answer(runner.model)
    count = len(compiled)
    assert count
    hook.after_train(runner)
    answer(runner.model)
    assert len(compiled) == count
