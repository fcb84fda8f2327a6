"""The model and the settings of a run over files."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from mmengine.config import Config
from mmengine.device import get_device

from segrefiner_mm.models import RefineSettings, SegRefiner
from segrefiner_mm.models.build_refiner import build_refiner, resolve_model
from segrefiner_mm.models.checkpoint import digest_of
from segrefiner_mm.models.user_settings import (
    guard_for_any_weights,
    user_settings,
)
from segrefiner_mm.names import DEFAULT_MODEL
from segrefiner_mm.runtimes import use_runtime
from segrefiner_mm.version import __version__


@dataclass(frozen=True)
class RefinerOptions:
    """Options of the model and of its settings.

    Attributes:
        model (str | Path | Config | dict): See
            :class:`SegRefinerInferencer`. Defaults to 'segrefiner-lite'.
        weights (str | Path, optional): Weights file. Defaults to None: those
            of the model.
        device (str, optional): Device to compute on, such as ``'cuda:0'``.
            Defaults to None: the best one available.
        windows (str | dict, optional): ``'object'``, ``'tiled'`` or the
            config of a window plan. Defaults to None: the model's setting.
        steps (int, optional): Number of reverse steps, 1 to T. Defaults to
            None: the model's setting.
        batch_size (int, optional): Maximum number of windows per batch.
            Defaults to None: the model's setting.
        seed (int, optional): Seed of the noise, 0 or more; None: no noise.
            Defaults to 0.
        guard (bool | str): Whether a guard may keep masks and roll back
            refinements; ``'always'``: even for weights that its limits were
            not calibrated on. Defaults to True.
        precision (str, optional): ``'auto'``, ``'fp32'``, ``'bf16'`` or
            ``'fp16'``. Defaults to None: the model's setting.
        runtime (str): Library that runs the network on a CPU: ``'torch'``,
            ``'onnxruntime'``, ``'openvino'``, or ``'auto'``: the fastest
            runtime that is installed, see :func:`use_runtime`. Results of two
            runtimes differ by rounding, which may move an edge by a pixel;
            name one if results must be equal on several machines. Defaults to
            'auto'.
    """

    model: str | Path | Config | dict[str, Any] = DEFAULT_MODEL
    weights: str | Path | None = None
    device: str | None = None
    windows: str | dict[str, Any] | None = None
    steps: int | None = None
    batch_size: int | None = None
    seed: int | None = 0
    guard: bool | Literal['always'] = True
    precision: str | None = None
    runtime: str = 'auto'


class Refiner:
    """A model with its settings, built on first use.

    Mistakes in the data are thus reported before the weights are loaded.
    Several runs that get the same refiner share its model.

    Args:
        options (RefinerOptions, optional): The model and its settings.
            Defaults to None: ``RefinerOptions()``.
    """

    def __init__(self, options: RefinerOptions | None = None) -> None:
        self._options = options or RefinerOptions()

    @classmethod
    def of(cls, given: 'Refiner | RefinerOptions | None') -> 'Refiner':
        """Return the refiner of a run.

        Args:
            given (Refiner | RefinerOptions, optional): A refiner, which is
                returned; the options of a new one; or None:
                ``RefinerOptions()``.

        Returns:
            Refiner: The refiner.
        """
        return given if isinstance(given, Refiner) else cls(given)

    @cached_property
    def _config(self) -> tuple[Any, str | None]:
        return resolve_model(self._options.model, self._options.weights)

    @cached_property
    def _built(self) -> tuple[SegRefiner, str]:
        """tuple[SegRefiner, str]: The model, and the name of its runtime."""
        device = self._options.device or get_device()
        model = build_refiner(*self._config, device)
        return model, use_runtime(model, self._options.runtime).name

    @property
    def model(self) -> SegRefiner:
        """SegRefiner: The model, with weights, on its device.

        Raises:
            InputError: If the model, the device or the runtime cannot be
                used.
            CheckpointError: If the weights cannot be used.
        """
        return self._built[0]

    @cached_property
    def settings(self) -> RefineSettings:
        """RefineSettings: Settings of the run; builds the model.

        Raises:
            InputError: If the model or an option cannot be used.
            CheckpointError: If the weights cannot be used.
        """
        options = self._options
        guard: bool | dict[str, Any] = bool(options.guard)
        if options.guard == 'always':
            guard = guard_for_any_weights(self.model)
        return user_settings(
            self.model,
            windows=options.windows,
            num_steps=options.steps,
            batch_size=options.batch_size,
            seed=options.seed,
            guard=guard,
            precision=options.precision,
        )

    def fingerprint(self) -> dict[str, Any]:
        """Return everything that results depend on, as plain values.

        The weights and the config are identified by content, not by file
        name: another file of the same name is another model.

        Returns:
            dict: Settings for a journal.

        Raises:
            InputError: See :attr:`model`.
            CheckpointError: See :attr:`model`.
        """
        options, (model, runtime) = self._options, self._built
        config = self._config[0].model.to_dict()
        described = json.dumps(config, sort_keys=True, default=repr)
        always = options.guard == 'always'
        return dict(
            version=__version__,
            model=sha256(described.encode()).hexdigest(),
            weights=digest_of(model),
            windows=options.windows,
            steps=options.steps,
            seed=options.seed,
            guard='any weights' if always else options.guard,
            precision=options.precision,
            runtime=runtime,
            # precision='auto' depends on this.
            device=next(model.parameters()).device.type,
        )
