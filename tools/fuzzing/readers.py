"""The readers of the commands, and how each is given a damaged file."""

import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from fuzzing.binaries import (
    mutate_array,
    mutate_checkpoint,
    mutate_picture,
    mutate_safetensors,
    strange_array,
)
from fuzzing.mutations import mutate_bytes, mutate_json, mutate_tree
from fuzzing.samples import copy_tree


class Trial(NamedTuple):
    """A command on a damaged file.

    Attributes:
        argv (list[str]): The command.
        file (str): What a refusal must name.
        out (Path, optional): What must be there when it was done.
    """

    argv: list[str]
    file: str
    out: Path | None = None


Reader = Callable[[Path, Path, random.Random], Trial]


def _coco(base: Path, source: Path, out: Path, *more: object) -> list[str]:
    command = ['coco', source, '--img-dir', base / 'img', '-o', out, *more]
    return [*map(str, command), '--model', str(base / 'model.py')]


def _refine(
    base: Path, image: Path, mask: Path, out: Path, *more: object
) -> list[str]:
    command = ['refine', image, mask, '-o', out, '--device', 'cpu', *more]
    if '--weights' not in more:
        command += ['--model', base / 'model.py']
    return [str(part) for part in command]


def _damaged_json(base: Path, name: str, rng: random.Random) -> bytes:
    return mutate_json(json.loads((base / name).read_text()), rng)


def coco_results(base: Path, work: Path, rng: random.Random) -> Trial:
    file, out = work / 'fuzzed.json', work / 'out.json'
    file.write_bytes(_damaged_json(base, 'results.json', rng))
    argv = _coco(base, file, out, '--ann', base / 'coco.json')
    return Trial([*argv, *_style(rng)], file.name, out)


def coco_annotations(base: Path, work: Path, rng: random.Random) -> Trial:
    file, out = work / 'fuzzed.json', work / 'out.json'
    file.write_bytes(_damaged_json(base, 'coco.json', rng))
    if rng.random() < 0.3:
        argv = _coco(base, base / 'results.json', out, '--ann', file)
    else:
        argv = _coco(base, file, out, *_style(rng))
    return Trial(argv, file.name, out)


def lvis_annotations(base: Path, work: Path, rng: random.Random) -> Trial:
    file, out = work / 'fuzzed.json', work / 'out.json'
    file.write_bytes(_damaged_json(base, 'lvis.json', rng))
    return Trial(_coco(base, file, out, *_style(rng)), file.name, out)


def _style(rng: random.Random) -> list[str]:
    form = rng.choice(['same', 'rle', 'polygon'])
    boxes = ['--update-boxes'] if rng.random() < 0.5 else []
    return ['--segmentation', form, *boxes]


def panoptic_json(base: Path, work: Path, rng: random.Random) -> Trial:
    file, out = work / 'fuzzed.json', work / 'out.json'
    copy_tree(base / 'pan', work / 'fuzzed')
    if rng.random() < 0.75:
        file.write_bytes(_damaged_json(base, 'pan.json', rng))
        return Trial(_coco(base, file, out), file.name, out)
    file.write_bytes((base / 'pan.json').read_bytes())
    picture = work / 'fuzzed' / 'a.png'
    picture.write_bytes(mutate_picture(picture.read_bytes(), rng))
    return Trial(_coco(base, file, out), picture.name, out)


def det_pickle(base: Path, work: Path, rng: random.Random) -> Trial:
    file, out = work / 'fuzzed.pkl', work / 'out.pkl'
    content = (base / 'det.pkl').read_bytes()
    if rng.random() < 0.6:
        stored = pickle.loads(content)
        values = [*_PICKLED, strange_array(rng)]
        for _ in range(rng.choice([1, 1, 2])):
            stored = mutate_tree(stored, rng, values)
        content = pickle.dumps(stored, rng.randrange(6))
    if content == (base / 'det.pkl').read_bytes() or rng.random() < 0.1:
        content = mutate_bytes(content, rng)
    file.write_bytes(content)
    boxes = ['--update-boxes'] if rng.random() < 0.5 else []
    return Trial(_coco(base, file, out, *boxes), file.name, out)


_PICKLED: list[Any] = [
    *(None, '', 'abc', '../x', b'', b'abc', -1, 2**70, 1e308, float('nan')),
    *([], {}, (), [[]], [None], (48,), (0, 0), (2**20, 2**20), [{}], {1: 2}),
    *(torch.zeros(0), torch.ones(1, 48, 64), torch.zeros(2, 0, 64)),
    *(torch.zeros(1, 48, 64).bool(), torch.zeros(1), np.float64(3)),
    torch.zeros(1, 1, 1, dtype=torch.uint8).expand(1, 48, 64),
]


def inferencer_folder(base: Path, work: Path, rng: random.Random) -> Trial:
    folder, out = work / 'preds', work / 'out'
    folder.mkdir()
    file = folder / 'a.json'
    file.write_bytes(_damaged_json(base, 'preds/a.json', rng))
    return Trial(_coco(base, folder, out), 'a', out / 'a.json')


def image_picture(base: Path, work: Path, rng: random.Random) -> Trial:
    source = base / 'img' / rng.choice(['a.jpg', 'b.png'])
    file, out = work / f'fuzzed{source.suffix}', work / 'out.png'
    file.write_bytes(mutate_picture(source.read_bytes(), rng))
    mask = base / 'mask' / f'{source.stem}.png'
    overlay = ['--overlay'] if rng.random() < 0.2 else []
    return Trial(_refine(base, file, mask, out, *overlay), file.name, out)


