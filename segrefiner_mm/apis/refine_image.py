"""``segrefiner_mm.refine()``: one image, with the defaults."""

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
    """Refine masks of one image.

    A model given by name or file stays loaded for the next call; two such
    models at most.

    Args:
        image (str | Path | bytes | np.ndarray | PIL.Image.Image): The image;
            arrays are BGR.
        mask (object): One mask or several, see :func:`load_masks`; arrays
            (N, 1, H, W) and, if it is clear, (H, W, N); or a result object
            of another library: ``sv.Detections``, ultralytics ``Results``,
            Segment Anything's list of dicts, the dict of torchvision's Mask
            R-CNN, post-processed outputs and the ``image-segmentation``
            pipeline of transformers, ``Instances`` of detectron2, or a data
            sample of mmdet or mmseg. A list of one such result is also
            accepted.
        model (str | Path | Config | dict): See
            :class:`SegRefinerInferencer`. Defaults to 'segrefiner-lite',
            whose weights are part of the package.
        weights (str | Path, optional): Weights file. Defaults to None: those
            of the model.
        device (str, optional): Device to compute on, such as ``'cuda:0'``.
            Defaults to None: the best one available.
        runtime (str): See :class:`SegRefinerInferencer`. Defaults to 'auto'.
        **options: ``windows``, ``num_steps``, ``seed``, ``guard``,
            ``threshold``, ``only`` and all others of
            :meth:`SegRefinerInferencer.__call__`, except ``return_vis`` and
            ``out_dir``. ``batch_size``, ``seed`` and ``precision`` default to
            the model's settings.

    Returns:
        object: For masks an array, bool, (H, W) for one mask, (N, H, W) for
        several, with the axes of an array in the order given. For a result
        object a new one of the same kind with the refined masks; boxes,
        scores and all else are those of the old one. With ``soft=True``,
        calibrated probabilities instead, float32, 0.5 or more exactly where
        the masks are true: an array (N, H, W) also for a result object, unless
        it holds soft masks itself, and :class:`SoftLabels` for one with a map
        of labels.

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
