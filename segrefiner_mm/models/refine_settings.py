"""Settings of refinement: the checked ``test_cfg`` of :class:`SegRefiner`."""

import math
import warnings
from dataclasses import dataclass, fields, replace
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from segrefiner_mm.models import half_precision
from segrefiner_mm.registry import TASK_UTILS, build_child
from segrefiner_mm.windows import (
    CompactMask,
    DoNoHarmGuard,
    Only,
    Plan,
    RefineTask,
    WindowPlan,
    completed,
)

PRECISIONS: dict[str, torch.dtype | None] = {
    'fp32': None,
    'bf16': torch.bfloat16,
    'fp16': torch.float16,
}


@dataclass(frozen=True)
class RefineSettings:
    """Settings of one refinement run.

    Attributes:
        windows (dict | WindowPlan, optional): Window plan. Defaults to None:
            ``ObjectWindows`` as published.
        model_size (int): Side of the square that the network sees, in pixels,
            a multiple of the network's stride. Defaults to 256.
        batch_size (int): Maximum number of windows per forward pass; not used
            on a CPU, which runs one window at a time. Defaults to 32.
        num_steps (int, optional): Number of reverse steps, 1 to the length T
            of the chain. Defaults to None: T.
        edge_reach (int): Pixels of a window within this many rows and columns
            of the edges of both the first and the last step are taken from
            the first, whose edges are sharper; 0 or more. Defaults to 0: the
            last step is used everywhere, as published.
        seed (int, optional): Seed of the noise, 0 to 2**63 - 1. None: no
            noise, which gives another deterministic result. Defaults to 0.
        precision (str): ``'fp32'``, ``'bf16'``, ``'fp16'``, or ``'auto'``:
            bfloat16 on a CUDA device that supports it, else float32, so that
            a result does not depend on the processor. A precision that the
            device would emulate causes a warning. Defaults to 'auto'.
        guard (dict | DoNoHarmGuard, optional): Guard that may keep a mask or
            roll back a refinement. Defaults to None: the plain algorithm.
        soft (bool): Whether results have a soft map, :class:`SoftMap`.
            Defaults to False.
        temperature (float): Divisor of the log-odds in soft maps, which
            calibrates their probabilities and leaves 0.5 unchanged; more than
            0. Defaults to 1: no change.
        keep_probs (bool): Whether results keep ``probs`` of
            :class:`RefinedMask`, 4 bytes per pixel of a window. Defaults to
            False.
    """

    windows: Any = None
    model_size: int = 256
    batch_size: int = 32
    num_steps: int | None = None
    edge_reach: int = 0
    seed: int | None = 0
    precision: str = 'auto'
    guard: Any = None
    soft: bool = False
    temperature: float = 1.0
    keep_probs: bool = False

    @classmethod
    def from_cfg(
        cls, cfg: dict[str, Any] | None, **overrides: Any
    ) -> 'RefineSettings':
        """Build settings from a config, then replace some of them.

        Args:
            cfg (dict, optional): ``test_cfg`` of a model.
            **overrides: Settings that override the config.

        Returns:
            RefineSettings: With the window plan and the guard built.

        Raises:
            ValueError: If a setting is unknown, or its value is invalid.
            KeyError: If the type of the plan or the guard is not registered.
            TypeError: If the plan or the guard does not take an argument, or
                a value has the wrong type.
        """
        given = {**(cfg or {}), **overrides}
        known = {field.name for field in fields(cls)}
        if unknown := sorted(given.keys() - known):
            raise ValueError(
                f'unknown settings {unknown}; known are {sorted(known)}'
            )
        settings = cls(**given)
        plan = settings.windows or dict(type='ObjectWindows')
        settings = replace(
            settings,
            windows=build_child(TASK_UTILS, plan),
            guard=build_child(TASK_UTILS, settings.guard),
        )
        settings._check()
        return settings

    def _check(self) -> None:
        if not isinstance(self.windows, WindowPlan):
            raise ValueError(f'not a window plan: {self.windows!r}')
        lowest = dict(model_size=1, batch_size=1, num_steps=1, edge_reach=0)
        for name in (*lowest, 'seed'):
            value = getattr(self, name)
            if value is None and name in ('num_steps', 'seed'):
                continue
            if not isinstance(value, Integral) or isinstance(value, bool):
                raise ValueError(f'{name} must be an integer, got {value!r}')
            if name in lowest and value < lowest[name]:
                raise ValueError(
                    f'{name} must be >= {lowest[name]}, got {value}'
                )
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise ValueError(f'seed must be 0 to 2**63 - 1, got {self.seed}')
        if not isinstance(self.guard, (DoNoHarmGuard, type(None))):
            raise ValueError(f'not a guard: {self.guard!r}')
        if not 0.0 < self.temperature < math.inf:
            raise ValueError(f'temperature must be > 0: {self.temperature}')
        if self.precision not in ('auto', *PRECISIONS):
            raise ValueError(
                f'precision must be auto, {", ".join(PRECISIONS)}, '
                f'got {self.precision!r}'
            )

    def plan(
        self,
        image: Tensor,
        mask: CompactMask,
        timesteps: tuple[int, ...],
        only: Only | None = None,
    ) -> Plan:
        """Plan the refinement of a mask, with the guard if there is one.

        Args:
            image (Tensor): (3, H, W) uint8.
            mask (CompactMask): Coarse mask of the same H and W.
            timesteps (tuple[int, ...]): Timesteps to run, descending.
            only (CompactMask | str, optional): The part that may change; see
                :class:`RefineJob`. Defaults to None: the whole image.

        Returns:
            Generator: The coroutine; see :meth:`WindowPlan.refine`. It raises
            an InputError if ``only`` is ``'errors'`` and the network predicts
            no errors.
        """
        temperature = self.temperature if self.soft else None
        task = RefineTask(
            image, mask, timesteps, self.model_size, temperature, only
        )
        plan: Plan
        if self.guard is None:
            plan = self.windows.refine(task)
        else:
            plan = self.guard.refine(self.windows, task)
        plan = completed(plan, task)
        return plan if self.keep_probs else _without_probs(plan)

    def dtype(self, device: torch.device) -> torch.dtype | None:
        """Return the half precision that is asked for.

        Args:
            device (torch.device): Device to compute on.

        Returns:
            torch.dtype | None: The dtype; None for float32.
        """
        if self.precision != 'auto':
            return PRECISIONS[self.precision]
        if device.type != 'cuda':
            return None
        fast = half_precision.is_fast(torch.bfloat16, device)
        return torch.bfloat16 if fast else None

    def autocast_dtype(self, device: torch.device) -> torch.dtype | None:
        """Return the dtype in which PyTorch computes.

        A ``UserWarning`` is issued if the device would emulate it.

        Args:
            device (torch.device): Device to compute on.

        Returns:
            torch.dtype | None: The dtype for autocast; None for float32,
            without autocast.
        """
        dtype = self.dtype(device)
        if dtype is not None and not half_precision.is_fast(dtype, device):
            warnings.warn(
                f'precision={self.precision!r} is emulated on this '
                f'{device.type}, which is many times slower than fp32: use '
                "'auto' or 'fp32'",
                stacklevel=2,
            )
        return dtype


def _without_probs(plan: Plan) -> Plan:
    """Run a plan, and drop the probabilities of its result."""
    return replace((yield from plan), probs=None)
