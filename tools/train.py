"""Train a refiner.

``python tools/train.py CONFIG``; several GPUs by ``torchrun`` and
``--launcher pytorch``.
"""

import argparse
import os
from pathlib import Path


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
        help='settings that win over the config, as key=value',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    # After the arguments, so that --help is quick.
    from mmengine.config import Config, DictAction
    from mmengine.runner import Runner

    import segrefiner_mm  # noqa: F401  its name must resolve in _base_

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = Config.fromfile(args.config)
    if args.cfg_options:
        options: dict = {}
        for option in args.cfg_options:
            key, _, value = option.partition('=')
            options[key] = DictAction._parse_iterable(value)
        cfg.merge_from_dict(options)
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or cfg.get(
        'work_dir', str(Path('work_dirs', Path(args.config).stem))
    )
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    Runner.from_cfg(cfg).train()


if __name__ == '__main__':
    main()
