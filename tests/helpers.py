"""What several tests need."""

import json
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / 'data' / 'golden'


def tiny_denoiser_cfg() -> dict:
    config = json.loads((GOLDEN / 'tiny_config.json').read_text())['config']
    names = [
        'in_channels',
        'out_channels',
        'model_channels',
        'num_res_blocks',
        'num_heads',
        'attention_strides',
        'channel_mult',
    ]
    return dict(type='DenoiseUNet', **{name: config[name] for name in names})


def tiny_model_cfg(**test_cfg) -> dict:
    """Config of the golden network, noise-free."""
    return dict(
        type='SegRefiner',
        head=dict(
            type='DiffusionRefineHead',
            denoiser=tiny_denoiser_cfg(),
            scheduler=dict(type='DiscreteTransitionScheduler'),
        ),
        test_cfg=dict(seed=None, **test_cfg),
    )


def load_case(file: Path) -> dict:
    """A golden case with its image decoded and its masks unpacked."""
    with np.load(file) as stored:
        case = dict(stored)
    case['image'] = cv2.imdecode(case.pop('image_bgr'), cv2.IMREAD_COLOR)
    width = case['shape'][-1]
    for name in ('coarse', 'refined', 'gt', 'global_mask'):
        if name in case:
            bits = np.unpackbits(case[name], axis=-1, count=width)
            case[name] = bits.astype(bool)
    return case


def iou(a: np.ndarray, b: np.ndarray) -> float:
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 1.0


def dense(refined: list, size: tuple) -> np.ndarray:
    """Outcomes of the engine as whole masks, (N, H, W) bool."""
    masks = np.zeros((len(refined), *size), bool)
    for mask, part in zip(masks, refined, strict=True):
        mask[part.box.slices()] = part.pixels.numpy()
    return masks
