"""SA-1B's json and that of ``amg.py``, as their documentation shows them."""

import json

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.formats.sam_files import SamFiles
from segrefiner_mm.io.rle import decode_mask, encode_mask

SIZE = 30, 40


def square(y1, y2, x1, x2):
    mask = np.zeros(SIZE, np.uint8)
    mask[y1:y2, x1:x2] = 1
    return mask


def record(number, mask):
    return dict(
        id=number,
        segmentation=encode_mask(mask),
        bbox=[5.0, 5.0, 14.0, 9.0],
        area=150,
        predicted_iou=0.98,
        point_coords=[[8.0, 8.0]],
        crop_box=[0.0, 0.0, 40.0, 30.0],
        stability_score=0.97,
    )


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / 'sa'
    root.mkdir()
    records = [record(n, square(5, 15, 5, 20 + n)) for n in (0, 1)]
    image = dict(image_id=7, width=40, height=30, file_name='sa_7.jpg')
    content = dict(image=image, annotations=records)
    (root / 'sa_7.json').write_text(json.dumps(content))
    listed = [
        dict(r, segmentation=encode_mask(square(1, 9, 2, 8))) for r in records
    ]
    for one in listed:
        del one['id']
    (root / 'photo.json').write_text(json.dumps(listed))
    return root


def test_images_are_named_by_the_file_or_in_it(folder):
    files = SamFiles(folder)
    listed, own = files.images()
    assert (listed.name, listed.size) == ('photo', None)
    assert (own.name, own.size) == ('sa_7.jpg', SIZE)
    assert files.label(('sa_7.json', 1)) == 'mask 1 of sa_7.json'
    mask = decode_mask(own.masks['sa_7.json', 0])
    np.testing.assert_array_equal(mask, square(5, 15, 5, 20))


@pytest.mark.parametrize('update', [False, True])
def test_all_but_the_masks_is_written_unchanged(folder, tmp_path, update):
    files = SamFiles(folder, update_boxes=update)
    new = encode_mask(square(6, 16, 7, 20))
    files.replace(('sa_7.json', 1), new)
    files.write(tmp_path / 'new')
    listed = (tmp_path / 'new' / 'photo.json').read_text()
    assert json.loads(listed) == json.loads(
        (folder / 'photo.json').read_text()
    )
    expected = json.loads((folder / 'sa_7.json').read_text())
    changed = expected['annotations'][1]
    changed['segmentation'] = new
    if update:
        changed |= dict(bbox=[7.0, 6.0, 13.0, 10.0], area=130)
    got = json.loads((tmp_path / 'new' / 'sa_7.json').read_text())
    assert got == expected


def test_one_file(folder, tmp_path):
    files = SamFiles(folder / 'sa_7.json')
    [entry] = files.images()
    assert entry.name == 'sa_7.jpg'
    files.write(tmp_path / 'new.json')
    assert json.loads((tmp_path / 'new.json').read_text()) == json.loads(
        (folder / 'sa_7.json').read_text()
    )


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ({}, 'not a json of Segment Anything'),
        (dict(image=1, annotations=[]), 'not a json of Segment Anything'),
        ([3], 'mask 0 is 3'),
    ],
)
def test_other_json_is_refused(tmp_path, content, words):
    (tmp_path / 'x.json').write_text(json.dumps(content))
    with pytest.raises(InputError, match=words):
        SamFiles(tmp_path)
