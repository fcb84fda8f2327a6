"""Mixed precision without loss scaling, on any device."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import nn

from segrefiner_mm.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Runs the forward pass in bfloat16; weights and updates stay float32.

    bfloat16 has the range of float32, so no loss scaling is needed, and it
    works on CPUs, where mmengine's ``AmpOptimWrapper`` does not.

    Args:
        enabled (bool): Whether to use it; False is plain float32. Defaults
            to True.
        **kwargs: See :class:`mmengine.optim.OptimWrapper`.
    """

    def __init__(self, enabled: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.enabled = enabled

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast around the forward pass."""
        device = get_device().split(':')[0]
        autocast = torch.autocast(device, torch.bfloat16, enabled=self.enabled)
        with super().optim_context(model), autocast:
            yield
