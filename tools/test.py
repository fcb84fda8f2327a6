"""Test a refiner, or a model with a refiner, by the metrics of its config.

Run ``python tools/test.py CONFIG CHECKPOINT``; for several GPUs, start it with
``torchrun`` and add ``--launcher pytorch``.
"""

import argparse
import os
import pickle
import sys


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    # The options come from the package, which is slow to import.
    from segrefiner_mm.cli.runner_setup import add_runner_options

    parser = argparse.ArgumentParser(description='Test a refiner.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoint',
        help='weights: .pth, official ones included, .safetensors, or the '
        'name of bundled ones (segrefiner-lite, segrefiner-tiny)',
    )
    add_runner_options(parser)
    return parser.parse_args()


def main() -> int:
    """Run the test; return the exit status, 2 after an error of the user."""
    args = parse_args()
    from segrefiner_mm.cli import runner_setup
    from segrefiner_mm.errors import InputError, SegRefinerError

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        cfg = runner_setup.configure(args)
        if not cfg.get('test_dataloader') or not cfg.get('test_evaluator'):
            raise InputError(
                f'{args.config} says nothing of a test: it needs '
                'test_dataloader, test_cfg and test_evaluator'
            )
        with runner_setup.of_settings('model'):
            if cfg.model.type.rpartition('.')[2] == 'SegRefiner':
                cfg.model.checkpoint = args.checkpoint
            else:
                cfg.load_from = args.checkpoint
        runner_setup.use_cpu_processes(cfg)
        runner_setup.start(cfg, 'test')
        runner_setup.leave_together()
    except pickle.UnpicklingError as error:
        print(
            f'test: error: {args.checkpoint} holds more than weights, which '
            'this mmengine cannot read safely: if you trust it, set '
            'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1 '
            f'({str(error).splitlines()[0]})',
            file=sys.stderr,
        )
        return 2
    except (SegRefinerError, FileNotFoundError) as error:
        message = runner_setup.message_of(error)
        print(f'test: error: {message}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
