"""The options of the commands about models and about the installation.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

import argparse

from segrefiner_mm.cli.shared_options import add_command, add_model_choice


def add_convert(commands: argparse._SubParsersAction) -> None:
    """Add ``segrefiner convert``.

    Args:
        commands (argparse._SubParsersAction): Receives the command.
    """
    parser = add_command(
        commands,
        'convert',
        summary='convert weights, official ones included',
        description='Write the weights of a checkpoint, official ones '
        'included, as .safetensors or .pth with the names of this package.',
        examples=(
            'segrefiner convert official.pth segrefiner_lr.safetensors',
            'segrefiner convert iter_5000.pth mine.safetensors --half',
        ),
    )
    parser.add_argument('source', metavar='IN', help='.pth or .safetensors')
    parser.add_argument('target', metavar='OUT', help='.safetensors or .pth')
    parser.add_argument(
        '--half', action='store_true', help='store float16: half the size'
    )


def add_export(commands: argparse._SubParsersAction) -> None:
    """Add ``segrefiner export``.

    Args:
        commands (argparse._SubParsersAction): Receives the command.
    """
    parser = add_command(
        commands,
        'export',
        summary='export the network to ONNX',
        description='Write the network as ONNX models: step.onnx, which runs '
        'at every step, and, if the network encodes each window once, '
        'encode.onnx. The loop over the steps is not exported; the property '
        'segrefiner_mm of step.onnx holds what it needs, as json. Batch size, '
        'height and width are free.',
        examples=(
            'segrefiner export exported/',
            'segrefiner export lr.onnx --model segrefiner-lr --weights lr.pth',
        ),
    )
    add = parser.add_argument
    add(
        'out',
        metavar='OUT',
        help='folder, or file (.onnx): the encoder is then written beside it, '
        'as NAME_encode.onnx',
    )
    add_model_choice(add)
    add('--overwrite', action='store_true', help='overwrite what is there')


def add_env(commands: argparse._SubParsersAction) -> None:
    """Add ``segrefiner env``.

    Args:
        commands (argparse._SubParsersAction): Receives the command.
    """
    parser = add_command(
        commands,
        'env',
        summary='describe the installation, for bug reports',
        description='Print the versions of all packages that matter, the '
        'processor and the GPUs, and the runtimes that auto has chosen.',
        examples=('segrefiner env', 'segrefiner env --json'),
    )
    parser.add_argument('--json', action='store_true', help='print json')
