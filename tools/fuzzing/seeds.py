"""Writes the small valid files that are mutated."""

import json
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.models.checkpoint import save_weights
from segrefiner_mm.registry import MODELS, build_child

HEIGHT, WIDTH = 48, 64
IMAGES = ('a.png', 'b.jpg')
PICTURES = ('png', 'jpg', 'bmp', 'tif', 'webp', 'ppm')
LOSSLESS = ('png', 'bmp', 'tif', 'webp')
MODEL = """\
windows = dict(type='ObjectWindows', min_area=16)
denoiser = dict(
    type='DenoiseUNet',
    model_channels=32,
    num_res_blocks=1,
    channel_mult=(1, 1),
    attention_strides=(),
)
model = dict(
    type='SegRefiner',
    head=dict(
        type='DiffusionRefineHead',
        denoiser=denoiser,
        scheduler=dict(type='DiscreteTransitionScheduler'),
    ),
    test_cfg=dict(windows=windows, num_steps=1, model_size=32),
)
"""


def write_seeds(folder: Path) -> None:
    """Write valid files of every kind of this package and of COCO."""
    write_model(folder)
    image, mask = draw()
    for name in IMAGES:
        write(folder / 'img' / name, image)
    for suffix in PICTURES:
        write(folder / 'pictures' / f'image.{suffix}', image)
    _write_masks(folder / 'masks', mask)
    _write_labels(folder / 'labels', mask)
    _write_coco(folder, mask)
    _write_panoptic(folder, mask)
    _write_predictions(folder, mask)


def write_model(folder: Path) -> None:
    """Write a config and random weights of a tiny network."""
    (folder / 'model.py').write_text(MODEL)
    scope: dict[str, Any] = {}
    exec(MODEL, scope)
    torch.manual_seed(0)
    weights = build_child(MODELS, scope['model']).state_dict()
    for suffix in ('safetensors', 'pth'):
        save_weights(weights, folder / f'weights.{suffix}')
    torch.save(
        dict(weights, _=torch.zeros(1)),
        folder / 'old.pth',
        _use_new_zipfile_serialization=False,
    )


def draw(
    seed: int = 0, height: int = HEIGHT, width: int = WIDTH
) -> tuple[np.ndarray, np.ndarray]:
    """Draw an image of a disc, (H, W, 3) uint8, and its mask, 0 and 1."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    centre = (int(rng.integers(20, width - 20)), height // 2)
    cv2.circle(mask, centre, height // 4, 1, -1)
    image = rng.integers(60, 90, (height, width, 3), dtype=np.uint8)
    image[mask > 0] += 90
    return image, mask


def write(path: Path, picture: np.ndarray) -> None:
    """Write an image file; its folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture), path


def _write_masks(folder: Path, mask: np.ndarray) -> None:
    for suffix in LOSSLESS:
        write(folder / f'mask.{suffix}', mask * 255)
    palette = Image.fromarray(mask).convert('P')
    palette.putpalette([0, 0, 0, 255, 255, 255])
    palette.save(folder / 'palette.png')
    Image.fromarray(mask > 0).save(folder / 'bits.tif', compression='group4')
    np.save(folder / 'mask.npy', mask)
    np.save(folder / 'columns.npy', np.asfortranarray(mask.astype('f4')))
    np.savez(folder / 'mask.npz', mask)
    np.savez_compressed(folder / 'packed.npz', mask > 0)


def _write_labels(folder: Path, mask: np.ndarray) -> None:
    labels = (mask * 7 + np.eye(HEIGHT, WIDTH, dtype=np.uint8)).astype('u1')
    write(folder / 'labels.png', labels)
    write(folder / 'wide.png', labels.astype('u2') * 1000)
    Image.fromarray(labels.astype('i4') * 70000).save(folder / 'wide.tif')
    coloured = Image.fromarray(labels).convert('P')
    coloured.putpalette(list(range(256)) * 3)
    coloured.save(folder / 'coloured.png')
    np.save(folder / 'labels.npy', labels.astype('i8'))


