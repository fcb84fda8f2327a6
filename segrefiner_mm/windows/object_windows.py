"""The instance path: one window around each object."""

from collections.abc import Sequence

from torch import Tensor

from segrefiner_mm.registry import TASK_UTILS
from segrefiner_mm.windows.compact_mask import CompactMask
from segrefiner_mm.windows.resample import paste_probabilities, resize_bilinear
from segrefiner_mm.windows.window_plan import (
    REFINED,
    Plan,
    RefinedMask,
    WindowPlan,
    WindowRequest,
    belief_in,
    confidence_of,
    is_too_thin,
    keep,
)


@TASK_UTILS.register_module()
class ObjectWindows(WindowPlan):
    """Refines each mask inside its own box, all steps at one resolution.

    The defaults are the published test settings of the instance model. Unlike
    there, a mask that is too thin for the scale of the window is kept.

    Args:
        pad (int): Pixels added on every side of the tight box. Defaults to
            20.
        min_area (int): Smaller masks, in pixels, are kept as they are.
            Defaults to 512.
    """

    def __init__(self, pad: int = 20, min_area: int = 512) -> None:
        super().__init__(min_area)
        if pad < 0:
            raise ValueError(f'pad must be >= 0, got {pad}')
        self.pad = pad

    def _refine(
        self,
        image: Tensor,
        mask: CompactMask,
        timesteps: Sequence[int],
        size: int,
    ) -> Plan:
        window = mask.box.grow(self.pad, *mask.size)
        rows, columns = window.slices()
        crop = resize_bilinear(image[:, rows, columns], size, size)
        coarse = resize_bilinear(mask.crop(window)[None], size, size)[0] >= 0.5
        if is_too_thin(coarse, mask, window):
            return keep(mask)

        [answer] = yield [WindowRequest(crop, coarse, tuple(timesteps))]

        pixels = paste_probabilities(answer.probs, window.height, window.width)
        confidence = confidence_of(answer.probs, coarse)
        belief = belief_in(coarse, answer.probs)
        return RefinedMask(
            window, pixels, confidence, REFINED, belief, answer.probs
        )
