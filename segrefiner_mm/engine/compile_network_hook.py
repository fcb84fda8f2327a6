"""Compiles the network for training."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from segrefiner_mm.registry import HOOKS


@HOOKS.register_module()
class CompileNetworkHook(Hook):
    """Compiles the network with ``torch.compile`` and lays it out by channels.

    Training a small network on a CPU is nearly twice as fast then. The first
    iteration takes a minute or two, and needs a C++ compiler. Validation runs
    the network as it is, since its windows vary in number. Names of weights
    stay.

    Args:
        backend (str): See ``torch.compile``. Defaults to 'inductor'.
    """

    # After hooks that copy the model, such as EMAHook.
    priority = 'VERY_LOW'

    def __init__(self, backend: str = 'inductor') -> None:
        self.backend = backend

    def before_train(self, runner: Runner) -> None:
        """Compile, once everything else is in place.

        Args:
            runner (Runner): Of the training; its model has ``head.denoiser``.
        """
        model = runner.model
        network = (model.module if is_model_wrapper(model) else model).head
        network = network.denoiser.to(memory_format=torch.channels_last)
        plain = network.forward
        compiled = torch.compile(plain, dynamic=False, backend=self.backend)

        def forward(*args: Any, **kwargs: Any) -> Any:
            chosen = compiled if network.training else plain
            return chosen(*args, **kwargs)

        network.forward = forward
