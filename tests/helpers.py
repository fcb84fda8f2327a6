"""What several tests need."""

import json
from pathlib import Path
from typing import Any

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


def tiny_model_cfg(**test_cfg: Any) -> dict:
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


def draw_object(
    rng: np.random.Generator, height: int = 96, width: int = 128
) -> tuple[np.ndarray, np.ndarray]:
    """A noisy picture of an ellipse, and its mask of 0 and 1."""
    mask = np.zeros((height, width), np.uint8)
    low, high = min(height, width) // 5, min(height, width) // 3
    centre = width // 2 + int(rng.integers(-9, 9)), height // 2
    axes = int(rng.integers(low, high)), int(rng.integers(low, high))
    cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 1, -1)
    colours = rng.integers(0, 100, 3), rng.integers(130, 230, 3)
    image = np.where(mask[..., None] > 0, *colours)
    image = image + rng.integers(0, 25, image.shape)
    return image.astype(np.uint8), mask


def blocky(mask: np.ndarray) -> np.ndarray:
    """A mask as a network of an eighth of the resolution predicts it."""
    small = cv2.resize(mask, None, fx=0.125, fy=0.125)
    size = mask.shape[::-1]
    return cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)


def write_folder(folder: Path, count: int = 12, **size: int) -> Path:
    """Pairs in ``images/`` and ``masks/``."""
    return write_pairs(folder, 'images', 'masks', count, **size)


def write_pairs(
    folder: Path, images: str, masks: str, count: int = 12, **size: int
) -> Path:
    for name in (images, masks):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        image, mask = draw_object(rng, **size)
        cv2.imwrite(str(folder / images / f'{index:03d}.jpg'), image)
        cv2.imwrite(str(folder / masks / f'{index:03d}.png'), mask * 255)
    return folder


def write_lvis(folder: Path, count: int = 12) -> dict:
    """``images/`` and ``lvis.json`` with a polygon per image."""
    write_folder(folder, count)
    content: dict = dict(images=[], annotations=[], categories=[dict(id=1)])
    for index in range(count):
        mask = cv2.imread(str(folder / 'masks' / f'{index:03d}.png'), 0)
        assert mask is not None
        [contour], _ = cv2.findContours(
            mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        content['images'].append(
            dict(
                id=index + 1,
                width=mask.shape[1],
                height=mask.shape[0],
                coco_url=f'http://x.org/images/{index:03d}.jpg',
            )
        )
        content['annotations'].append(
            dict(
                id=index + 100,
                image_id=index + 1,
                category_id=1,
                area=int((mask > 0).sum()),
                bbox=list(cv2.boundingRect(mask)),
                segmentation=[contour[:, 0].ravel().tolist()],
            )
        )
    (folder / 'lvis.json').write_text(json.dumps(content))
    return content


def iou(a: np.ndarray, b: np.ndarray) -> float:
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 1.0


def dense(refined: list, size: tuple) -> np.ndarray:
    """Outcomes of the engine as whole masks, (N, H, W) bool."""
    masks = np.zeros((len(refined), *size), bool)
    for mask, part in zip(masks, refined, strict=True):
        mask[part.box.slices()] = part.pixels.numpy()
    return masks
