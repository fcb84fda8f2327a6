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

    ``run_NAME`` of the module ``NAME_command`` runs the command. The module is
    imported only when the command runs, as the import may take seconds.

    Args:
        commands (argparse._SubParsersAction): Receives the command.
        name (str): Name of the command.
        summary (str): Line for the list of commands.
        description (str): Paragraph for the help of the command.
        examples (tuple[str, ...]): Command lines.

    Returns:
        argparse.ArgumentParser: Parser of the command, without arguments.
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
    """Add ``--ignore``, the labels to ignore.

    Args:
        add (Callable): ``add_argument`` of a parser.
        text (str): Help of the option.
    """
    add(
        '--ignore',
        type=int,
        nargs='+',
        default=[255],
        metavar='LABEL',
        help=text,
    )


def add_max_pixels(add: Callable[..., Any], default: int = MAX_PIXELS) -> None:
    """Add ``--max-pixels``, the limit on the size of images and masks.

    Args:
        add (Callable): ``add_argument`` of a parser.
        default (int): Default that the help names; the parser returns None.
            Defaults to ``MAX_PIXELS``.
    """
    add(
        '--max-pixels',
        type=int,
        metavar='N',
        help='largest image or mask that is read, in pixels (default: '
        f'{default})',
    )


def add_extras(add: Callable[..., Any], soft: str) -> None:
    """Add the options for soft maps and for the part that may change.

    Args:
        add (Callable): ``add_argument`` of a parser.
        soft (str): Help on where soft maps are written.
    """
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
    """Return the type of the soft maps, from the command line.

    Args:
        args (argparse.Namespace): The parsed command line, with the options
            of :func:`add_extras`.

    Returns:
        str | None: ``'uint8'``, ``'uint16'`` or ``'float32'``; None without
        ``--soft``.

    Raises:
        InputError: If ``--soft-format`` is given without ``--soft``.
    """
    if args.soft_format and not args.soft:
        raise InputError('--soft-format needs --soft')
    return (args.soft_format or 'uint16') if args.soft else None


def _only(text: str) -> Any:
    """Parse a box; any other text is returned unchanged."""
    numbers = text.split(',')
    if len(numbers) != 4:
        return text
    try:
        return tuple(float(number) for number in numbers)
    except ValueError:
        return text


def add_model_choice(add: Callable[..., Any]) -> None:
    """Add ``--model`` and ``--weights``.

    Args:
        add (Callable): ``add_argument`` of a parser.
    """
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
    """Add the options of the model, for the commands that refine.

    Args:
        parser (argparse.ArgumentParser): Receives the options.
        max_pixels (int): See :func:`add_max_pixels`. Defaults to
            ``MAX_PIXELS``.
    """
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
        'installed runtimes for a few seconds, once for this machine and '
        'model, and uses the fastest; see segrefiner env (default: '
        '%(default)s)',
    )
    add_max_pixels(add, max_pixels)


def _seed(text: str) -> int | None:
    return None if text == 'none' else int(text)
