"""The interface to the result objects of other libraries."""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

Masks = npt.NDArray[np.bool_]
LabelMap = npt.NDArray[np.int32]


class MaskResult(metaclass=ABCMeta):
    """Masks of one image in an object of another library.

    Attributes:
        masks (object): The masks, in a form of :func:`load_masks` that holds
            several.
        threshold (float, optional): Value from which a pixel of these masks
            is foreground. Defaults to None: they have two values.
        holds_soft (bool): Whether :meth:`with_masks` takes probabilities,
            float32. Defaults to False.
    """

    masks: Any
    threshold: float | None = None
    holds_soft: bool = False

    @abstractmethod
    def with_masks(self, refined: Masks) -> Any:
        """Copy the object with other masks; all else is unchanged.

        Args:
            refined (np.ndarray): (N, H, W) bool, or float32 if ``holds_soft``,
                in the order of ``masks``, of the size of the image.

        Returns:
            object: A new object of the same kind.
        """


class LabelResult(metaclass=ABCMeta):
    """A map with one label per pixel in an object of another library.

    Attributes:
        labels (np.ndarray): (H, W) int32.
        ignore (tuple[int, ...]): Labels whose pixels are not changed.
            Defaults to ().
    """

    labels: LabelMap
    ignore: tuple[int, ...] = ()

    @abstractmethod
    def with_labels(self, refined: LabelMap) -> Any:
        """Copy the object with another map; all else is unchanged.

        Args:
            refined (np.ndarray): (H, W) int32.

        Returns:
            object: A new object of the same kind.
        """


Result = MaskResult | LabelResult


def like(values: npt.NDArray[Any], model: Any) -> Any:
    """Convert values to the kind of another array.

    Args:
        values (np.ndarray): The values.
        model (Tensor | np.ndarray): Gives library, dtype and device.

    Returns:
        Tensor | np.ndarray: The values, in a new array.
    """
    if isinstance(model, Tensor):
        return model.new_tensor(values, dtype=model.dtype)
    return values.astype(model.dtype)


def is_array(value: Any) -> bool:
    """Return whether a value is an array or a tensor."""
    return isinstance(value, (np.ndarray, Tensor))


def is_mapping_with(value: Any, *keys: str) -> bool:
    """Return whether a value is a mapping that has some keys."""
    return isinstance(value, Mapping) and all(key in value for key in keys)
