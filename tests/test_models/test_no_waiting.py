"""The sampler on a device without data, where nothing can be read.

What would make the CPU wait for a GPU is an error here: reading a value back,
an operation whose result has a size that depends on values, and mixing
tensors of two devices.
"""

from contextlib import nullcontext

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from segrefiner_mm.models.model_zoo import config_of, read_config
from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.windows import WindowRequest

META = torch.device('meta')
WAITING = (
    '_local_scalar_dense',
    'equal',
    'is_nonzero',
    'item',
    'masked_select',
    'nonzero',
    'repeat_interleave.Tensor',
    'unique',
)


class NoWaiting(TorchDispatchMode):
    """Refuses to wait; ``moved`` counts copies to the device."""

    def __init__(self):
        super().__init__()
        self.moved = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = str(func).removeprefix('aten.')
        tensors = [
            value
            for value in tree_flatten((args, kwargs or {}))[0]
            if isinstance(value, torch.Tensor)
        ]
        devices = {
            t.device.type for t in tensors if t.device == META or t.dim()
        }
        result = func(*args, **(kwargs or {}))
        after = {
            value.device.type
            for value in tree_flatten(result)[0]
            if isinstance(value, torch.Tensor)
        }
        copies = name.startswith(('_to_copy', 'copy_'))
        if 'meta' in devices:
            if name.startswith(WAITING):
                raise AssertionError(f'{name} waits for the device')
            if 'cpu' in after:
                raise AssertionError(f'{name} reads from the device')
            for tensor in tensors:
                if name.startswith('index') and tensor.dtype == torch.bool:
                    raise AssertionError(f'{name} by a mask waits')
        if len(devices) > 1 and not copies:
            raise AssertionError(f'{name} mixes {sorted(devices)}')
        if devices == {'cpu'} and 'meta' in after:
            self.moved += 1
        return result


def test_what_waits_is_caught():
    there = torch.ones(4, device=META)
    for waiting in (
        lambda: there + torch.ones(4),
        there.nonzero,
        lambda: there[there > 0],
        lambda: bool(there.any()),
        lambda: torch.where(there > 0, torch.ones(4), there),
        lambda: there.cpu(),
        lambda: there.max().item(),
    ):
        with pytest.raises((AssertionError, RuntimeError)), NoWaiting():
            waiting()
    with NoWaiting():
        there.sum()


@pytest.mark.parametrize(
    'name', ['segrefiner-lite', 'segrefiner-tiny', 'segrefiner-lr']
)
@pytest.mark.parametrize('until', [-1, 0])
def test_a_batch_runs_without_a_wait(name, until, monkeypatch):
    """From two copies to the device to the answers on it."""
    # PyTorch has no autocast on this device, not even one that is off.
    monkeypatch.setattr(WindowSampler, '_precision', lambda _: nullcontext())
    with META:
        model = build_child(MODELS, read_config(config_of(name)).model)
    model = model.eval().to(META)
    settings = model.settings(precision='fp32', model_size=64)
    normalize = model.data_preprocessor.normalize
    sampler = WindowSampler(model.head, normalize, settings, META)
    requests = [
        WindowRequest(
            torch.zeros(3, 64, 64, dtype=dtype),
            torch.zeros(64, 64, dtype=torch.bool),
            (5, 3, 0)[: 3 if until < 0 else 2],
            until,
        )
        for dtype in (torch.uint8, torch.float32)
    ]
    with NoWaiting() as mode:
        collect = sampler.submit(requests)
    assert mode.moved == 2
    with pytest.raises(NotImplementedError, match='no data'):
        collect()  # this alone reads
