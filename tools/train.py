"""Train a refiner.

Run ``python tools/train.py CONFIG``; for several GPUs, start it with
``torchrun`` and add ``--launcher pytorch``.
"""

import argparse
import os
import sys
from typing import Any


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    # The options come from the package, which is slow to import.
    from segrefiner_mm.cli.runner_setup import add_runner_options

    parser = argparse.ArgumentParser(description='Train a refiner.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from the last checkpoint of the work dir, or from a file',
    )
    add_runner_options(parser)
    return parser.parse_args()


def set_start(cfg: Any, resume: str | None) -> None:
    """Set the checkpoint that training resumes or starts from.

    Args:
        cfg (Config): Config of the run; ``resume`` and ``load_from`` are
            changed in place.
        resume (str, optional): Checkpoint to resume; ``'auto'`` is the last
            checkpoint of the work dir, if there is one. None: training starts
            with the weights that the config names.

    Raises:
        InputError: If the config names two sets of weights, or the checkpoint
            is not a .pth file.
        CheckpointError: If the checkpoint cannot be read.
    """
    from mmengine.runner import find_latest_checkpoint

    from segrefiner_mm.cli.runner_setup import check_weights
    from segrefiner_mm.errors import InputError

    if resume == 'auto':  # mmengine would forget load_from
        resume = find_latest_checkpoint(cfg.work_dir)
    if resume is not None:
        cfg.resume, cfg.load_from = True, resume
    elif cfg.get('load_from') and cfg.model.get('checkpoint'):
        raise InputError(
            f'two sets of weights to start from: {cfg.load_from} (load_from) '
            f'and {cfg.model.checkpoint} (model.checkpoint); for the second '
            'add load_from=None'
        )
    if cfg.get('load_from'):
        check_weights(cfg.load_from)


def main() -> int:
    """Train; return the exit status.

    Returns:
        int: 0, 1 if the training collapsed, or 2 after an error of the user.
    """
    args = parse_args()
    from segrefiner_mm.cli import runner_setup
    from segrefiner_mm.errors import (
        InputError,
        SegRefinerError,
        TrainingCollapsedError,
    )

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        cfg = runner_setup.configure(args)
        with runner_setup.of_settings('train_dataloader'):
            loader = cfg.get('train_dataloader')
            if not loader or not cfg.get('train_cfg'):
                raise InputError(f'{args.config} has nothing to train on')
            if loader.get('sampler', {}).get('type') == 'DrawSampler':
                loader.sampler.batch_size = loader.batch_size
            set_start(cfg, args.resume)
        runner_setup.use_cpu_processes(cfg)
        runner_setup.start(cfg, 'train')
        runner_setup.leave_together()
    except TrainingCollapsedError as error:
        print(f'train: stopped: {error}', file=sys.stderr)
        return 1
    except (SegRefinerError, FileNotFoundError) as error:
        message = runner_setup.message_of(error)
        print(f'train: error: {message}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
