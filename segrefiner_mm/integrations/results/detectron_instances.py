"""``Instances`` of detectron2, recognised by their methods."""

from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results.result import (
    MaskResult,
    Masks,
    is_array,
    is_mapping_with,
    like,
)

FIELD = 'pred_masks'


class DetectronInstances(MaskResult):
    """``pred_masks`` of ``Instances``; all other fields are unchanged.

    Args:
        instances (Instances): Instances of one image, after detectron2's
            post-processing: masks of the size of the image.

    Raises:
        InputError: If there are no masks, or the masks are of the size of the
            boxes instead of the image, or of an unknown type.
    """

    def __init__(self, instances: Any) -> None:
        self._instances = instances
        if not instances.has(FIELD):
            raise InputError(
                f'these Instances have no {FIELD}: use a model of instance '
                'segmentation, such as mask_rcnn_R_50_FPN_3x'
            )
        masks = instances.get(FIELD)
        self._bits = None if is_array(masks) else type(masks)
        self.masks = masks if self._bits is None else _tensor_of(masks)
        if self.masks.ndim != 3:
            raise InputError(
                f'the {FIELD} of these Instances are {tuple(masks.shape)}, '
                'not (N, H, W): pass what DefaultPredictor returns, or '
                'apply detector_postprocess first'
            )

    def with_masks(self, refined: Masks) -> Any:
        """Return a copy with these masks; see the base class."""
        old = self._instances
        masks = like(refined, self.masks)
        new = type(old)(old.image_size)
        for name, value in old.get_fields().items():
            if name == FIELD:
                value = masks if self._bits is None else self._bits(masks)
            new.set(name, value)
        return new


class DetectronOutput(MaskResult):
    """The output of ``DefaultPredictor``, a dict with ``instances``.

    Args:
        output (dict): Output for one image.

    Raises:
        InputError: See :class:`DetectronInstances`.
    """

    def __init__(self, output: dict[str, Any]) -> None:
        self._output = output
        self._inner = DetectronInstances(output['instances'])
        self.masks = self._inner.masks

    def with_masks(self, refined: Masks) -> dict[str, Any]:
        """Return a copy with these masks; see the base class."""
        return {**self._output, 'instances': self._inner.with_masks(refined)}


def open_detectron(value: Any) -> MaskResult | None:
    """Recognise ``Instances``, or a dict with ``Instances``.

    Args:
        value (object): Any value.

    Returns:
        MaskResult | None: The opened instances; None for any other value.

    Raises:
        InputError: See :class:`DetectronInstances`.
    """
    if is_mapping_with(value, 'instances'):
        if _is_instances(value['instances']):
            return DetectronOutput(value)
        return None
    return DetectronInstances(value) if _is_instances(value) else None


def _is_instances(value: Any) -> bool:
    names = ('image_size', 'get_fields', 'has', 'get', 'set')
    return all(hasattr(value, name) for name in names)


def _tensor_of(masks: Any) -> Any:
    """Return the tensor of ``BitMasks``."""
    tensor = getattr(masks, 'tensor', None)
    if not is_array(tensor):
        raise InputError(
            f'the {FIELD} of these Instances are {type(masks).__name__}: '
            'tensors and BitMasks are known'
        )
    return tensor
