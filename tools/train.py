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

    from segrefiner_mm.apis.model_zoo import read_config
    from segrefiner_mm.errors import InputError

    cfg = read_config(args.config)
    if wrong := [option for option in args.cfg_options if '=' not in option]:
        raise InputError(f'--cfg-options are key=value, got {wrong[0]!r}')
    options = dict(option.split('=', 1) for option in args.cfg_options)
    cfg.merge_from_dict(
        {k: DictAction._parse_iterable(v) for k, v in options.items()}
    )
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or cfg.get(
        'work_dir', str(Path('work_dirs', Path(args.config).stem))
    )
    loader = cfg.get('train_dataloader', {})
    if loader.get('sampler', {}).get('type') == 'DrawSampler':
        loader.sampler.batch_size = loader.batch_size
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    return cfg


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
    from segrefiner_mm.models.checkpoint import read_state_dict

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        cfg = configure(args)
        if cfg.get('load_from'):
            # mmengine would execute code from a file that needs it.
            read_state_dict(cfg.load_from)
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
        # A worker's error brings its traceback along; what it says is last.
        message = str(error).strip().splitlines()[-1]
        print(f'train: error: {message}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
