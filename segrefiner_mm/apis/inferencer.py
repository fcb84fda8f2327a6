"""The inferencer, which refines masks of images in Python."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.infer import BaseInferencer
from rich.progress import track
from torch import nn

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.any_masks import as_given, inputs_of, load_any
from segrefiner_mm.integrations.results import MaskResult
from segrefiner_mm.io.image_with_masks import LoadedMasks, LoadedPair
from segrefiner_mm.io.images import save_picture
from segrefiner_mm.io.mask_folder import output_names, write_masks
from segrefiner_mm.models import RefineSettings
from segrefiner_mm.models.build_refiner import build_refiner, resolve_model
from segrefiner_mm.models.user_settings import (
    calibrated_guard,
    check_only,
    user_settings,
)
from segrefiner_mm.names import DEFAULT_MODEL
from segrefiner_mm.registry import SCOPE
from segrefiner_mm.runs.refine_inputs import (
    draw_prediction,
    refine_inputs,
)
from segrefiner_mm.runtimes import use_runtime


class SegRefinerInferencer(BaseInferencer):
    """Refines masks of any origin on any image.

    The steps are those of mmengine's inferencers, but work on streams: images
    are loaded one by one, while windows of several images share a batch. The
    result for an image does not depend on the other images, on their order,
    or on the batch size.

    Args:
        model (str | Path | Config | dict): A name (``'segrefiner-lite'``,
            ``'segrefiner-tiny'``, ``'segrefiner-lr'``,
            ``'segrefiner-hr'``), a config file, a config, or the ``model``
            part of one. Defaults to 'segrefiner-lite', whose weights are
            part of the package.
        weights (str | Path, optional): Weights file, see
            :func:`load_weights`. Defaults to None: those of the model.
        device (str, optional): Device to compute on, such as ``'cuda:0'``.
            Defaults to None: the best one available.
        scope (str): Registry scope of the config. Defaults to
            'segrefiner_mm'.
        show_progress (bool): Whether to show a progress bar over the images.
            Defaults to False.
        runtime (str): Library that runs the network on a CPU, see
            :class:`RefinerOptions`. Defaults to 'auto': the fastest that is
            installed.

    Raises:
        InputError: If the model is unknown or has no weights, the device
            cannot be used, or the runtime is missing or cannot run the model.
        CheckpointError: If the weights cannot be used.

    Attributes:
        runtime (str): Library that runs the network: ``'torch'``,
            ``'onnxruntime'`` or ``'openvino'``.

    Examples:
        >>> refiner = SegRefinerInferencer()
        >>> out = refiner('street.jpg', 'street_mask.png')
        >>> out['predictions'][0]['masks'].shape
        (1, 480, 640)
    """

    preprocess_kwargs = {'masks', 'labels', 'threshold', 'resize_masks'}
    forward_kwargs = {'settings'}
    visualize_kwargs = {'return_vis'}
    postprocess_kwargs = {'out_dir'}

    def __init__(
        self,
        model: str | Path | Config | dict[str, Any] = DEFAULT_MODEL,
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str = SCOPE,
        show_progress: bool = False,
        runtime: str = 'auto',
    ) -> None:
        config, weights = resolve_model(model, weights)
        super().__init__(config, weights, device, scope, show_progress)
        self.runtime = use_runtime(self.model, runtime).name

    def __call__(
        self,
        images: Any,
        masks: Any,
        *,
        windows: str | dict[str, Any] | None = 'object',
        num_steps: int | None = None,
        batch_size: int = 32,
        seed: int | None = 0,
        guard: bool | dict[str, Any] | None = True,
        precision: str = 'auto',
        labels: bool = False,
        threshold: float | None = None,
        resize_masks: bool = False,
        soft: bool = False,
        only: Any = None,
        return_vis: bool = False,
        out_dir: str | Path = '',
    ) -> dict[str, list[Any]]:
        """Refine the masks of one image or of several.

        Args:
            images (str | Path | bytes | np.ndarray | PIL.Image.Image | list):
                One image, or a list of images. Arrays are BGR.
            masks (object): Masks of the image, or a list with the masks of
                every image; see :func:`segrefiner_mm.refine` for the forms.
            windows (str | dict, optional): ``'object'``: a window around each
                object, with the options that the model sets, if any;
                ``'tiled'``: the whole image, then tiles at full resolution;
                the config of a window plan; or None: the model's setting.
                Defaults to 'object'.
            num_steps (int, optional): Number of reverse steps, 1 to T; fewer
                steps are faster. Defaults to None: the model's setting.
            batch_size (int): Maximum number of windows in one forward pass;
                a CPU takes one at a time. Defaults to 32.
            seed (int, optional): Seed of the noise, 0 or more; None: no
                noise. Defaults to 0.
            guard (bool | dict, optional): Whether a guard may keep masks and
                roll refinements back. True: the guard of the model, if its
                limits were calibrated on these weights; if not, no guard, and
                a line in the log. A :class:`DoNoHarmGuard` config: that guard,
                for any weights. False or None: no guard. Defaults to True.
            precision (str): ``'auto'``, ``'fp32'``, ``'bf16'`` or ``'fp16'``,
                see :class:`RefineSettings`. PyTorch replaces the runtime for
                fp16, and for bf16 unless it is OpenVINO. Defaults to 'auto'.
            labels (bool): Whether ``masks`` are label maps. Defaults to
                False.
            threshold (float, optional): Value from which soft masks are
                foreground. Defaults to None: masks have two values.
            resize_masks (bool): Whether masks of another size, such as a
                network's, are stretched to the image. Defaults to False.
            soft (bool): Whether to also return calibrated probabilities.
                Defaults to False.
            only (object, optional): The part that may change, see
                :func:`read_only_part`; for a list of images ``'errors'``, or
                a list with a part or None per image. Defaults to None:
                everything.
            return_vis (bool): Whether to draw coarse and refined outlines.
                Defaults to False.
            out_dir (str | Path): Folder to write ``masks/`` to, and ``vis/``
                with ``return_vis``. Defaults to '': nothing is written.

        Returns:
            dict: ``predictions``, per image a dict of ``masks`` (N, H, W)
            bool, ``confidence`` (N,) float32 from 0 to 1, ``verdicts``
            (``'refined'``, ``'kept'`` or ``'rolled back'``), ``evidence``,
            dicts of the numbers by which the guard decided, ``result``, masks
            in the form in which they were given, for label maps ``labels``,
            with ``soft`` also ``soft`` (N, H, W) float32, 0.5 or more exactly
            where ``masks`` is true; and ``visualization``, per image a uint8
            BGR array (H, W, 3), empty without ``return_vis``.

        Raises:
            InputError: If an input, an option or ``out_dir`` cannot be used.
        """
        settings = self.settings(
            windows=windows,
            num_steps=num_steps,
            batch_size=batch_size,
            seed=seed,
            guard=guard,
            precision=precision,
            soft=soft,
        )
        given = inputs_of(images, masks, only)
        check_only(self.model, [part for *_, part in given])
        names = (
            output_names([image for image, *_ in given])
            if out_dir
            else [''] * len(given)
        )
        inputs = self.preprocess(given, labels, threshold, resize_masks)
        results = self.forward(inputs, settings)
        if self.show_progress:
            results = iter(track(results, 'Refining', total=len(given)))
        predictions, pictures = [], []
        for name, (loaded, prediction) in zip(names, results, strict=True):
            predictions.append(prediction)
            if return_vis:
                pictures += self.visualize([loaded], [prediction])
            if out_dir:
                write_masks(Path(out_dir, 'masks'), name, prediction['masks'])
            if out_dir and return_vis:
                save_picture(Path(out_dir, 'vis', f'{name}.jpg'), pictures[-1])
        return self.postprocess(predictions, pictures)

    def settings(
        self,
        windows: str | dict[str, Any] | None = 'object',
        guard: bool | dict[str, Any] | None = True,
        **others: Any,
    ) -> RefineSettings:
        """Combine the model's ``test_cfg`` with the user's choice.

        Args:
            windows (str | dict, optional): See :meth:`__call__`. Defaults to
                'object'.
            guard (bool | dict, optional): See :meth:`__call__`. Defaults to
                True.
            **others (Any): Further settings, see :func:`user_settings`.

        Returns:
            RefineSettings: Settings for :meth:`forward`.

        Raises:
            InputError: If a value cannot be used.
        """
        if guard is True:
            guard = self._guard
        return user_settings(self.model, windows, guard, **others)

    @cached_property
    def _guard(self) -> dict[str, Any] | None:
        # Only once, as it compares weights and may log a line.
        return calibrated_guard(self.model)

    def preprocess(
        self,
        inputs: Iterable[tuple[Any, Any, Any]],
        labels: bool = False,
        threshold: float | None = None,
        resize_masks: bool = False,
    ) -> Iterator[LoadedMasks[MaskResult | None]]:
        """Yield images with their masks, loaded; see :meth:`__call__`."""
        for image, masks, only in inputs:
            loaded = load_any(
                image, masks, labels, threshold, resize_masks, only
            )
            if not isinstance(loaded, LoadedPair):
                raise InputError(
                    'results with one map per image, such as those of '
                    'panoptic models, are refined one by one: use '
                    'segrefiner_mm.refine(image, result)'
                )
            yield loaded

    def forward(
        self,
        inputs: Iterable[LoadedMasks[MaskResult | None]],
        settings: RefineSettings,
    ) -> Iterator[tuple[LoadedMasks[MaskResult | None], dict[str, Any]]]:
        """Refine a stream of loaded pairs.

        Args:
            inputs (Iterable[LoadedPair]): Pairs, pulled as late as possible.
            settings (RefineSettings): From :meth:`settings`.

        Yields:
            tuple[LoadedPair, dict]: A pair and its prediction, in order; see
            ``predictions`` of :meth:`__call__`.
        """
        for loaded, prediction in refine_inputs(self.model, inputs, settings):
            result = as_given(loaded, prediction['masks'])
            yield loaded, {**prediction, 'result': result}

    def visualize(
        self,
        inputs: list[LoadedMasks[MaskResult | None]],
        preds: list[dict[str, Any]],
        **_: Any,
    ) -> list[npt.NDArray[np.uint8]]:
        """Draw coarse and refined outlines on every image."""
        return list(map(draw_prediction, inputs, preds))

    def postprocess(
        self, preds: list[dict[str, Any]], visualization: list[Any], **_: Any
    ) -> dict[str, list[Any]]:
        """Pack predictions and drawings; see :meth:`__call__`."""
        return dict(predictions=preds, visualization=visualization)

    def _init_model(
        self, cfg: Config, weights: str | None, device: str = 'cpu'
    ) -> nn.Module:
        return build_refiner(cfg, weights, device)

    def _init_pipeline(self, cfg: Config) -> Callable[..., Any]:
        return load_any

    def _init_collate(self, cfg: Config) -> Callable[..., Any]:
        return pseudo_collate

    def _init_visualizer(self, cfg: Config) -> None:
        return None
