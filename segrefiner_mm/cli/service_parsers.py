"""The options of the commands that wait for requests.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

import argparse

from segrefiner_mm.cli.shared_options import add_command, add_model_options
from segrefiner_mm.services.serve_options import SERVED_PIXELS


def add_serve(commands: argparse._SubParsersAction) -> None:
    """Add ``segrefiner serve``.

    Args:
        commands (argparse._SubParsersAction): Receives the command.
    """
    parser = add_command(
        commands,
        'serve',
        summary='serve refinement over HTTP, to programs and labelling tools',
        description='Serve refinement over HTTP: a request has an image and '
        'its masks, the response refined masks, verdicts, confidences and '
        'evidence. /docs documents the requests. Label Studio can use the '
        'server as its ML backend. Only this machine can reach the server, '
        'unless --host names another address, which needs a token. On '
        'SIGTERM and Ctrl-C, it finishes the requests in progress and exits.',
        examples=(
            'segrefiner serve',
            'segrefiner serve --host 0.0.0.0 --token-file token.txt',
        ),
    )
    _add_address(parser, 8765)
    add = parser.add_argument
    add(
        '--max-masks',
        type=int,
        default=1000,
        metavar='N',
        help='maximum number of masks per request (default: %(default)s)',
    )
    _add_label_studio(parser)
    add_model_options(parser, SERVED_PIXELS)


def _add_label_studio(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group('Label Studio').add_argument
    add(
        '--label-studio',
        metavar='URL',
        help='address of the Label Studio whose images are fetched, such as '
        'http://localhost:8080',
    )
    add(
        '--label-studio-key',
        metavar='FILE',
        help='file with the access token of one of its users',
    )
    add(
        '--image-dir',
        metavar='DIR',
        help='folder of the images that Label Studio serves from its local '
        'storage',
    )
    add(
        '--image-host',
        action='append',
        default=[],
        metavar='URL',
        help='further address, without a token, from which images may be '
        'fetched; may be given several times',
    )


def add_demo(commands: argparse._SubParsersAction) -> None:
    """Add ``segrefiner demo``.

    Args:
        commands (argparse._SubParsersAction): Receives the command.
    """
    parser = add_command(
        commands,
        'demo',
        summary='serve a page to try the refiner on a photograph',
        description='Serve a page on this machine: upload a photograph, paint '
        'or upload a coarse mask, and see the outlines, the verdict with its '
        'numbers, and the reverse process step by step. It needs no network.',
        examples=('segrefiner demo', 'segrefiner demo --port 9000 --steps 6'),
    )
    _add_address(parser, 8766)
    add_model_options(parser, SERVED_PIXELS)


def _add_address(parser: argparse.ArgumentParser, port: int) -> None:
    add = parser.add_argument
    add(
        '--host',
        default='127.0.0.1',
        help='address to listen on; any but a loopback address needs a token '
        '(default: %(default)s)',
    )
    add(
        '--port',
        type=int,
        default=port,
        help='port to listen on; 0 chooses a free one (default: %(default)s)',
    )
    add(
        '--token-file',
        metavar='FILE',
        help='file with the token that clients must send (default: the '
        'environment variable SEGREFINER_TOKEN)',
    )
    add(
        '--name',
        action='append',
        default=[],
        help='further host name by which clients call the server; may be '
        'given several times',
    )
    add(
        '--max-request-mb',
        type=int,
        default=64,
        metavar='MB',
        help='largest request, in megabytes (default: %(default)s)',
    )
    add(
        '--queue',
        type=int,
        default=16,
        metavar='N',
        help='maximum number of requests in progress or waiting (default: '
        '%(default)s)',
    )
    add('--quiet', action='store_true', help='log only errors')
