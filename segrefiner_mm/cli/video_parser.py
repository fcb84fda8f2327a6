"""The options of ``segrefiner video``.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

import argparse

from segrefiner_mm.cli.reporting import add_reporting_options
from segrefiner_mm.cli.shared_options import (
    add_command,
    add_ignore,
    add_model_options,
)


def add_video(commands: argparse._SubParsersAction) -> None:
    """Add ``segrefiner video``.

    Args:
        commands (argparse._SubParsersAction): Receives the command.
    """
    parser = add_command(
        commands,
        'video',
        summary='refine the masks of a video, with less flicker',
        description='Refine the masks of a video. What was seen in earlier '
        'frames is carried along the motion of the image, so that edges '
        'jump less; nothing is carried across a cut. Masks have the names of '
        'the frames, or their numbers in a video file. For several objects, '
        'give a folder of masks per object, or label maps, or, if the frames '
        'are images, a folder per frame with the name of the frame. A run '
        'that was stopped resumes where '
        'it left off.',
        examples=(
            'segrefiner video frames/ masks/ -o refined/',
            'segrefiner video clip.mp4 label_maps/ -o refined/ --labels '
            '--first 1',
        ),
    )
    add = parser.add_argument
    add(
        'frames',
        metavar='FRAMES',
        help='folder of images, or video file (needs PyAV)',
    )
    add('masks', metavar='MASKS', help='folder of the coarse masks')
    add('-o', '--out', required=True, metavar='OUT', help='folder to write')
    add(
        '--steady',
        type=float,
        default=1.0,
        metavar='SHARE',
        help='how much is carried from frame to frame, 0 (nothing) to 1 '
        '(default: %(default)s)',
    )
    add(
        '--labels',
        action='store_true',
        help='masks are label maps: one number per object, 0 for background',
    )
    add_ignore(add, 'labels whose pixels are not changed (default: 255)')
    add(
        '--mask-suffix',
        default='',
        metavar='END',
        help='suffix that the name of a mask adds to that of its frame',
    )
    add(
        '--threshold',
        type=float,
        help='masks are soft: values from this one on are foreground',
    )
    add(
        '--first',
        type=int,
        metavar='N',
        help='number of the first frame of a video file in the names of the '
        'masks (default: 0; must be given if they count from 1)',
    )
    add_model_options(parser)
    add_reporting_options(add)
    add(
        '--overwrite',
        action='store_true',
        help='refine again what an earlier run has done, and overwrite '
        'other files in the output folder',
    )
