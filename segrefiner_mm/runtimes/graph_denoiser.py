"""A denoiser whose parts are graphs of a runtime."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from segrefiner_mm.runtimes.onnx_export import OnnxParts

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Graph:
    """A loaded ONNX model.

    Attributes:
        inputs (tuple[str, ...]): Names of the inputs.
        run (Callable): Computes the outputs, arrays by name, from the inputs,
            arrays by name.
    """

    inputs: tuple[str, ...]
    run: Callable[[Arrays], Arrays]


@dataclass(frozen=True)
class GraphContext:
    """The values that the steps of a window share.

    Attributes:
        arrays (Mapping[str, np.ndarray]): Inputs of the step, by name.
        error_logits (Tensor, optional): Logits of errors in the coarse mask,
            (B, 1, h, w) float32. Defaults to None: the network does not
            predict errors.
    """

    arrays: Arrays
    error_logits: Tensor | None = None


class GraphDenoiser:
    """Runs an exported denoiser on the CPU; see :class:`Denoiser`.

    Args:
        parts (OnnxParts): The exported network.
        load (Callable): Loads an ONNX model, bytes, into a runtime.
        make_half (Callable, optional): Loads the network in bfloat16. Defaults
            to None: the runtime does not support bfloat16.
    """

    def __init__(
        self,
        parts: OnnxParts,
        load: Callable[[bytes], Graph],
        make_half: 'Callable[[], GraphDenoiser] | None' = None,
    ) -> None:
        self._make_half = make_half
        self._half: GraphDenoiser | None = None
        self._encode = None if parts.encode is None else load(parts.encode)
        self._step = load(parts.step)

    def in_bfloat16(self) -> 'GraphDenoiser | None':
        """Return the network in bfloat16, which is loaded on first use.

        Returns:
            GraphDenoiser | None: The network, whose inputs and outputs are
            float32; None if the runtime does not support bfloat16.
        """
        if self._half is None and self._make_half is not None:
            self._half = self._make_half()
        return self._half

    def encode(self, images: Tensor, coarse: Tensor) -> GraphContext:
        """Encode windows; see :class:`Denoiser`."""
        arrays: Arrays = dict(images=_array(images))
        if self._encode is None:
            return GraphContext(arrays)
        arrays = self._encode.run({**arrays, 'coarse': _array(coarse)})
        error = arrays.get('error_logits')
        return GraphContext(
            arrays, None if error is None else torch.from_numpy(error)
        )

    def decode(
        self, context: GraphContext, masks: Tensor, t: Tensor
    ) -> Tensor:
        """Predict logits; see :class:`Denoiser`."""
        given = dict(context.arrays, masks=_array(masks), timestep=_array(t))
        feeds = {name: given[name] for name in self._step.inputs}
        return torch.from_numpy(self._step.run(feeds)['logits'])


def _array(tensor: Tensor) -> npt.NDArray[Any]:
    return np.ascontiguousarray(tensor.numpy())
