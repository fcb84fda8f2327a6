"""The package and the published procedure, on a photograph with a mask.

A module of the benchmarks, not a command.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from segrefiner_mm.errors import InputError
from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.checkpoint import BUNDLED, load_weights
from segrefiner_mm.models.half_precision import is_fast
from segrefiner_mm.models.model_zoo import config_of, read_config
from segrefiner_mm.models.user_settings import user_settings
from segrefiner_mm.models.window_sampler import exact_float32
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.runtimes import use_runtime
from segrefiner_mm.windows import RefineJob, compact_masks

DEMO = Path(__file__).parents[1] / 'demo'
PLAIN = dict(type='ObjectWindows')
# Pixels that the published way adds to a box on every side.
PAD = 20


@dataclass(frozen=True)
class Scene:
    """A photograph with one coarse mask.

    Attributes:
        image (np.ndarray): (H, W, 3) uint8, BGR.
        coarse (np.ndarray): (H, W) bool.
    """

    image: Any
    coarse: Any

    @property
    def tensors(self) -> tuple[Tensor, Tensor]:
        """tuple[Tensor, Tensor]: (3, H, W) uint8 and (1, H, W) bool."""
        image = torch.from_numpy(self.image).permute(2, 0, 1).contiguous()
        return image, torch.from_numpy(self.coarse)[None]


Method = Callable[[Scene], Any]


def read_scene(megapixels: float) -> Scene:
    """Read the photograph and mask of the demo, resized to about a size."""
    image = cv2.imread(str(DEMO / 'coffee.jpg'))
    mask = cv2.imread(str(DEMO / 'coffee_coarse.png'), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    height, width = mask.shape
    scale = (megapixels * 1e6 / (height * width)) ** 0.5
    size = round(width * scale), round(height * scale)
    image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    return Scene(image, cv2.resize(mask, size) > 127)


def build(name: str) -> SegRefiner:
    """Build a named model with its bundled weights, else random ones."""
    torch.manual_seed(0)
    model = build_child(MODELS, read_config(config_of(name)).model)
    if name in BUNDLED:
        load_weights(model, name)
    return model.eval()


def cpu_ways(
    model: SegRefiner,
) -> Iterator[tuple[str, SegRefiner | str, dict[str, str]]]:
    """Yield every runtime and precision of a CPU.

    Args:
        model (SegRefiner): The model, without a runtime.

    Yields:
        tuple[str, SegRefiner | str, dict]: A name; a model with this runtime,
        or why it cannot run here; and the options of :func:`user_settings`.
    """
    has_half = is_fast(torch.bfloat16, 'cpu')
    half = dict(precision='bf16')
    for runtime in ('torch', 'onnxruntime', 'openvino'):
        # A copy each, as a model has one runtime.
        own = copy.deepcopy(model)
        try:
            use_runtime(own, runtime)
        except InputError as error:
            yield runtime, str(error), {}
            continue
        yield runtime, own, {}
        if runtime == 'openvino' and has_half:
            yield 'openvino, bf16', own, half
    slow = 'not run: emulated on this processor'
    yield 'torch, bf16', model if has_half else slow, half


def published(model: SegRefiner, steps: int) -> Method:
    """Return the published procedure as a method.

    It runs one window at a time in eager float32, and pastes over the whole
    image.
    """
    size = model.settings().model_size
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(steps, size, size, generator=generator)
    noise, device = noise.to(model.device), model.device
    timesteps = model.head.scheduler.spread(steps)

    @torch.no_grad()
    @exact_float32()
    def refine(scene: Scene) -> Any:
        image, [mask] = (part.to(device) for part in scene.tensors)
        height, width = mask.shape
        rows, columns = (mask.any(1).nonzero(), mask.any(0).nonzero())
        top = max(int(rows[0]) - PAD, 0)
        left = max(int(columns[0]) - PAD, 0)
        bottom = min(int(rows[-1]) + 1 + PAD, height)
        right = min(int(columns[-1]) + 1 + PAD, width)
        box = np.s_[..., top:bottom, left:right]
        crop, coarse = (
            F.interpolate(
                source[box][None].float(), (size, size), mode='bilinear'
            )
            for source in (image, mask[None])
        )
        output = model.head.sample(
            model.data_preprocessor.normalize(crop),
            (coarse >= 0.5).float(),
            timesteps,
            noise,
        )
        y = (torch.arange(height) + 0.5 - top) / (bottom - top) * 2 - 1
        x = (torch.arange(width) + 0.5 - left) / (right - left) * 2 - 1
        x, y = torch.meshgrid(x, y, indexing='xy')
        grid = torch.stack([x, y], dim=-1)[None].to(device)
        pasted = F.grid_sample(output.probs, grid, align_corners=False)
        return (pasted[0, 0] >= 0.5).cpu().numpy()

    return refine


class Ours:
    """The package as a method.

    Args:
        model (SegRefiner): The model, with its runtime set.
        **options (Any): Settings of :func:`user_settings`.
    """

    def __init__(self, model: SegRefiner, **options: Any) -> None:
        self.model = model
        self.one_window = options.get('windows') is PLAIN
        self._settings = user_settings(model, **options)

    def __call__(self, scene: Scene) -> Any:
        """Refine the mask of a scene; return it, (H, W) bool."""
        image, masks = scene.tensors
        job = RefineJob(image, compact_masks(masks), None)
        [(_, [part])] = self.model.refine([job], self._settings)
        return part.dense(scene.coarse.shape).numpy()
