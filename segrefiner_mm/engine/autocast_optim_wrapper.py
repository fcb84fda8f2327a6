"""Mixed precision without loss scaling, on any device."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from torch import nn

from segrefiner_mm.models import half_precision
from segrefiner_mm.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Runs the forward pass in bfloat16; weights and updates stay float32.

    bfloat16 has the range of float32, so no loss scaling is needed. Unlike
    mmengine's ``AmpOptimWrapper``, this class works on CPUs. A processor or a
    GPU without instructions for bfloat16, as in most laptops, would take up to
    200 times as long. There, the forward pass is float32, with a warning in
    the log.

    Args:
        enabled (bool): Whether to use bfloat16. False: float32. Defaults to
            True.
        **kwargs: See :class:`mmengine.optim.OptimWrapper`.
    """

    def __init__(self, enabled: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.enabled = enabled
        self._device = get_device().split(':')[0]
        if enabled and not half_precision.is_fast(
            torch.bfloat16, self._device
        ):
            self.enabled = False
            print_log(
                f'training in float32: this {self._device} would emulate '
                'bfloat16, which is many times slower',
                'current',
                logging.WARNING,
            )

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass under autocast.

        Args:
            model (nn.Module): The model.

        Yields:
            None: While the context is active.
        """
        autocast = torch.autocast(
            self._device, torch.bfloat16, enabled=self.enabled
        )
        with super().optim_context(model), autocast:
            yield
