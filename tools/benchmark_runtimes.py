"""Time the runtimes on one photograph, against the published procedure.

    python tools/benchmark_runtimes.py --model segrefiner-lr --steps 6

Run it with ``make bench``. Other methods of refinement are timed too. All rows
take turns within one run, and the shortest time of each counts. Compare the
ratios: absolute times depend on the machine and on its load. A named model
whose weights are not bundled gets random weights, which take as long and
refine nothing.
"""

import argparse
import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from coarse_kinds import grab_cut, guided_filter
from peers import PEERS
from torch import Tensor
from torch.nn import functional as F

from segrefiner_mm.errors import InputError
from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.checkpoint import BUNDLED, load_weights
from segrefiner_mm.models.half_precision import is_fast
from segrefiner_mm.models.model_zoo import config_of, read_config
from segrefiner_mm.models.user_settings import user_settings
from segrefiner_mm.names import DEFAULT_MODEL, MODEL_NAMES
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.runtimes import use_runtime
from segrefiner_mm.runtimes.machine import machine, versions
from segrefiner_mm.windows import RefineJob, compact_masks

DEMO = Path(__file__).parents[1] / 'demo'
PLAIN = dict(type='ObjectWindows')
PUBLISHED = 'the published way, fp32'
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


def cpu_runtimes(model: SegRefiner) -> Iterator[tuple[str, SegRefiner | str]]:
    """Yield every CPU runtime, and a model that uses it or why none can."""
    for runtime in ('torch', 'onnxruntime', 'openvino'):
        # A copy each, as a model has one runtime.
        own = copy.deepcopy(model)
        try:
            use_runtime(own, runtime)
        except InputError as error:
            yield runtime, str(error)
        else:
            yield runtime, own


@torch.no_grad()
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


def ours(model: SegRefiner, **options: Any) -> Method:
    """Return this package as a method, with settings of the user."""
    settings = user_settings(model, **options)

    def refine(scene: Scene) -> Any:
        image, masks = scene.tensors
        job = RefineJob(image, compact_masks(masks), None)
        [(_, [part])] = model.refine([job], settings)
        refined = np.zeros(scene.coarse.shape, bool)
        refined[part.box.slices()] = part.pixels.numpy()
        return refined

    return refine


def methods(name: str, steps: int | None) -> dict[str, Method | str]:
    """Return the methods by name; a str says why one cannot run here."""
    model = build(name)
    steps = steps or model.settings().num_steps
    assert steps is not None
    options = dict(windows=PLAIN, guard=False, num_steps=steps)
    rows: dict[str, Method | str] = {PUBLISHED: published(model, steps)}
    for runtime, own in cpu_runtimes(model):
        if isinstance(own, str):
            short = 'installed' in own
            rows[f'{runtime}, fp32'] = 'not installed' if short else own
            continue
        rows[f'{runtime}, fp32'] = ours(own, **options)
        if name in BUNDLED:
            rows[f'{runtime}, fp32, guard and tiles'] = ours(
                own, guard=True, num_steps=steps
            )
    rows['torch, bf16'] = 'not run: emulated on this processor'
    if is_fast(torch.bfloat16, 'cpu'):
        rows['torch, bf16'] = ours(model, precision='bf16', **options)
    rows['torch, CUDA, bf16'] = 'not run: no CUDA device'
    if torch.cuda.is_available():
        rows['torch, CUDA, bf16'] = ours(
            copy.deepcopy(model).to('cuda'), precision='bf16', **options
        )
    rows['GrabCut'] = lambda scene: grab_cut(scene.image, scene.coarse)
    rows['guided filter'] = lambda scene: guided_filter(
        scene.image, scene.coarse
    )
    for peer, (package, make) in PEERS.items():
        if find_spec(package) is None:
            rows[peer] = f'{package} is not installed'
            continue
        try:
            rows[peer] = partial(_apply, make())
        except ImportError as error:  # the package lacks one of its own
            rows[peer] = f'{package} cannot be used: {error}'
    return rows


def _apply(method: Any, scene: Scene) -> Any:
    return method(scene.image, scene.coarse)


def run(
    rows: dict[str, Method | str], scenes: list[Scene], rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[Any]]]:
    """Run all methods in turns, ``rounds`` times after a warm-up.

    Returns:
        tuple[dict, dict]: Shortest seconds, and the mask, by name of the
        method, each a list with a value per scene.
    """
    running = {k: row for k, row in rows.items() if callable(row)}
    best = {name: [float('inf')] * len(scenes) for name in running}
    masks: dict[str, list[Any]] = {name: [None] * len(scenes) for name in best}
    for turn in range(rounds + 1):  # the first is a warm-up
        for name, method in running.items():
            for index, scene in enumerate(scenes):
                start = time.perf_counter()
                masks[name][index] = method(scene)
                taken = time.perf_counter() - start
                if turn:
                    best[name][index] = min(best[name][index], taken)
    return best, masks


def iou(a: Any, b: Any) -> float:
    """Return the IoU of two masks, (H, W) bool; 0 for two empty masks."""
    return int((a & b).sum()) / max(int((a | b).sum()), 1)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--model', choices=MODEL_NAMES, default=DEFAULT_MODEL)
    add('--steps', type=int, help='reverse steps (default: of the model)')
    add('--megapixels', type=float, nargs='+', default=[0.2, 2.0])
    add('--rounds', type=int, default=5, help='(default: %(default)s)')
    args = parser.parse_args()
    scenes = [read_scene(megapixels) for megapixels in args.megapixels]
    rows = methods(args.model, args.steps)
    best, masks = run(rows, scenes, args.rounds)
    about = machine()
    used = versions(('torch', 'onnxruntime', 'openvino'))
    print(f'{args.model}, one mask; {about["processor"]}, ', end='')
    print(f'{about["capability"]}, {about["threads"]} threads; ', end='')
    print(', '.join(f'{k} {v}' for k, v in used.items() if v))
    sizes = [f'{m:g} Mpx' for m in args.megapixels]
    print(
        '| | ' + ' | '.join(f'{s}: s | times as fast' for s in sizes), end=''
    )
    print(' | IoU with the published way |\n|' + '---|' * (2 * len(sizes) + 2))
    for name, row in rows.items():
        if isinstance(row, str):
            print(f'| {name} | {row} |' + ' |' * 2 * len(sizes))
            continue
        cells = []
        for slow, taken in zip(best[PUBLISHED], best[name], strict=True):
            cells += [f'{taken:.3f}', f'{slow / taken:.2f}']
        agreement = min(map(iou, masks[name], masks[PUBLISHED]))
        print(
            f'| {name} | {" | ".join(cells)} | {agreement:.4f} |', flush=True
        )


if __name__ == '__main__':
    main()
