"""A visualizer that draws data samples for mmengine's back-ends."""

from collections.abc import Sequence
from typing import Any

import cv2
import mmcv
import numpy as np
import numpy.typing as npt
from mmengine.visualization import Visualizer

from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import VISUALIZERS
from segrefiner_mm.structures import RefineDataSample
from segrefiner_mm.visualization.panels import (
    PANELS,
    DrawnMasks,
    draw_panels,
)


@VISUALIZERS.register_module()
class RefineVisualizer(Visualizer):
    """Draws masks in panels side by side, each with a legend.

    - ``outlines``: coarse in orange, refined in light blue, true in pale
      yellow;
    - ``changes``: pixels that refinement added in blue, removed in orange;
    - ``confidence``: refined masks in the colour of their confidence;
    - ``errors``: pixels that refined masks have too much in blue, and pixels
      that they lack in orange.

    A panel whose masks or confidences are missing is left out.

    Args:
        name (str): Name of the instance. Defaults to 'visualizer'.
        *args: See :class:`mmengine.visualization.Visualizer`.
        panels (Sequence[str]): Panels to draw, from left to right. Defaults
            to all four.
        panel_size (int, optional): Longest side of the image in a panel, in
            pixels; larger images are downsampled. None: no limit. Defaults to
            800.
        **kwargs: See :class:`mmengine.visualization.Visualizer`.

    Raises:
        InputError: If a panel is unknown.

    Examples:
        >>> visualizer = dict(
        ...     type='RefineVisualizer',
        ...     panels=['outlines', 'errors'],
        ...     vis_backends=[dict(type='TensorboardVisBackend')])
    """

    def __init__(
        self,
        name: str = 'visualizer',
        *args: Any,
        panels: Sequence[str] = tuple(PANELS),
        panel_size: int | None = 800,
        **kwargs: Any,
    ) -> None:
        unknown = [name for name in panels if name not in PANELS]
        if unknown:
            raise InputError(
                f'no panel {unknown[0]!r}: there are {", ".join(PANELS)}'
            )
        super().__init__(name, *args, **kwargs)
        self.panels = tuple(panels)
        self.panel_size = panel_size

    def add_datasample(
        self,
        name: str,
        image: npt.NDArray[np.uint8],
        data_sample: RefineDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        step: int = 0,
        **kwargs: Any,
    ) -> None:
        """Draw one image, and pass the drawing to the back-ends.

        Coarse masks are drawn whenever the data sample has them. The drawing
        becomes the current image of the visualizer.

        Args:
            name (str): Name of the drawing.
            image (np.ndarray): (H, W, 3) uint8, RGB, as in mmengine's
                visualizers.
            data_sample (RefineDataSample, optional): Coarse, true and refined
                masks, if it has them. Defaults to None: only the image.
            draw_gt (bool): Whether to draw the true masks. Defaults to True.
            draw_pred (bool): Whether to draw the refined masks. Defaults to
                True.
            show (bool): Whether to open a window. Defaults to False.
            wait_time (float): Seconds for which the window stays open.
                Defaults to 0: until a key is pressed.
            out_file (str, optional): Image file to write or replace, instead
                of passing the drawing to the back-ends. Defaults to None.
            step (int): Step number in the back-ends. Defaults to 0.
            **kwargs: Not used.
        """
        image = _shrunk(image, self.panel_size)
        size = image.shape[:2]
        masks = DrawnMasks(_masks(data_sample, 'coarse', size))
        if draw_pred:
            masks.refined = _masks(data_sample, 'pred', size)
            masks.confidence = _confidences(data_sample)
        if draw_gt:
            masks.true = _masks(data_sample, 'gt', size)
        bgr = np.ascontiguousarray(image[..., ::-1])
        canvas = draw_panels(bgr, masks, self.panels)
        drawn = np.ascontiguousarray(canvas[..., ::-1])
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            mmcv.imwrite(canvas, out_file)
        else:
            self.add_image(name, drawn, step)


def _shrunk(
    image: npt.NDArray[np.uint8], longest: int | None
) -> npt.NDArray[np.uint8]:
    height, width = image.shape[:2]
    scale = 1.0 if longest is None else longest / max(height, width)
    if scale >= 1:
        return image
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _masks(
    sample: RefineDataSample | None, field: str, size: tuple[int, ...]
) -> list[npt.NDArray[np.bool_]]:
    """Return the masks of a field at the size of the drawing."""
    instances = getattr(sample, f'{field}_instances', None)
    if instances is None:
        return []
    masks = []
    for mask in instances.masks.cpu().numpy().astype(np.uint8):
        if mask.shape != size:
            mask = _resized(mask, size)
        masks.append(mask.astype(bool))
    return masks


def _resized(
    mask: npt.NDArray[np.uint8], size: tuple[int, ...]
) -> npt.NDArray[np.uint8]:
    shape = size[1], size[0]
    levels = cv2.resize(mask * 255, shape, interpolation=cv2.INTER_AREA)
    return (levels >= 128).astype(np.uint8)


def _confidences(sample: RefineDataSample | None) -> list[float]:
    instances = getattr(sample, 'pred_instances', None)
    found = getattr(instances, 'confidence', None)
    return [] if found is None else found.cpu().tolist()
