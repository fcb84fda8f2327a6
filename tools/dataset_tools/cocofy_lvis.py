"""Restrict LVIS to COCO's 80 categories and to the images of COCO.

``python tools/dataset_tools/cocofy_lvis.py lvis_v1_val.json
instances_val2017.json lvis_val_cocofied.json`` writes annotations with the
exact masks of LVIS and the categories of COCO, for the evaluation of detectors
of COCO. The tables of SegRefiner were measured with such annotations.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from segrefiner_mm.cli.exit_status import DONE, NOTHING_DONE
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import read_json, write_whole

# WordNet's name of each of COCO's categories, as LVIS assigns them.
SYNSETS = {
    'person': 'person.n.01',
    'bicycle': 'bicycle.n.01',
    'car': 'car.n.01',
    'motorcycle': 'motorcycle.n.01',
    'airplane': 'airplane.n.01',
    'bus': 'bus.n.01',
    'train': 'train.n.01',
    'truck': 'truck.n.01',
    'boat': 'boat.n.01',
    'traffic light': 'traffic_light.n.01',
    'fire hydrant': 'fireplug.n.01',
    'stop sign': 'stop_sign.n.01',
    'parking meter': 'parking_meter.n.01',
    'bench': 'bench.n.01',
    'bird': 'bird.n.01',
    'cat': 'cat.n.01',
    'dog': 'dog.n.01',
    'horse': 'horse.n.01',
    'sheep': 'sheep.n.01',
    'cow': 'beef.n.01',
    'elephant': 'elephant.n.01',
    'bear': 'bear.n.01',
    'zebra': 'zebra.n.01',
    'giraffe': 'giraffe.n.01',
    'backpack': 'backpack.n.01',
    'umbrella': 'umbrella.n.01',
    'handbag': 'bag.n.04',
    'tie': 'necktie.n.01',
    'suitcase': 'bag.n.06',
    'frisbee': 'frisbee.n.01',
    'skis': 'ski.n.01',
    'snowboard': 'snowboard.n.01',
    'sports ball': 'ball.n.06',
    'kite': 'kite.n.03',
    'baseball bat': 'baseball_bat.n.01',
    'baseball glove': 'baseball_glove.n.01',
    'skateboard': 'skateboard.n.01',
    'surfboard': 'surfboard.n.01',
    'tennis racket': 'tennis_racket.n.01',
    'bottle': 'bottle.n.01',
    'wine glass': 'wineglass.n.01',
    'cup': 'cup.n.01',
    'fork': 'fork.n.01',
    'knife': 'knife.n.01',
    'spoon': 'spoon.n.01',
    'bowl': 'bowl.n.03',
    'banana': 'banana.n.02',
    'apple': 'apple.n.01',
    'sandwich': 'sandwich.n.01',
    'orange': 'orange.n.01',
    'broccoli': 'broccoli.n.01',
    'carrot': 'carrot.n.01',
    'hot dog': 'frank.n.02',  # LVIS v1 has none
    'pizza': 'pizza.n.01',
    'donut': 'doughnut.n.02',
    'cake': 'cake.n.03',
    'chair': 'chair.n.01',
    'couch': 'sofa.n.01',
    'potted plant': 'pot.n.04',
    'bed': 'bed.n.01',
    'dining table': 'dining_table.n.01',
    'toilet': 'toilet.n.02',
    'tv': 'television_receiver.n.01',
    'laptop': 'laptop.n.01',
    'mouse': 'mouse.n.04',
    'remote': 'remote_control.n.01',
    'keyboard': 'computer_keyboard.n.01',
    'cell phone': 'cellular_telephone.n.01',
    'microwave': 'microwave.n.02',
    'oven': 'oven.n.01',
    'toaster': 'toaster.n.02',
    'sink': 'sink.n.01',
    'refrigerator': 'electric_refrigerator.n.01',
    'book': 'book.n.01',
    'clock': 'clock.n.01',
    'vase': 'vase.n.01',
    'scissors': 'scissors.n.01',
    'teddy bear': 'teddy.n.01',
    'hair drier': 'hand_blower.n.01',
    'toothbrush': 'toothbrush.n.01',
}
LISTS = ('neg_category_ids', 'not_exhaustive_category_ids')


def cocofy(lvis: dict[str, Any], coco: dict[str, Any]) -> dict[str, Any]:
    """Restrict annotations of LVIS to the categories and images of COCO.

    Args:
        lvis (dict): Annotations of LVIS.
        coco (dict): Annotations of COCO, of which only images and categories
            are used.

    Returns:
        dict: Annotations of LVIS for the images in both. Images have the file
        names of COCO, categories have its ids and names, and annotations keep
        their ids.

    Raises:
        KeyError: If a field is missing.
        TypeError: If a field is of the wrong type.
    """
    own = {
        SYNSETS[c['name']]: c
        for c in coco['categories']
        if c['name'] in SYNSETS
    }
    kept = [c for c in lvis['categories'] if c['synset'] in own]
    ids = {c['id']: own[c['synset']]['id'] for c in kept}
    files = {image['id']: image['file_name'] for image in coco['images']}
    images = [
        image
        | dict(file_name=files[image['id']])
        | {k: [ids[i] for i in image[k] if i in ids] for k in LISTS}
        for image in lvis['images']
        if image['id'] in files
    ]
    shared = {image['id'] for image in images}
    return {
        **lvis,
        'images': images,
        'categories': [
            c | dict(id=ids[c['id']], name=own[c['synset']]['name'])
            for c in kept
        ],
        'annotations': [
            a | dict(category_id=ids[a['category_id']])
            for a in lvis['annotations']
            if a['image_id'] in shared and a['category_id'] in ids
        ],
    }


def main() -> int:
    """Convert the file; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('lvis', type=Path, help='annotations of LVIS')
    parser.add_argument('coco', type=Path, help='annotations of COCO')
    parser.add_argument('out', type=Path, help='json to write')
    args = parser.parse_args()
    try:
        try:
            content = cocofy(read_json(args.lvis), read_json(args.coco))
        except (KeyError, TypeError) as error:
            raise InputError(
                f'{args.lvis} must be of LVIS and {args.coco} of COCO: '
                f'{error!r}'
            ) from None
        if not content['annotations']:
            raise InputError(f'{args.lvis} and {args.coco} share no object')
        write_whole(args.out, json.dumps(content).encode())
    except InputError as error:
        print(f'cocofy_lvis: error: {error}', file=sys.stderr)
        return NOTHING_DONE
    print(
        f'{args.out}: {len(content["images"])} images, '
        f'{len(content["categories"])} categories, '
        f'{len(content["annotations"])} annotations'
    )
    return DONE


if __name__ == '__main__':
    sys.exit(main())
