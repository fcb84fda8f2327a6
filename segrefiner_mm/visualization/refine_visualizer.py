"""A visualizer that draws data samples for mmengine's back-ends."""

from typing import Any

import mmcv
import numpy as np
import numpy.typing as npt
from mmengine.visualization import Visualizer

from segrefiner_mm.registry import VISUALIZERS
from segrefiner_mm.structures import RefineDataSample
from segrefiner_mm.visualization.outlines import draw_outlines


@VISUALIZERS.register_module()
class RefineVisualizer(Visualizer):
    """Draws coarse outlines in orange and refined ones in light blue.

    Args:
        *args: See :class:`mmengine.visualization.Visualizer`.
        **kwargs: See :class:`mmengine.visualization.Visualizer`.
    """

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
        """Draw one image and pass it to the back-ends.

        Args:
            name (str): Name of the drawing.
            image (np.ndarray): (H, W, 3) uint8, RGB, as in mmengine's
                visualizers.
            data_sample (RefineDataSample, optional): Masks. Defaults to None.
            draw_gt (bool): Whether to draw the true masks, in green. Defaults
                to True.
            draw_pred (bool): Whether to draw the refined masks. Defaults to
                True.
            show (bool): Whether to open a window. Defaults to False.
            wait_time (float): Seconds that it stays open. Defaults to 0: until
                a key is pressed.
            out_file (str, optional): File to write instead of passing the
                drawing to the back-ends. Defaults to None.
            step (int): Step number in the back-ends. Defaults to 0.
            **kwargs: Not used.
        """
        shown = {'coarse': True, 'gt': draw_gt, 'pred': draw_pred}
        masks = {
            field: _masks(data_sample, field) if wanted else []
            for field, wanted in shown.items()
        }
        canvas = draw_outlines(
            np.ascontiguousarray(image[..., ::-1]),
            masks['coarse'],
            masks['pred'],
            masks['gt'],
        )
        drawn = np.ascontiguousarray(canvas[..., ::-1])
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            mmcv.imwrite(canvas, out_file)
        else:
            self.add_image(name, drawn, step)


def _masks(
    sample: RefineDataSample | None, field: str
) -> npt.NDArray[np.bool_] | list[Any]:
    instances = getattr(sample, f'{field}_instances', None)
    if instances is None:
        return []
    return instances.masks.cpu().numpy().astype(bool)
