"""Names inside data files that lead out of the folders of the user."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.attacks.attack import refused

SQUARE = [[10, 12, 48, 12, 48, 38, 10, 38]]


def write_coco(folder, file_name, segmentation=SQUARE):
    content = dict(
        images=[dict(id=1, file_name=file_name, height=48, width=64)],
        annotations=[
            dict(id=7, image_id=1, category_id=1, segmentation=segmentation)
        ],
        categories=[dict(id=1, name='x')],
    )
    (folder / 'coco.json').write_text(json.dumps(content))


@pytest.mark.parametrize(
    'name', ['../.profile', '../secret.png', 'a/../../secret.png']
)
def test_panoptic_picture_outside(folder, name):
    """The name is that of the picture that is read, and of the one written."""
    (folder.parent / '.profile').write_text('export PATH')
    ids = np.zeros((48, 64, 3), np.uint8)
    ids[12:38, 10:48, 0] = 1
    (folder / 'pan').mkdir()
    Image.fromarray(ids).save(folder.parent / 'secret.png')
    content = dict(
        images=[dict(id=1, file_name='a.png', height=48, width=64)],
        annotations=[
            dict(
                image_id=1,
                file_name=name,
                segments_info=[dict(id=1, category_id=1, area=9)],
            )
        ],
        categories=[dict(id=1, name='x', isthing=1)],
    )
    (folder / 'pan.json').write_text(json.dumps(content))
    refused(
        folder,
        *('coco', 'pan.json', '--img-dir', 'img', '-o', 'out/pan.json'),
        names=['pan.json', name],
        statuses=(2,),
    )
    assert not (folder / 'out' / 'pan.json').exists()


@pytest.mark.parametrize(
    'name', ['{above}/secret.png', '../secret.png', r'..\secret.png']
)
def test_absolute_image_name(folder, name):
    shutil.copy(folder / 'img' / 'a.png', folder.parent / 'secret.png')
    write_coco(folder, name.format(above=folder.parent))
    refused(
        folder,
        *('coco', 'coco.json', '--img-dir', 'img', '-o', 'out/c.json'),
        names=['coco.json', 'secret.png'],
        statuses=(2,),
    )


def test_windows_drive(folder):
    """On Linux, a file of that very name in the working directory."""
    shutil.copy(folder / 'img' / 'a.png', folder / r'C:\secret.png')
    write_coco(folder, r'C:\secret.png')
    refused(
        folder,
        *('coco', 'coco.json', '--img-dir', 'img', '-o', 'out/c.json'),
        names=['coco.json', 'secret.png'],
        statuses=(2,),
    )


@pytest.mark.parametrize('of_folder', [True, False])
def test_link_out_of_the_image_folder(folder, of_folder):
    hidden = folder.parent / 'hidden'
    hidden.mkdir()
    shutil.copy(folder / 'img' / 'a.png', hidden / 's.png')
    if of_folder:
        (folder / 'img' / 'sub').symlink_to(hidden)
    else:
        (folder / 'img' / 'sub').mkdir()
        (folder / 'img' / 'sub' / 's.png').symlink_to(hidden / 's.png')
    write_coco(folder, 'sub/s.png')
    refused(
        folder,
        *('coco', 'coco.json', '--img-dir', 'img', '-o', 'out/c.json'),
        names=['coco.json', 's.png'],
        statuses=(2,),
    )
