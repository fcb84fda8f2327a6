"""The options that several commands share.

Nothing heavy is imported here, so that help comes at once.
"""

import argparse
import textwrap
from collections.abc import Callable
from importlib import import_module
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.limits import MAX_PIXELS
from segrefiner_mm.names import DEFAULT_MODEL, MODEL_NAMES, RUNTIME_NAMES


def add_command(
    commands: argparse._SubParsersAction,
    name: str,
    summary: str,
    description: str,
    examples: tuple[str, ...],
) -> argparse.ArgumentParser:
    """Add a command whose help ends with examples.

    ``run_NAME`` of the module ``NAME_command`` runs it. The module, which may
    be heavy, is not imported before.
    """
    parser = commands.add_parser(
        name,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help=summary,
        description=textwrap.fill(description, 79),
        epilog='\n  '.join(['examples:', *examples]),
    )

    def run(args: argparse.Namespace) -> int:
        module = import_module(f'segrefiner_mm.cli.{name}_command')
        status: int = getattr(module, f'run_{name}')(args)
        return status

    parser.set_defaults(run=run)
    return parser


def add_ignore(add: Callable[..., Any], text: str) -> None:
    """Add the labels that do not take part."""
    add(
        '--ignore',
        type=int,
        nargs='+',
        default=[255],
        metavar='LABEL',
        help=text,
    )


def add_max_pixels(add: Callable[..., Any]) -> None:
    """Add the limit on the size of pictures."""
    add(
        '--max-pixels',
        type=int,
        metavar='N',
        help='largest picture or mask that is read, in pixels (default: '
        f'{MAX_PIXELS})',
    )


def add_extras(add: Callable[..., Any], soft: str) -> None:
    """Add soft maps, and what may change."""
    add(
        '--soft',
        action='store_true',
        help=f'also write calibrated probabilities: {soft}',
    )
    add(
        '--soft-format',
        choices=['uint8', 'uint16', 'float32'],
        help='of soft maps: .png of 8 or 16 bits, where half of the range '
        'and more is foreground (128, 32768), or .npy (default: uint16)',
    )
    add(
        '--only',
        type=_only,
        metavar='WHERE',
        help='change masks in a part alone, and nothing outside: '
        'X0,Y0,X1,Y1 in pixels, a mask, a folder of masks named as the '
        'images, or errors: where the network sees errors',
    )


def soft_type(args: argparse.Namespace) -> str | None:
    """The type of the soft maps that the command line asks for, or None.

    Raises:
        InputError: If there is a type and no soft map.
    """
    if args.soft_format and not args.soft:
        raise InputError('--soft-format goes with --soft')
    return (args.soft_format or 'uint16') if args.soft else None


def _only(text: str) -> Any:
    """Read a box; anything else is a file, a folder or a word."""
    numbers = text.split(',')
    if len(numbers) != 4:
        return text
    try:
        return tuple(float(number) for number in numbers)
    except ValueError:
        return text


def add_model_choice(add: Callable[..., Any]) -> None:
    """Add the model and its weights."""
    add(
        '--model',
        default=DEFAULT_MODEL,
        help=f'{", ".join(MODEL_NAMES)} or a config file (default: '
        '%(default)s)',
    )
    add('--weights', help='weights file (default: those of the model)')


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the model, for the commands that refine."""
    add = parser.add_argument
    add_model_choice(add)
    add(
        '--windows',
        choices=['object', 'tiled'],
        help='a window around the object, or the whole image and then tiles '
        'at full resolution (default: as the model says)',
    )
    add('--steps', type=int, help='reverse steps (default: all of the model)')
    add(
        '--batch-size',
        type=int,
        help='most windows in a batch (default: as the model says; a CPU '
        'takes one at a time)',
    )
    add(
        '--seed',
        type=_seed,
        default=0,
        help='seed of the noise, or none for a noise-free result '
        '(default: %(default)s)',
    )
    add(
        '--guard',
        action='store_true',
        help='let a guard keep masks and take refinements back even for '
        'weights that its limits were not calibrated on',
    )
    add(
        '--no-guard',
        action='store_true',
        help='refine every mask, even where the guard would keep it',
    )
    add('--device', help='such as cpu or cuda:0 (default: the best there is)')
    add(
        '--precision',
        choices=['auto', 'fp32', 'bf16', 'fp16'],
        help='auto is bf16 where a GPU has it, else fp32 (default: as the '
        'model says)',
    )
    add(
        '--runtime',
        choices=RUNTIME_NAMES,
        default='auto',
        help='what runs the network on a CPU; auto is the fastest of those '
        'that are installed, which two seconds of measuring find once for '
        'this machine and model; see segrefiner env (default: %(default)s)',
    )
    add_max_pixels(add)


def _seed(text: str) -> int | None:
    return None if text == 'none' else int(text)
