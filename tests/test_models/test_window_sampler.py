"""What the sampler does to the switches of PyTorch's backends."""

import pytest
import torch

from segrefiner_mm.models import RefineSettings
from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.windows import WindowRequest

CPU = torch.device('cpu')


def switches():
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    return dict(
        multiply=torch.get_float32_matmul_precision(),
        multiply_tf32=cuda.allow_tf32,
        convolve_tf32=cudnn.allow_tf32,
        deterministic=cudnn.deterministic,
        benchmark=cudnn.benchmark,
        enabled=cudnn.enabled,
    )


@pytest.fixture(params=[True, False])
def callers(request):
    """Switches as a caller may have set them."""
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = switches()
    cuda.allow_tf32 = cudnn.allow_tf32 = request.param
    cudnn.deterministic = cudnn.benchmark = request.param
    yield switches()
    torch.set_float32_matmul_precision(before['multiply'])
    cuda.allow_tf32 = before['multiply_tf32']
    cudnn.allow_tf32 = before['convolve_tf32']
    cudnn.deterministic = before['deterministic']
    cudnn.benchmark = before['benchmark']


def run(model, precision):
    """Refine a window; what PyTorch was told while the network ran."""
    settings = RefineSettings.from_cfg(
        dict(num_steps=1, model_size=16, precision=precision)
    )
    normalize = model.data_preprocessor.normalize
    sampler = WindowSampler(model.head, normalize, settings, CPU)
    seen = {}

    def note(*_):
        backends = torch.backends
        seen.update(
            deterministic=backends.cudnn.deterministic,
            benchmark=backends.cudnn.benchmark,
            half=torch.is_autocast_enabled('cpu'),
        )
        if hasattr(backends.cuda.matmul, 'fp32_precision'):
            seen['exact'] = {
                backends.cuda.matmul.fp32_precision,
                backends.cudnn.conv.fp32_precision,
                backends.mkldnn.matmul.fp32_precision,
                backends.mkldnn.conv.fp32_precision,
            } == {'ieee'}
        else:
            flags = backends.cuda.matmul, backends.cudnn
            seen['exact'] = not any(flag.allow_tf32 for flag in flags)

    handle = model.head.denoiser.register_forward_pre_hook(note)
    try:
        image = torch.zeros(3, 16, 16, dtype=torch.uint8)
        coarse = torch.zeros(16, 16, dtype=torch.bool)
        sampler([WindowRequest(image, coarse, (5,))])
    finally:
        handle.remove()
    return seen


def test_float32_is_exact_and_all_else_is_the_callers(tiny_model, callers):
    seen = run(tiny_model, 'fp32')
    assert seen['exact']
    assert not seen['half']
    assert seen['deterministic'] == callers['deterministic']
    assert seen['benchmark'] == callers['benchmark']
    assert switches() == callers


@pytest.mark.filterwarnings('ignore:.*is emulated')
def test_half_precision_leaves_the_switches_alone(tiny_model, callers):
    seen = run(tiny_model, 'bf16')
    assert seen['half']
    assert not seen['exact']
    assert switches() == callers


def test_a_failure_puts_them_back(tiny_model, callers):
    def fail(*_):
        raise KeyError('the network')

    handle = tiny_model.head.denoiser.register_forward_pre_hook(fail)
    try:
        with pytest.raises(KeyError, match='the network'):
            run(tiny_model, 'fp32')
    finally:
        handle.remove()
    assert switches() == callers


def test_float32_within_a_runner_that_tests_in_half(tiny_model):
    with torch.autocast('cpu', torch.bfloat16):
        assert not run(tiny_model, 'fp32')['half']


def test_noise_is_not_of_the_global_generator(tiny_model):
    """Results must not depend on it, nor change what others draw from it."""
    normalize = tiny_model.data_preprocessor.normalize
    noises = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.random.get_rng_state()
        settings = tiny_model.settings(seed=7, model_size=64, num_steps=2)
        sampler = WindowSampler(tiny_model.head, normalize, settings, CPU)
        noises.append(sampler.noise)
        assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(*noises)
