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
    """The masks of one image in an object of another library.

    Attributes:
        masks (object): The masks, in a form of :func:`load_masks` for several
            masks.
        threshold (float, optional): Lowest value of a foreground pixel of
            these masks. Defaults to None: the masks have two values.
        holds_soft (bool): Whether :meth:`with_masks` accepts probabilities,
            float32. Defaults to False.
    """

    masks: Any
    threshold: float | None = None
    holds_soft: bool = False

    @abstractmethod
    def with_masks(self, refined: Masks) -> Any:
        """Copy the object with other masks; its other fields are unchanged.

        Args:
            refined (np.ndarray): (N, H, W) bool, or float32, 0 to 1, if
                ``holds_soft``; in the order of ``masks``, of the size of the
                image.

        Returns:
            object: A new object of the same kind.
        """


class LabelResult(metaclass=ABCMeta):
    """The label map of one image in an object of another library.

    Attributes:
        labels (np.ndarray): (H, W) int32.
        ignore (tuple[int, ...]): Labels whose pixels are not changed.
            Defaults to ().
    """

    labels: LabelMap
    ignore: tuple[int, ...] = ()

    @abstractmethod
    def with_labels(self, refined: LabelMap) -> Any:
        """Copy the object with another map; its other fields are unchanged.

        Args:
            refined (np.ndarray): (H, W) int32, of the size of ``labels``.

        Returns:
            object: A new object of the same kind.
        """


Result = MaskResult | LabelResult


def like(values: npt.NDArray[Any], model: Any) -> Any:
    """Convert an array to the library, dtype and device of another array.

    Args:
        values (np.ndarray): The array to convert, of any shape.
        model (Tensor | np.ndarray): The other array.

    Returns:
        Tensor | np.ndarray: A new array with the values.
    """
    if isinstance(model, Tensor):
        return model.new_tensor(values, dtype=model.dtype)
    return values.astype(model.dtype)


def is_array(value: Any) -> bool:
    """Return whether a value is an array or a tensor.

    Args:
        value (object): Any value.

    Returns:
        bool: True for ``np.ndarray`` and ``Tensor``.
    """
    return isinstance(value, (np.ndarray, Tensor))


def is_mapping_with(value: Any, *keys: str) -> bool:
    """Return whether a value is a mapping that has all of the given keys.

    Args:
        value (object): Any value.
        *keys (str): The keys.

    Returns:
        bool: Whether it is.
    """
    return isinstance(value, Mapping) and all(key in value for key in keys)
