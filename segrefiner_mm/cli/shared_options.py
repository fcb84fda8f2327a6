"""The options that several commands share.

Nothing heavy is imported here, so that ``--help`` answers at once.
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
    be heavy, is only imported then.
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
    """Add the option that names the labels to ignore."""
    add(
        '--ignore',
        type=int,
        nargs='+',
        default=[255],
        metavar='LABEL',
        help=text,
    )


def add_max_pixels(add: Callable[..., Any], default: int = MAX_PIXELS) -> None:
    """Add the limit on image size; ``default`` is only for the help."""
    add(
        '--max-pixels',
        type=int,
        metavar='N',
        help='largest image or mask that is read, in pixels (default: '
        f'{default})',
    )


def add_extras(add: Callable[..., Any], soft: str) -> None:
    """Add the options for soft maps and for the part that may change."""
    add(
        '--soft',
        action='store_true',
        help=f'also write calibrated probabilities: {soft}',
    )
    add(
        '--soft-format',
        choices=['uint8', 'uint16', 'float32'],
        help='format of soft maps: .png of 8 or 16 bits, where values from '
        '128 or 32768 on are foreground, or .npy (default: uint16)',
    )
    add(
        '--only',
        type=_only,
        metavar='WHERE',
        help='change masks only in this part, and nothing outside: '
        'X0,Y0,X1,Y1 in pixels, a mask, a folder of masks with the names of '
        'the images, or errors: where the network predicts errors',
    )


def soft_type(args: argparse.Namespace) -> str | None:
    """Return the type of soft maps that the command line asks for, or None.

    Raises:
        InputError: If there is a type and no soft map.
    """
    if args.soft_format and not args.soft:
        raise InputError('--soft-format needs --soft')
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


def add_model_options(
    parser: argparse.ArgumentParser, max_pixels: int = MAX_PIXELS
) -> None:
    """Add the options of the model, for the commands that refine."""
    add = parser.add_argument
    add_model_choice(add)
    add(
        '--windows',
        choices=['object', 'tiled'],
        help='a window around the object, or the whole image and then tiles '
        'at full resolution (default: that of the model)',
    )
    add('--steps', type=int, help='reverse steps (default: as the model sets)')
    add(
        '--batch-size',
        type=int,
        help='maximum number of windows in a batch (default: as the model '
        'sets; a CPU takes one at a time)',
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
        help='let a guard keep masks and roll refinements back, even for '
        'weights on which its limits were not calibrated',
    )
    add(
        '--no-guard',
        action='store_true',
        help='refine every mask, even where the guard would keep it',
    )
    add('--device', help='cpu, cuda:0, ... (default: the best available)')
    add(
        '--precision',
        choices=['auto', 'fp32', 'bf16', 'fp16'],
        help='auto is bf16 on a GPU that supports it, else fp32 (default: as '
        'the model sets)',
    )
    add(
        '--runtime',
        choices=RUNTIME_NAMES,
        default='auto',
        help='library that runs the network on a CPU; auto times the '
        'installed runtimes for about two seconds, once for this machine and '
        'model, and uses the fastest; see segrefiner env (default: '
        '%(default)s)',
    )
    add_max_pixels(add, max_pixels)


def _seed(text: str) -> int | None:
    return None if text == 'none' else int(text)
