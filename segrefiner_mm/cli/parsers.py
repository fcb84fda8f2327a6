"""The options of every command.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

import argparse

from segrefiner_mm.cli.command_parser import CommandParser
from segrefiner_mm.cli.engine_options import add_engine_options
from segrefiner_mm.cli.model_parsers import (
    add_convert,
    add_env,
    add_export,
)
from segrefiner_mm.cli.report_parser import (
    add_decision_options,
    add_report,
)
from segrefiner_mm.cli.reporting import add_reporting_options
from segrefiner_mm.cli.service_parsers import add_demo, add_serve
from segrefiner_mm.cli.shared_options import (
    add_command,
    add_extras,
    add_ignore,
    add_max_pixels,
    add_model_options,
)
from segrefiner_mm.cli.video_parser import add_video
from segrefiner_mm.version import __version__


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command line.

    Returns:
        argparse.ArgumentParser: The parser; ``run`` of its result runs the
        command.
    """
    parser = CommandParser(
        prog='segrefiner', description='Refine coarse segmentation masks.'
    )
    parser.set_defaults(max_pixels=None)  # not every command reads images
    parser.add_argument(
        '--version', action='version', version=f'%(prog)s {__version__}'
    )
    commands = parser.add_subparsers(metavar='COMMAND', required=True)
    _add_refine(commands)
    _add_coco(commands)
    add_video(commands)
    add_report(commands)
    _add_eval(commands)
    add_convert(commands)
    add_export(commands)
    add_env(commands)
    add_serve(commands)
    add_demo(commands)
    return parser


def _add_refine(commands: argparse._SubParsersAction) -> None:
    parser = add_command(
        commands,
        'refine',
        summary='refine the mask of an image, or a folder of masks',
        description='Refine the mask of an image, or a folder of masks. '
        'Images and masks are matched by their names without suffix. Masks '
        'are images with two values, .npy or .npz; refined masks are '
        'written as 0 and 255. Subfolders are matched by name; a folder of '
        'masks with the name of an image holds the masks of its objects. A '
        'run that was stopped resumes where it left off.',
        examples=(
            'segrefiner refine photo.jpg mask.png -o refined.png --overlay',
            'segrefiner refine images/ masks/ -o refined/ --mask-suffix _mask',
            'segrefiner refine photo.jpg mask.png -o refined.png --alpha',
        ),
    )
    add = parser.add_argument
    add('image', metavar='IMAGE', help='image file, or folder of images')
    add('mask', metavar='MASK', help='its mask, or the folder of masks')
    add(
        '-o',
        '--out',
        required=True,
        help='file to write (.png, .bmp, .tif; replaced if it exists), or '
        'folder',
    )
    add(
        '--mask-suffix',
        default='',
        metavar='END',
        help='suffix that the name of a mask adds to that of its image: _mask '
        'for a.jpg and a_mask.png; * matches anything, as in "_*"',
    )
    add_model_options(parser)
    add_reporting_options(add)
    add(
        '--threshold',
        type=float,
        help='masks are soft: values from this one on are foreground',
    )
    add(
        '--labels',
        action='store_true',
        help='MASK is a label map, or a folder of them, subfolders included: '
        'one number per pixel, written as .png; a 32-bit .tif is written as '
        '.tif',
    )
    add_ignore(
        add,
        'labels whose pixels are not changed; where 0 means no label, as '
        'with reduce_zero_label, give 0 255 (default: 255)',
    )
    add(
        '--overlay',
        action='store_true',
        help='also write the image with coarse and refined outlines: '
        'OUT_overlay.jpg beside a file, overlays/ in a folder',
    )
    add_extras(
        add,
        'OUT_soft beside a file, soft/ in a folder; for label maps, an .npz '
        'with labels and probs',
    )
    add(
        '--alpha',
        action='store_true',
        help='also write the object as a cut-out, a .png with alpha solved '
        'in a band around its edge (needs PyMatting)',
    )
    add(
        '--alpha-band',
        type=int,
        metavar='PIXELS',
        help='width of that band on either side of the edge, such as the '
        'length of hair (default: by the size of the object)',
    )
    add(
        '--overwrite',
        action='store_true',
        help='refine again what an earlier run has done, and overwrite '
        'other files in the output folder',
    )


