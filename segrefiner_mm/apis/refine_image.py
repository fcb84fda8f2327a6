"""``segrefiner_mm.refine()``, which refines the masks of one image."""

import functools
from pathlib import Path
from typing import Any

from mmengine.config import Config

from segrefiner_mm.apis.inferencer import SegRefinerInferencer
from segrefiner_mm.integrations.any_masks import as_given, load_any, refine_map
from segrefiner_mm.io.image_with_masks import LoadedPair
from segrefiner_mm.models.user_settings import check_only
from segrefiner_mm.names import DEFAULT_MODEL


def refine(
    image: Any,
    mask: Any,
    model: str | Path | Config | dict[str, Any] = DEFAULT_MODEL,
    weights: str | Path | None = None,
    device: str | None = None,
    runtime: str = 'auto',
    **options: Any,
) -> Any:
    """Refine the masks of one image.

    A model given by name or config file stays loaded for later calls, but two
    models at most.

    Args:
        image (str | Path | bytes | np.ndarray | PIL.Image.Image): The image;
            arrays are BGR.
        mask (object): One mask or several, see :func:`load_masks`; an array
            (N, 1, H, W), or (H, W, N) unless its shape is ambiguous; or a
            result object of another library: ``sv.Detections``, ultralytics
            ``Results``, Segment Anything's list of dicts, the dict of
            torchvision's Mask R-CNN, post-processed outputs and the
            ``image-segmentation`` pipeline of transformers, ``Instances`` of
            detectron2, or a data sample of mmdet or mmseg. A list of one
            result object is also accepted.
        model (str | Path | Config | dict): See
            :class:`SegRefinerInferencer`. Defaults to 'segrefiner-lite',
            whose weights are part of the package.
        weights (str | Path, optional): Weights file. Defaults to None: those
            of the model.
        device (str, optional): Device to compute on, such as ``'cuda:0'``.
            Defaults to None: the best one available.
        runtime (str): See :class:`SegRefinerInferencer`. Defaults to 'auto'.
        **options (Any): Keyword arguments of
            :meth:`SegRefinerInferencer.__call__`, such as ``windows``,
            ``num_steps``, ``guard``, ``threshold`` and ``only``, but not
            ``return_vis`` and ``out_dir``. ``batch_size``, ``seed`` and
            ``precision`` default to the model's settings.

    Returns:
        object: For masks, a bool array, (H, W) for one mask and (N, H, W) for
        several; the axes of an array stay in their order, and a label map
        gives a mask per label, ascending. For a result object, a new object
        of its class with the refined masks; boxes, scores and other fields
        are unchanged. With ``soft=True``, calibrated probabilities instead:
        float32, 0 to 1, 0.5 or more exactly where the masks are true. They
        have the form of the masks, but for a result object that can hold only
        binary masks they are an array (N, H, W), and for a result object with
        a label map they are :class:`SoftLabels`.

    Raises:
        InputError: If the model, the image, a mask or an option cannot be
            used.
        CheckpointError: If the weights cannot be used.

    Examples:
        >>> import segrefiner_mm
        >>> better = segrefiner_mm.refine('street.jpg', 'street_mask.png')
    """
    if isinstance(model, (str, Path)):
        inferencer = _cached_inferencer(
            str(model), weights and str(weights), device, runtime
        )
    else:
        inferencer = SegRefinerInferencer(
            model, weights, device, runtime=runtime
        )
    only = options.pop('only', None)
    check_only(inferencer.model, [only])
    loaded = load_any(
        image,
        mask,
        options.pop('labels', False),
        options.pop('threshold', None),
        options.pop('resize_masks', False),
        only,
    )
    settings = inferencer.settings(**options)
    if not isinstance(loaded, LoadedPair):
        return refine_map(inferencer.model, *loaded, settings, only)
    [(_, prediction)] = inferencer.forward([loaded], settings)
    if settings.soft:
        return as_given(loaded, prediction['soft'])
    return prediction['result']


@functools.lru_cache(maxsize=2)
def _cached_inferencer(
    model: str, weights: str | None, device: str | None, runtime: str
) -> SegRefinerInferencer:
    return SegRefinerInferencer(model, weights, device, runtime=runtime)