def mask_picture(base: Path, work: Path, rng: random.Random) -> Trial:
    source = base / rng.choice(['mask/a.png', 'a_1bit.png'])
    file, out = work / 'fuzzed.png', work / 'out.png'
    file.write_bytes(mutate_picture(source.read_bytes(), rng))
    argv = _refine(base, base / 'img' / 'a.jpg', file, out, *_soft(rng))
    return Trial(argv, file.name, out)


def mask_array(base: Path, work: Path, rng: random.Random) -> Trial:
    suffix = rng.choice(['.npy', '.npz'])
    file, out = work / f'fuzzed{suffix}', work / 'out.png'
    content = (base / f'mask{suffix}').read_bytes()
    file.write_bytes(mutate_array(content, suffix, rng))
    more = ['--labels'] if rng.random() < 0.3 else _soft(rng)
    argv = _refine(base, base / 'img' / 'a.jpg', file, out, *more)
    return Trial(argv, file.name, out)


def _soft(rng: random.Random) -> list[str]:
    return ['--threshold', '0.5'] if rng.random() < 0.5 else []


def label_map(base: Path, work: Path, rng: random.Random) -> Trial:
    source = base / rng.choice(['label/a.png', 'a_label.tif'])
    file, out = work / f'fuzzed{source.suffix}', work / 'out.tif'
    file.write_bytes(mutate_picture(source.read_bytes(), rng))
    image = base / 'img' / 'a.jpg'
    return Trial(_refine(base, image, file, out, '--labels'), file.name, out)


def pth_checkpoint(base: Path, work: Path, rng: random.Random) -> Trial:
    file = work / 'fuzzed.pth'
    content = (base / 'weights.pth').read_bytes()
    file.write_bytes(mutate_checkpoint(content, rng))
    return _with_weights(base, work, file, rng)


def safetensors_checkpoint(
    base: Path, work: Path, rng: random.Random
) -> Trial:
    file = work / 'fuzzed.safetensors'
    content = (base / 'weights.safetensors').read_bytes()
    file.write_bytes(mutate_safetensors(content, rng))
    return _with_weights(base, work, file, rng)


def _with_weights(
    base: Path, work: Path, file: Path, rng: random.Random
) -> Trial:
    if rng.random() < 0.7:
        out = work / 'out.safetensors'
        return Trial(['convert', str(file), str(out)], file.name, out)
    out, pair = work / 'out.png', (base / 'img/a.jpg', base / 'mask/a.png')
    weights = '--weights', file, '--model', base / 'model.py'
    return Trial(_refine(base, *pair, out, *weights), file.name, out)


def run_journal(base: Path, work: Path, rng: random.Random) -> Trial:
    out = work / 'out'
    copy_tree(base / 'done', out)
    journal = out / '.segrefiner-run.jsonl'
    _damage_lines(journal, rng)
    if rng.random() < 0.5:
        (out / 'a.png').unlink()
    argv = _refine(base, base / 'img', base / 'mask', out)
    return Trial(argv, '.png', out / 'b.png')


def prediction_journal(base: Path, work: Path, rng: random.Random) -> Trial:
    copy_tree(base / 'notes', work)
    [notes] = work.glob('.segrefiner-*notes.jsonl')
    _damage_lines(notes, rng)
    out = work / 'out.json'
    return Trial(_coco(base, base / 'coco.json', out), 'coco.json', out)


def _damage_lines(path: Path, rng: random.Random) -> None:
    lines = path.read_text().splitlines()
    place = rng.randrange(len(lines))
    damaged = mutate_json(json.loads(lines[place]), rng)
    raw = [line.encode() for line in lines]
    raw[place] = damaged
    path.write_bytes(b'\n'.join(raw) + b'\n')


def eval_json(base: Path, work: Path, rng: random.Random) -> Trial:
    file = work / 'fuzzed.json'
    kind = rng.choice(['coco', 'lvis', 'pan'])
    more = ['--lvis'] if kind == 'lvis' else []
    if kind == 'pan':
        copy_tree(base / 'pan', work / 'fuzzed')
        gt = found = 'pan.json'
    else:
        gt, found = f'{kind}.json', 'results.json'
    if rng.random() < 0.5:
        file.write_bytes(_damaged_json(base, gt, rng))
        pair = [file, base / found]
    else:
        file.write_bytes(_damaged_json(base, found, rng))
        pair = [base / gt, file]
    if more == [] and kind == 'coco' and rng.random() < 0.3:
        more = ['--skip-unknown', '--classwise']
    return Trial(['eval', *map(str, pair), *more], file.name)


def eval_folder(base: Path, work: Path, rng: random.Random) -> Trial:
    labels = rng.random() < 0.5
    source = base / ('label' if labels else 'mask')
    folder = work / 'fuzzed'
    copy_tree(source, folder)
    file = folder / 'a.png'
    file.write_bytes(mutate_picture(file.read_bytes(), rng))
    pair = [source, folder] if rng.random() < 0.5 else [folder, source]
    more = ['--labels'] if labels else []
    return Trial(['eval', *map(str, pair), *more], file.name)


READERS: dict[str, Reader] = {
    reader.__name__.replace('_', '-'): reader
    for reader in (
        coco_results,
        coco_annotations,
        lvis_annotations,
        panoptic_json,
        det_pickle,
        inferencer_folder,
        image_picture,
        mask_picture,
        mask_array,
        label_map,
        pth_checkpoint,
        safetensors_checkpoint,
        run_journal,
        prediction_journal,
        eval_json,
        eval_folder,
    )
}
