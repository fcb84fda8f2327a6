"""The options of ``segrefiner report``, and those that apply decisions.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

import argparse
from collections.abc import Callable
from typing import Any

from segrefiner_mm.cli.reporting import add_reporting_options
from segrefiner_mm.cli.shared_options import add_command, add_max_pixels


def add_report(commands: argparse._SubParsersAction) -> None:
    """Add ``segrefiner report``.

    Args:
        commands (argparse._SubParsersAction): Receives the command.
    """
    parser = add_command(
        commands,
        'report',
        summary='write a page to review refined masks',
        description='Write a page that shows every mask before and after '
        'refinement, so that you can accept or reject each, or keep the '
        'coarse mask in parts of it. For label maps and panoptic results, '
        'there is one decision per image. The page needs a browser and no '
        'network. segrefiner coco --decisions applies the decisions that it '
        'exports.',
        examples=(
            'segrefiner report refined.json --coarse results.json --img-dir '
            'val/ --ann val.json --evidence changes.csv -o report/',
            'segrefiner report refined/ -o report/',
            'segrefiner report panoptic_refined.json --coarse panoptic.json '
            '--img-dir val/ -o report/',
            'segrefiner coco refined.json --coarse results.json --decisions '
            'decisions.json -o reviewed.json',
        ),
    )
    add = parser.add_argument
    add(
        'refined',
        metavar='REFINED',
        help='output of segrefiner coco (.json), or output folder of '
        'segrefiner refine, of masks or of label maps',
    )
    add('-o', '--out', required=True, metavar='DIR', help='folder to write')
    add(
        '--coarse',
        metavar='RESULTS',
        help='the coarse masks: a .json, or a folder of masks or label maps '
        '(default for a folder: where the run found them)',
    )
    add(
        '--img-dir',
        help='folder of the images (default for a folder: where the run found '
        'them)',
    )
    add('--ann', help='annotations (.json) that name images and classes')
    add(
        '--evidence',
        metavar='CSV',
        help='output of segrefiner coco --report: verdicts, confidence, '
        'belief and edge gain; not for panoptic results (default: inferred '
        'from the masks)',
    )
    add(
        '--limit',
        type=int,
        default=5000,
        metavar='N',
        help='maximum number of masks or label maps on the page: the most '
        'changed and the least confident ones (default: %(default)s)',
    )
    add('--overwrite', action='store_true', help='replace an earlier report')
    add_reporting_options(add)
    add_max_pixels(add)


def add_decision_options(add: Callable[..., Any]) -> None:
    """Add the options of ``segrefiner coco`` that apply decisions.

    Args:
        add (Callable): ``add_argument`` of a parser.
    """
    add(
        '--decisions',
        metavar='FILE',
        help='refine nothing: RESULTS is refined already, and the masks, '
        'label maps and parts of them that were rejected on the page of '
        'segrefiner report are restored from --coarse',
    )
    add(
        '--coarse',
        metavar='RESULTS',
        help='with --decisions: the coarse masks: a .json, or a folder of '
        'masks or label maps (default for a folder: where the run found '
        'them)',
    )