def _add_coco(commands: argparse._SubParsersAction) -> None:
    parser = add_command(
        commands,
        'coco',
        summary='refine the masks in files of COCO, labelme, YOLO and others',
        description='Refine the masks of COCO, LVIS or YouTube-VIS results '
        "and annotations (.json), of mmdet's tools/test.py --out (.pkl) or of "
        'DetInferencer (folder preds/), and write the same format. A '
        'panoptic X.json needs its PNG files in the folder X. Files of '
        'labelme (.json, or a folder), of YOLO (folder with labels/) and of '
        'Segment Anything (SA-1B json; folders of amg.py) are refined too. '
        'Order, ids and all fields but the masks stay, except for boxes and '
        'areas with --update-boxes. A run that was stopped resumes where it '
        'left off.',
        examples=(
            'segrefiner coco results.json --ann val.json --img-dir val/ '
            '-o refined.json',
            'segrefiner coco results.pkl -o refined.pkl --report changes.csv',
            'segrefiner coco labelme_folder/ -o refined/',
            'segrefiner coco train.json --img-dir s3://bucket/train '
            '-o refined.json --engine ray --workers 8',
        ),
    )
    add = parser.add_argument
    add('predictions', metavar='RESULTS', help='file or folder to refine')
    add(
        '--img-dir',
        help='folder of the images; optional for .pkl, which holds their '
        'paths, and for labelme, YOLO and json of Segment Anything if the '
        'images are beside the files (YOLO: also images/ beside labels/)',
    )
    add(
        '-o',
        '--out',
        metavar='OUT',
        required=True,
        help='file or folder to write',
    )
    add('--ann', help='annotations (.json) that name the images of results')
    add(
        '--segmentation',
        choices=['same', 'rle', 'polygon'],
        default='same',
        help='form of the masks in a json; polygons have no holes, and '
        'labelme has no rle (default: %(default)s)',
    )
    add(
        '--tolerance',
        type=float,
        default=0.5,
        metavar='PIXELS',
        help='largest distance of polygons from the edge of their mask; '
        'a larger one gives fewer points, 0 follows the pixels (default: '
        '%(default)s)',
    )
    add(
        '--update-boxes',
        action='store_true',
        help='recompute existing boxes and areas from the refined masks',
    )
    add(
        '--worst',
        type=int,
        default=10,
        metavar='N',
        help='list the N masks that changed most (default: %(default)s)',
    )
    add('--report', metavar='CSV', help='write the outcome of every mask')
    add_extras(
        add,
        'for COCO json, a folder OUT_soft with one file per mask, named by '
        'its index in the json, from 0; for panoptic json, a folder soft/',
    )
    add_decision_options(add)
    add_engine_options(parser.add_argument_group('shards').add_argument)
    add_model_options(parser)
    add_reporting_options(add)
    add('--overwrite', action='store_true', help='overwrite what is there')


def _add_eval(commands: argparse._SubParsersAction) -> None:
    parser = add_command(
        commands,
        'eval',
        summary='compare coarse and refined masks with the ground truth',
        description='Compare masks with the ground truth, coarse beside '
        'refined. COCO or LVIS json: mask AP and Boundary AP. Panoptic json '
        'beside their PNG files: PQ and Boundary PQ. Folders of masks, with '
        'subfolders as sources: IoU (mean, and over the set), Boundary IoU, '
        'mean boundary accuracy (mBA) and boundary F. Folders of label maps: '
        'mIoU and boundary mIoU. All in percent.',
        examples=(
            'segrefiner eval val.json coarse.json refined.json',
            'segrefiner eval gt/ coarse/ refined/ --worst 5 --img-dir images/',
        ),
    )
    add = parser.add_argument
    add('gt', metavar='GT', help='annotations (.json), or folder of masks')
    add('coarse', metavar='COARSE', help='results (.json), or folder of masks')
    add('refined', metavar='REFINED', nargs='?', help='the same, refined')
    add('--lvis', action='store_true', help='use the LVIS protocol')
    add(
        '--classwise',
        action='store_true',
        help='also print the figures of every class',
    )
    add('--labels', action='store_true', help='the folders hold label maps')
    add_ignore(add, 'labels of the ground truth to ignore (default: 255)')
    add(
        '--threshold',
        type=float,
        help='masks are soft: values from this one on are foreground',
    )
    add(
        '--dis',
        action='store_true',
        help='also print the DIS5K metrics; hce is a number of clicks',
    )
    add(
        '--skip-unknown',
        action='store_true',
        help='leave out results of images and categories that GT lacks',
    )
    add(
        '--json',
        metavar='FILE',
        help='write the figures, from 0 to 1 (hce: clicks)',
    )
    add(
        '--worst',
        type=int,
        default=0,
        metavar='N',
        help='draw the N masks that lost most and the N that gained most',
    )
    add('--img-dir', help='images to draw on')
    add(
        '--pictures',
        default='worst',
        metavar='DIR',
        help='folder of the drawings (default: %(default)s)',
    )
    add_reporting_options(add)
    add_max_pixels(add)
