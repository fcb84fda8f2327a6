"""Code that ``tools/train.py`` and ``tools/test.py`` share.

Torch is imported where it is needed, so that ``--help`` answers at once.
"""

import argparse
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from segrefiner_mm.errors import InputError, SegRefinerError, reason_of

if TYPE_CHECKING:
    from mmengine.config import Config


# Errors that a wrong setting raises, here, in mmengine and in PyTorch.
WRONG_SETTINGS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ImportError,
    OSError,
)


def add_runner_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that mim and the launchers of OpenMMLab pass.

    Args:
        parser (argparse.ArgumentParser): Receives the options.
    """
    parser.add_argument('--work-dir', help='folder for logs and checkpoints')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        help='settings that override the config, as key=value',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what has started the processes (default: %(default)s)',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def configure(args: argparse.Namespace) -> 'Config':
    """Read the config, and apply the options of the command line to it.

    Args:
        args (argparse.Namespace): The parsed command line: ``config`` and the
            options of :func:`add_runner_options`.

    Returns:
        Config: Config for mmengine's Runner, with ``launcher`` and
        ``work_dir``.

    Raises:
        InputError: If the config or an option cannot be used.
    """
    from mmengine.config import DictAction

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
    return cfg


@contextmanager
def of_settings(
    part: str = '', begun: Callable[[], Any] = bool
) -> Iterator[None]:
    """Turn the error that a wrong setting causes in a block into one line.

    Args:
        part (str): Part of the config that contains the settings. Defaults to
            '': the part that mmengine was building.
        begun (Callable[[], Any]): Returns whether everything has been built,
            as a true or false value. From then on, errors are bugs, and are
            raised unchanged. Defaults to ``bool``, which returns False.

    Raises:
        InputError: If the block raises an error of ``WRONG_SETTINGS``. A
            :class:`SegRefinerError` is raised unchanged.
    """
    try:
        yield
    except SegRefinerError:
        raise
    except WRONG_SETTINGS as error:
        if begun():
            raise
        part = part or _part_being_built(error)
        where = f' of {part}' if part else ''
        raise InputError(
            f'a setting{where} does not fit: {_said(error)}'
        ) from error


def _part_being_built(error: Exception) -> str:
    """Return the part that mmengine's Runner was building, or ''."""
    names = [
        frame.f_code.co_name
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_globals.get('__name__') == 'mmengine.runner.runner'
    ]
    built = [name for name in names if name.startswith('build_')]
    return built[-1].removeprefix('build_') if built else ''


def _said(error: Exception) -> str:
    if isinstance(error, KeyError) and error.args:
        text = str(error.args[0])
        return f'{text} is missing' if len(text.split()) == 1 else text
    if not str(error).strip():  # an assertion, of mmengine mostly
        *_, last = traceback.extract_tb(error.__traceback__)
        return f'{last.line!r} fails in {last.name}'
    return reason_of(error)


def start(cfg: 'Config', action: Literal['train', 'test']) -> None:
    """Build everything that a config describes, and run it.

    Args:
        cfg (Config): From :func:`configure`.
        action (str): ``'train'`` or ``'test'``.

    Raises:
        InputError: If a part cannot be built from its settings. Errors after
            training or testing has begun are raised unchanged.
    """
    from mmengine.hooks import Hook
    from mmengine.runner import Runner

    begun = []

    class Begun(Hook):
        def before_train(self, runner: Runner) -> None:
            begun.append(runner)

        before_test = before_train

    with of_settings(begun=lambda: begun):
        runner = Runner.from_cfg(cfg)
        runner.register_hook(Begun(), priority='LOWEST')
        getattr(runner, action)()


def check_weights(file: str) -> None:
    """Refuse a file that would execute code, or that mmengine cannot read.

    Args:
        file (str): Weights file.

    Raises:
        InputError: If the file is a .safetensors.
        CheckpointError: If the file is missing or damaged, or contains
            anything but weights.
    """
    from segrefiner_mm.models.checkpoint import read_state_dict

    if Path(file).suffix == '.safetensors':
        raise InputError(
            f'load_from and --resume take .pth, not {file}: to start from '
            'these weights, set model.checkpoint, or convert them'
        )
    read_state_dict(file)


def message_of(error: Exception) -> str:
    """Return the message of an error, without the traceback of a worker.

    Args:
        error (Exception): The error.

    Returns:
        str: The message; its last line if it contains a traceback.
    """
    message = str(error).strip()
    if 'Traceback (most recent call last)' in message:
        message = message.splitlines()[-1]
    return message


def use_cpu_processes(cfg: 'Config') -> None:
    """Connect the processes of torchrun by gloo if there is no GPU.

    Args:
        cfg (Config): From :func:`configure`. Its ``model_wrapper_cfg`` is
            replaced in that case.
    """
    import torch

    if cfg.launcher != 'pytorch' or torch.cuda.is_available():
        return
    torch.distributed.init_process_group('gloo')
    # mmengine would give it the index of a GPU.
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
    )


def leave_together() -> None:
    """Wait for all processes, then leave their group.

    A process that exits early would end the others.
    """
    import torch

    if torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
