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
    the network as it is, since its windows vary in number; so do a copy of
    the network, and the network after the training. Names of weights stay.

    Args:
        backend (str): See ``torch.compile``. Defaults to 'inductor'.
    """

    # After hooks that copy the model, such as EMAHook.
    priority = 'VERY_LOW'

    def __init__(self, backend: str = 'inductor') -> None:
        self.backend = backend
        self._compiled: Any = None

    def before_train(self, runner: Runner) -> None:
        """Compile, once everything else is in place.

        Args:
            runner (Runner): Of the training; its model has ``head.denoiser``.
        """
        network = _network_of(runner)
        network.to(memory_format=torch.channels_last)
        network.compile(dynamic=False, backend=self.backend)
        self._compiled = network._compiled_call_impl

    def before_val_epoch(self, runner: Runner) -> None:
        """Run the network as it is."""
        _network_of(runner)._compiled_call_impl = None

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Train with the compiled network again."""
        _network_of(runner)._compiled_call_impl = self._compiled

    def after_train(self, runner: Runner) -> None:
        """Leave the network as it was found."""
        _network_of(runner)._compiled_call_impl = self._compiled = None


def _network_of(runner: Runner) -> Any:
    model = runner.model
    model = model.module if is_model_wrapper(model) else model
    return model.head.denoiser
