"""Train a refiner.

``python tools/train.py CONFIG``; several GPUs by ``torchrun`` and
``--launcher pytorch``.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Train a refiner.')
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from the last checkpoint of the work dir, or from a file',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        help='settings that win over the config, as key=value',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    return parser.parse_args()


def configure(args: argparse.Namespace) -> Any:
    """The config with what the command line says of it."""
    from mmengine.config import DictAction
    from mmengine.runner import find_latest_checkpoint

    from segrefiner_mm.errors import InputError
    from segrefiner_mm.models.model_zoo import read_config

    cfg = read_config(args.config)
    if wrong := [option for option in args.cfg_options if '=' not in option]:
        raise InputError(f'--cfg-options are key=value, got {wrong[0]!r}')
    options = dict(option.split('=', 1) for option in args.cfg_options)
    try:
        cfg.merge_from_dict(
            {k: DictAction._parse_iterable(v) for k, v in options.items()}
        )
    except (KeyError, TypeError, IndexError) as error:
        raise InputError(f'--cfg-options do not fit: {error}') from None
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or cfg.get(
        'work_dir', str(Path('work_dirs', Path(args.config).stem))
    )
    loader = cfg.get('train_dataloader', {})
    if loader.get('sampler', {}).get('type') == 'DrawSampler':
        loader.sampler.batch_size = loader.batch_size
    if args.resume:
        file = args.resume
        if file == 'auto':  # mmengine would forget load_from
            file = find_latest_checkpoint(cfg.work_dir)
        if file is not None:
            cfg.resume, cfg.load_from = True, file
    return cfg


def check_weights(file: str) -> None:
    """Refuse what mmengine would execute code from, or cannot read."""
    from segrefiner_mm.errors import InputError
    from segrefiner_mm.models.checkpoint import read_state_dict

    if Path(file).suffix == '.safetensors':
        raise InputError(
            f'load_from and --resume take .pth, not {file}: to start from '
            'these weights, set model.checkpoint, or convert them'
        )
    read_state_dict(file)


def message_of(error: Exception) -> str:
    """What an error says; from a worker it brings a traceback along."""
    message = str(error).strip()
    if 'Traceback (most recent call last)' in message:
        message = message.splitlines()[-1]
    return message


def use_cpu_processes(cfg: Any) -> None:
    """Without a GPU, let the processes of a launcher talk over gloo."""
    import torch

    if cfg.launcher != 'pytorch' or torch.cuda.is_available():
        return
    torch.distributed.init_process_group('gloo')
    # mmengine would give it the index of a GPU.
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
    )


def main() -> int:
    args = parse_args()
    # After the arguments, so that --help is quick.
    import torch
    from mmengine.runner import Runner

    from segrefiner_mm.errors import SegRefinerError, TrainingCollapsedError

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        cfg = configure(args)
        if cfg.get('load_from'):
            check_weights(cfg.load_from)
        use_cpu_processes(cfg)
        Runner.from_cfg(cfg).train()
        if torch.distributed.is_initialized():
            # One that leaves early would pull the others down.
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()
    except TrainingCollapsedError as error:
        print(f'train: stopped: {error}', file=sys.stderr)
        return 1
    except (SegRefinerError, FileNotFoundError) as error:
        print(f'train: error: {message_of(error)}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
