"""Writes one small valid file of every kind."""

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from segrefiner_mm.apis.cli import main
from segrefiner_mm.encodings import encode_mask
from segrefiner_mm.models.checkpoint import save_weights
from segrefiner_mm.registry import MODELS, build_child

HEIGHT, WIDTH = 48, 64
SIZE = dict(height=HEIGHT, width=WIDTH)
# As small as this network can be.
NETWORK = dict(
    type='SegRefiner',
    head=dict(
        type='DiffusionRefineHead',
        denoiser=dict(
            type='DenoiseUNet',
            model_channels=32,
            num_res_blocks=1,
            num_heads=4,
            attention_strides=[],
            channel_mult=[1, 1, 1],
        ),
        scheduler=dict(type='DiscreteTransitionScheduler'),
    ),
    test_cfg=dict(
        seed=None,
        num_steps=1,
        model_size=32,
        windows=dict(type='ObjectWindows', min_area=20),
    ),
)


def write_samples(base: Path) -> None:
    """Fill a folder: each file is usable by the command that reads it."""
    for name in ('img', 'mask', 'label', 'pan', 'preds'):
        (base / name).mkdir(parents=True)
    masks = [_scene(base, index, name) for index, name in enumerate('ab')]
    write_network(base)
    _write_json(base, masks)
    _write_others(base, masks)
    _write_journals(base)


def _scene(base: Path, index: int, name: str) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(mask, (30 + 4 * index, 24), (20, 14), 20, 0, 360, 1, -1)
    image = np.where(mask[..., None] > 0, (40, 90, 200), (180, 160, 60))
    noise = np.random.default_rng(index).integers(0, 20, image.shape)
    picture = Image.fromarray((image + noise).astype(np.uint8))
    picture.save(base / 'img' / f'{name}.{"png" if index else "jpg"}')
    coarse = np.roll(mask, 2, axis=1)
    Image.fromarray(coarse * 255).save(base / 'mask' / f'{name}.png')
    Image.fromarray(coarse.astype(bool)).save(base / f'{name}_1bit.png')
    label = Image.fromarray(coarse * (index + 1))
    label.putpalette(list(range(256)) * 3)
    label.save(base / 'label' / f'{name}.png')
    deep = Image.fromarray(coarse.astype(np.int32) * 70_000)
    deep.save(base / f'{name}_label.tif')
    return coarse


def write_network(base: Path) -> None:
    """``model.py`` and its weights, random ones."""
    torch.manual_seed(0)
    model = build_child(MODELS, NETWORK)
    for suffix in ('.pth', '.safetensors'):
        save_weights(model.state_dict(), base / f'weights{suffix}')
    cfg = dict(NETWORK, checkpoint=str(base / 'weights.safetensors'))
    (base / 'model.py').write_text(f'model = {cfg!r}\n')


def _write_json(base: Path, masks: list[np.ndarray]) -> None:
    forms: list[Any] = [encode_mask(mask) for mask in masks]
    [outline], _ = cv2.findContours(
        masks[0], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    runs = dict(size=[HEIGHT, WIDTH], counts=[500, 40, 2532])
    forms += [[outline.ravel().tolist()], runs]
    names = ['a.jpg', 'b.png']
    images = [
        dict(
            id=i,
            file_name=names[i],
            coco_url=f'http://x.org/img/{names[i]}',
            neg_category_ids=[],
            not_exhaustive_category_ids=[],
            **SIZE,
        )
        for i in range(2)
    ]
    annotations = [
        dict(
            id=number + 1,
            image_id=number % 2,
            category_id=1,
            iscrowd=int(form is runs),
            area=900,
            bbox=[12, 9, 40, 30],
            segmentation=form,
        )
        for number, form in enumerate(forms)
    ]
    classes = [dict(id=1, name='x', frequency='f', isthing=1)]
    content = dict(images=images, annotations=annotations, categories=classes)
    _dump(base / 'coco.json', content)
    scored = [
        dict(own, score=0.9 - 0.1 * number)
        for number, own in enumerate(annotations[:3])
    ]
    _dump(base / 'results.json', scored)
    lvis = [own for own in annotations if not own['iscrowd']]
    for own in images:
        own.pop('file_name')
    _dump(base / 'lvis.json', dict(content, annotations=lvis))
    _write_panoptic(base, masks, classes, names)


def _write_panoptic(
    base: Path, masks: list[np.ndarray], classes: list, names: list[str]
) -> None:
    records = []
    for index, mask in enumerate(masks):
        ids = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        ids[..., 0] = 1 + mask
        Image.fromarray(ids).save(base / 'pan' / f'{names[index][0]}.png')
        segments = [
            dict(id=n, category_id=1, area=900, bbox=[0, 0, 5, 5], iscrowd=0)
            for n in (1, 2)
        ]
        name = f'{names[index][0]}.png'
        records.append(
            dict(image_id=index, file_name=name, segments_info=segments)
        )
    images = [
        dict(id=i, file_name=name, **SIZE) for i, name in enumerate(names)
    ]
    content = dict(images=images, annotations=records, categories=classes)
    _dump(base / 'pan.json', content)


def _write_others(base: Path, masks: list[np.ndarray]) -> None:
    mask = masks[0]
    np.save(base / 'mask.npy', mask)
    np.savez(base / 'mask.npz', mask=mask > 0)
    encoded = encode_mask(mask)
    bytes_of = dict(encoded, counts=encoded['counts'].encode())
    boxes = torch.tensor([[12.0, 9, 52, 39]])
    common = dict(scores=torch.ones(1), labels=torch.zeros(1), bboxes=boxes)
    results = [
        dict(
            img_path=str(base / 'img' / name),
            ori_shape=(HEIGHT, WIDTH),
            pred_instances=dict(common, masks=own),
        )
        for name, own in (
            ('a.jpg', [bytes_of]),
            ('b.png', torch.from_numpy(masks[1][None] > 0)),
        )
    ]
    (base / 'det.pkl').write_bytes(pickle.dumps(results))
    folder = dict(
        labels=[0], scores=[0.9], bboxes=[[12, 9, 52, 39]], masks=[encoded]
    )
    _dump(base / 'preds' / 'a.json', folder)


def _write_journals(base: Path) -> None:
    """What stopped runs leave behind: of a folder, and of a json."""
    model = ['--model', str(base / 'model.py'), '--device', 'cpu']
    done = base / 'done'
    pair = [str(base / 'img'), str(base / 'mask')]
    _must([*('refine', *pair, '-o', str(done)), *model])
    # A run that ends leaves no notes, so this one cannot write its output.
    notes = base / 'notes'
    notes.mkdir()
    out = notes / 'out.json'
    command = ['coco', str(base / 'coco.json'), '--img-dir', pair[0]]
    from segrefiner_mm.integrations.coco_file import CocoFile

    write = CocoFile.write
    CocoFile.write = _stop  # type: ignore[method-assign, assignment]
    try:
        main([*command, '-o', str(out), *model])
    finally:
        CocoFile.write = write  # type: ignore[method-assign]
    if not list(notes.glob('.segrefiner-*notes.jsonl')):
        raise RuntimeError('a stopped run has left no notes')


def _stop(*_: Any) -> None:
    raise KeyboardInterrupt


def _must(argv: list[str]) -> None:
    if main(argv) != 0:
        raise RuntimeError(f'the valid files are refused: {argv}')


def _dump(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content))


def copy_tree(source: Path, target: Path) -> None:
    """A folder again, with the times of its files."""
    shutil.copytree(source, target, dirs_exist_ok=True)
