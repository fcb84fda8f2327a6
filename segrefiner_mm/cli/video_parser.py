"""The options of ``segrefiner video``.

Nothing heavy is imported here, so that help comes at once.
"""

import argparse

from segrefiner_mm.cli.reporting import add_reporting_options
from segrefiner_mm.cli.shared_options import (
    add_command,
    add_ignore,
    add_model_options,
)


def add_video(commands: argparse._SubParsersAction) -> None:
    """Add ``segrefiner video``."""
    parser = add_command(
        commands,
        'video',
        summary='refine the masks of a video, without flicker',
        description='Refine the masks of a video. What a frame has taught is '
        'carried into the next one along the motion of the picture, so that '
        'edges do not jump; a cut ends that. Masks are named as the frames, '
        'or numbered as those of a video file. Of several objects, each has a '
        'folder of masks, or each frame has one, named as it; or masks are '
        'label maps. A run that was stopped goes on where it was.',
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
        help='folder of pictures, or video file (needs PyAV)',
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
        help='masks are label maps: one number per object, 0 for the rest',
    )
    add_ignore(add, 'labels that stay where they are (default: 255)')
    add(
        '--mask-suffix',
        default='',
        metavar='END',
        help='what the name of a mask has after that of its frame',
    )
    add(
        '--threshold',
        type=float,
        help='take soft masks: foreground is what reaches this value',
    )
    add(
        '--first',
        type=int,
        metavar='N',
        help='number that the names of masks give to the first frame of a '
        'video file (default: 0)',
    )
    add_model_options(parser)
    add_reporting_options(add)
    add(
        '--overwrite',
        action='store_true',
        help='do again what an earlier run has done, and overwrite what is '
        'in the way in the output folder',
    )
