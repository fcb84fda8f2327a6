"""Shipped recipes, made small enough to train in a test."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from tests.helpers import ROOT, write_folder, write_lvis, write_pairs

TRAIN = ROOT / 'tools' / 'train.py'
SIZE = 32


def write_recipe(
    name: str, folder: Path, size: int = SIZE, **settings: Any
) -> Path:
    """Write data for a recipe and its config with a small network.

    Args:
        name (str): Stem of a config in ``configs/segrefiner``.
        folder (Path): Where to write.
        size (int): Side of the windows. Defaults to 32.
        **settings: Merged into the config last, dots in names as ``__``.

    Returns:
        Path: The config.
    """
    cfg = Config.fromfile(ROOT / 'configs' / 'segrefiner' / f'{name}.py')
    for loader, count in ((cfg.train_dataloader, 12), (cfg.val_dataloader, 4)):
        data = folder / loader.dataset.type / str(count)
        _write_data(loader.dataset, data, count)
        loader.update(num_workers=0, persistent_workers=False)
    cfg.train_dataloader.batch_size = 8
    cfg.train_dataloader.sampler.batch_size = 8
    for step in _steps(cfg.train_dataloader.dataset.pipeline):
        if step['type'] in ('CropObject', 'CropPatch'):
            step['size'] = size
        if step['type'] == 'PasteObject':
            step['backgrounds'] = str(folder / 'backgrounds')
    if cfg.model.head.denoiser.type == 'DenoiseUNet':
        cfg.model.head.denoiser.update(
            model_channels=32,
            num_res_blocks=1,
            channel_mult=(1, 2, 2),
            attention_strides=(),
        )
    cfg.model.test_cfg.model_size = size
    cfg.optim_wrapper.optimizer.lr = 2e-3
    cfg.param_scheduler[0].end = 5
    cfg.train_cfg.update(max_iters=30, val_interval=30)
    cfg.default_hooks.logger.interval = 1
    if 'custom_hooks' in cfg:
        cfg.custom_hooks[0].momentum = 0.2
    cfg.merge_from_dict(
        {key.replace('__', '.'): value for key, value in settings.items()}
    )
    path = folder / f'{name}.py'
    cfg.dump(path)
    return path


def train(
    config: Path, *options: Any, processes: int = 1
) -> subprocess.CompletedProcess:
    """Run ``tools/train.py`` as a user does."""
    command = [sys.executable]
    if processes > 1:
        command += ['-m', 'torch.distributed.run', '--standalone']
        command += [f'--nproc_per_node={processes}']
        options = (*options, '--launcher', 'pytorch')
    path = os.pathsep.join([str(ROOT), str(config.parent)])
    return subprocess.run(
        [*command, str(TRAIN), str(config), *map(str, options)],
        cwd=ROOT,
        env={'PYTHONPATH': path, 'PATH': '', 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=300,
    )


def scalars(work_dir: Path) -> list[dict]:
    """What the runs in a work dir logged, in order."""
    return [
        json.loads(line)
        for file in sorted(work_dir.glob('*/vis_data/scalars.json'))
        for line in file.read_text().splitlines()
    ]


def _steps(pipeline: list[dict]) -> Iterator[dict]:
    for step in pipeline:
        yield step
        for view in step.get('pipelines', ()):
            yield from _steps(view)


def _write_data(dataset: dict, data: Path, count: int) -> None:
    dataset['data_root'] = str(data)
    if dataset['type'] == 'FolderRefineDataset':
        write_folder(data, count)
        dataset['scenes'] = None
    elif dataset['type'] == 'LVISRefineDataset':
        write_lvis(data, count)
        dataset['ann_file'] = 'lvis.json'
    else:
        for collection in dataset['collections']:
            root = data / collection['root']
            if collection['layout'] == 'dis5k':
                write_pairs(root, 'im', 'gt', count, height=150, width=200)
            else:
                write_pairs(root, 'images', 'masks', count)
                (root / 'list').mkdir()
                names = ''.join(f'{i:03d}.jpg\n' for i in range(count))
                (root / 'list' / 'train.txt').write_text(names)
