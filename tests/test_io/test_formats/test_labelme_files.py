"""Files as labelme 5 and 6 write them (``_shape_to_dict`` of its app.py)."""

import base64
import copy
import io
import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.formats.json_folder import JsonFolder
from segrefiner_mm.io.formats.labelme_files import LabelmeFiles
from segrefiner_mm.io.rle import decode_mask, encode_mask

SIZE = 48, 64


def box(y1, y2, x1, x2):
    mask = np.zeros(SIZE, np.uint8)
    mask[y1:y2, x1:x2] = 1
    return mask


def picture_text(mask):
    """Labelme's ``img_arr_to_b64``."""
    content = io.BytesIO()
    Image.fromarray(mask).save(content, format='PNG')
    return base64.b64encode(content.getvalue()).decode('utf-8')


def shape(label, kind, points, mask=None):
    return dict(
        label=label,
        points=points,
        group_id=None,
        description='',
        shape_type=kind,
        flags={},
        mask=mask,
    )


@pytest.fixture
def content():
    crop = box(10, 30, 20, 45)[10:30, 20:45]
    square = [[5.0, 5.0], [25.0, 5.0], [25.0, 20.0], [5.0, 20.0]]
    return dict(
        version='5.5.0',
        flags={},
        shapes=[
            shape('cat', 'polygon', square),
            shape('dog', 'mask', [[20, 10], [44, 29]], picture_text(crop)),
            shape('car', 'rectangle', [[1.0, 2.0], [3.0, 4.0]]),
        ],
        imagePath='a.png',
        imageData=picture_text(box(5, 20, 5, 25)),  # of the whole image
        imageHeight=SIZE[0],
        imageWidth=SIZE[1],
        mine='stays',
    )


@pytest.fixture
def folder(content, tmp_path):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'a.json').write_text(json.dumps(content))
    return tmp_path / 'data'


def decoded(segmentation):
    return decode_mask(segmentation, SIZE)


def test_polygons_and_masks_are_read(folder):
    files = LabelmeFiles(folder)
    [entry] = files.images()
    assert (entry.name, entry.size) == ('a.png', SIZE)
    polygon, mask = entry.masks.values()
    np.testing.assert_array_equal(decoded(polygon), box(5, 20, 5, 25))
    np.testing.assert_array_equal(decoded(mask), box(10, 30, 20, 45))
    assert files.untouched() == {"shape 2 ('car') of a.json": 'rectangle'}
    assert files.img_dir == folder


def test_all_but_the_masks_is_written_unchanged(folder, content, tmp_path):
    files = LabelmeFiles(folder)
    [entry] = files.images()
    polygon, mask = entry.masks
    files.replace(polygon, encode_mask(box(6, 21, 7, 27)))
    files.replace(mask, encode_mask(box(12, 33, 21, 40)))
    files.write(tmp_path / 'new')
    new = json.loads((tmp_path / 'new' / 'a.json').read_text())
    expected = copy.deepcopy(content)
    corners = [[7, 6], [27, 6], [27, 21], [7, 21]]
    points = new['shapes'][0]['points']
    assert sorted(points) == sorted(corners)
    expected['shapes'][0]['points'] = points
    crop = np.ones((21, 19), np.uint8)
    expected['shapes'][1]['points'] = [[21, 12], [39, 32]]
    expected['shapes'][1]['mask'] = new['shapes'][1]['mask']
    stored = base64.b64decode(new['shapes'][1]['mask'])
    picture = Image.open(io.BytesIO(stored))
    np.testing.assert_array_equal(np.asarray(picture), crop)
    assert new == expected
    again = LabelmeFiles(tmp_path / 'new')
    [entry] = again.images()
    first, second = map(decoded, entry.masks.values())
    np.testing.assert_array_equal(first, box(6, 21, 7, 27))
    np.testing.assert_array_equal(second, box(12, 33, 21, 40))


@pytest.mark.parametrize('extra', ['hole', 'part'])
def test_a_polygon_becomes_a_mask_where_it_must(folder, tmp_path, extra):
    """One outline holds neither holes nor several parts."""
    mask = box(6, 21, 7, 27)
    if extra == 'hole':
        mask[10:14, 12:18] = 0
    else:
        mask[30:40, 40:50] = 1
    files = LabelmeFiles(folder / 'a.json')
    [entry] = files.images()
    files.replace(next(iter(entry.masks)), encode_mask(mask))
    files.write(tmp_path / 'new.json')
    new = json.loads((tmp_path / 'new.json').read_text())['shapes'][0]
    assert (new['label'], new['shape_type']) == ('cat', 'mask')
    [again] = LabelmeFiles(tmp_path / 'new.json').images()
    got = decoded(next(iter(again.masks.values())))
    np.testing.assert_array_equal(got, mask)