def _write_coco(folder: Path, mask: np.ndarray) -> None:
    encoded = encode_mask(mask)
    [outline], _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    polygons = [outline.ravel().tolist()]
    kinds = [encoded, polygons, dict(size=[HEIGHT, WIDTH], counts=[3072])]
    images = [
        dict(id=number, file_name=name, height=HEIGHT, width=WIDTH)
        for number, name in enumerate(IMAGES, 1)
    ]
    annotations = [
        dict(
            id=number + 1,
            image_id=1 + number % 2,
            category_id=1,
            iscrowd=number // 2,
            area=int(mask.sum()),
            bbox=list(cv2.boundingRect(mask)),
            segmentation=kind,
        )
        for number, kind in enumerate(kinds)
    ]
    content = dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='disc')],
    )
    dump(folder / 'annotations.json', content)
    results = [
        dict(image_id=1 + n, category_id=1, score=0.5, segmentation=encoded)
        for n in (0, 1)
    ]
    for name in ('results', 'journaled'):
        dump(folder / f'{name}.json', results)
    for image, name in zip(images, IMAGES, strict=True):
        del image['file_name']
        image |= dict(
            coco_url=f'http://images.example.org/img/{name}',
            neg_category_ids=[],
            not_exhaustive_category_ids=[],
        )
    for annotation in annotations:
        del annotation['iscrowd']
        annotation['segmentation'] = polygons
    content['categories'][0]['frequency'] = 'f'
    dump(folder / 'lvis.json', content)


def _write_panoptic(folder: Path, mask: np.ndarray) -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[..., 2] = 1 + mask
    segments = [
        dict(id=1 + n, category_id=1 + n, iscrowd=0, area=9, bbox=[0, 0, 9, 9])
        for n in (0, 1)
    ]
    categories = [
        dict(id=1 + n, name=str(n), isthing=n, color=[0, 0, n]) for n in (0, 1)
    ]
    annotations = []
    for number, name in enumerate(IMAGES, 1):
        own = f'{Path(name).stem}.png'
        write(folder / 'panoptic' / own, picture)
        annotations.append(
            dict(image_id=number, file_name=own, segments_info=segments)
        )
    images = [
        dict(id=number, file_name=name, height=HEIGHT, width=WIDTH)
        for number, name in enumerate(IMAGES, 1)
    ]
    content = dict(images=images, annotations=annotations)
    dump(folder / 'panoptic.json', content | dict(categories=categories))


def _write_predictions(folder: Path, mask: np.ndarray) -> None:
    encoded = encode_mask(mask)
    in_bytes = dict(encoded, counts=encoded['counts'].encode())
    tensor = torch.from_numpy(mask > 0)[None]
    kinds = [[encoded], [in_bytes], tensor, (mask > 0)[None]]
    for number, masks in enumerate(kinds):
        instances = dict(
            masks=masks,
            scores=torch.ones(1) if number else np.ones(1, 'f4'),
            labels=torch.zeros(1, dtype=torch.int64),
        )
        content = [
            dict(
                img_id=place,
                img_path=f'img/{name}',
                ori_shape=(HEIGHT, WIDTH),
                pred_instances=instances,
            )
            for place, name in enumerate(IMAGES)
        ]
        data = pickle.dumps(content, protocol=2 + number // 2 * 2)
        (folder / f'dets{number}.pkl').write_bytes(data)
    for name in IMAGES:
        prediction = dict(
            labels=[0, 1],
            scores=[0.9, 0.8],
            bboxes=[[1, 2, 3, 4], [5, 6, 7, 8]],
            masks=[encoded, encoded],
        )
        dump(folder / 'preds' / f'{Path(name).stem}.json', prediction)


def dump(path: Path, content: Any) -> None:
    """Write a JSON file; its folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