def test_polygons_stay_polygons_on_request(folder, content, tmp_path):
    """Holes are filled, and a line without area leads to the other part."""
    mask = box(6, 21, 7, 27)
    mask[10:14, 12:18] = 0
    mask[30:40, 40:50] = 1
    content['shapes'].append(content['shapes'][1])
    (folder / 'a.json').write_text(json.dumps(content))
    files = LabelmeFiles(folder, MaskStyle('polygon'))
    [entry] = files.images()
    first, second, third = entry.masks
    for key in (first, second):
        files.replace(key, encode_mask(mask))
    files.rewrite(third, SIZE)
    assert files.remarks() == []
    files.write(tmp_path / 'new')
    new = json.loads((tmp_path / 'new' / 'a.json').read_text())['shapes']
    kinds = [shape['shape_type'] for shape in new]
    assert kinds == ['polygon', 'polygon', 'rectangle', 'polygon']
    assert [shape['mask'] for shape in new] == [None] * 4
    [again] = LabelmeFiles(tmp_path / 'new').images()
    one, two, unchanged = map(decoded, again.masks.values())
    mask[10:14, 12:18] = 1
    for drawn in (one, two):
        assert np.count_nonzero(drawn != mask) <= 20  # along the line
    np.testing.assert_array_equal(unchanged, box(10, 30, 20, 45))


@pytest.mark.parametrize(
    'layout',
    [
        dict(indent=2, ensure_ascii=False),
        dict(indent='\t'),
        dict(separators=(',', ':')),
        dict(),
    ],
)
def test_the_layout_stays(folder, content, tmp_path, layout):
    content['shapes'][0]['label'] = 'Kätzchen'
    text = json.dumps(content, **layout)
    for end in ('\n', '\r\n'):  # labelme on Windows writes the second
        written = text.replace('\n', end).encode()
        (folder / 'a.json').write_bytes(written)
        LabelmeFiles(folder).write(tmp_path / 'new')
        assert (tmp_path / 'new' / 'a.json').read_bytes() == written


def test_pictures_in_the_files_are_not_held(folder):
    files = JsonFolder(folder, heavy='imageData')
    assert files.contents['a.json']['imageData'] is None
    assert files.contents['a.json']['mine'] == 'stays'


def test_holes_of_a_mask_stay(folder, tmp_path):
    ring = box(10, 40, 10, 40)
    ring[20:30, 20:30] = 0
    files = LabelmeFiles(folder)
    [entry] = files.images()
    files.replace(list(entry.masks)[1], encode_mask(ring))
    files.write(tmp_path / 'new')
    [again] = LabelmeFiles(tmp_path / 'new').images()
    mask = list(again.masks.values())[1]
    np.testing.assert_array_equal(coco_mask.decode(mask), ring)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(mask=None), 'not an image in base64'),
        (dict(mask='%%%'), 'not an image in base64'),
        (dict(mask='AAAA'), 'not an image that can be read'),
        (dict(points=[[60, 40], [90, 70]]), 'extends beyond the image'),
        (dict(points=[]), 'no points'),
        (dict(points=[['x', 'y']]), 'pairs of x and y'),
    ],
)
def test_a_faulty_shape_fails_alone(folder, content, change, words):
    content['shapes'][1].update(change)
    (folder / 'a.json').write_text(json.dumps(content))
    faulty, fine = LabelmeFiles(folder).images()
    assert words in faulty.problem
    assert list(fine.masks) == [('a.json', 0)]


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (dict(shapes=[]), 'not a json of labelme'),
        (dict(shapes={}, imagePath='a'), 'not a json of labelme'),
        (dict(shapes=[1], imagePath='a'), 'shape 0 is 1'),
    ],
)
def test_other_json_is_refused(tmp_path, content, words):
    (tmp_path / 'x.json').write_text(json.dumps(content))
    with pytest.raises(InputError, match=words):
        LabelmeFiles(tmp_path)


def test_sizes_are_limited(folder, content):
    """A few bytes can name a mask that no memory holds."""
    bomb = io.BytesIO()
    Image.new('1', (20_000, 20_000)).save(bomb, 'PNG')
    large = base64.b64encode(bomb.getvalue()).decode()
    assert len(large) < 100_000
    original = content['shapes'][1]['mask']
    for change, mask in (
        ({}, large),
        (dict(imageHeight=10**9, imageWidth=10**9), original),
        (dict(imageHeight=10**9, imageWidth=10**9), large),
    ):
        content.update(change)
        content['shapes'][1]['mask'] = mask
        (folder / 'a.json').write_text(json.dumps(content))
        faulty, _ = LabelmeFiles(folder).images()
        assert 'pixels that are allowed' in faulty.problem


def test_empty_masks_are_masks(folder, content):
    crop = np.zeros((20, 25), np.uint8)
    content['shapes'][1]['mask'] = picture_text(crop)
    (folder / 'a.json').write_text(json.dumps(content))
    [entry] = LabelmeFiles(folder).images()
    assert not decoded(entry.masks['a.json', 1]).any()


def test_an_empty_mask_is_refused(folder, content, tmp_path):
    files = LabelmeFiles(folder)
    [entry] = files.images()
    for key in entry.masks:
        with pytest.raises(InputError, match='cannot be empty'):
            files.replace(key, encode_mask(np.zeros(SIZE, np.uint8)))
    files.write(tmp_path / 'new')
    assert json.loads((tmp_path / 'new' / 'a.json').read_text()) == content
