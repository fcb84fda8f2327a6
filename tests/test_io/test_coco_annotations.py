"""Ids, sizes and crowds as json files write them."""

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_annotations import (
    id_of,
    images_of,
    is_crowd,
    other_kind,
    records_of,
    size_of,
)
from segrefiner_mm.io.json_files.foreign_json import strange_json
from segrefiner_mm.io.json_files.json_file import json_bytes, parse_json, shown


@pytest.mark.parametrize(
    ('height', 'width', 'size'),
    [
        (240, 320, (240, 320)),
        (240.0, '320', (240, 320)),
        (' 240', '320.0', (240, 320)),
        *((None, 320, None), (0, 0, None), ('', '', None), (240, ' ', None)),
        *(('0', 320, None), (0.0, 320, None)),
    ],
)
def test_sizes(height, width, size):
    assert size_of(dict(height=height, width=width)) == size
    assert size_of({}) is None


@pytest.mark.parametrize(
    'value',
    ['abc', float('nan'), float('inf'), [3], {}, -1, 1.5, True, '9' * 50],
)
def test_sizes_that_are_none(value):
    with pytest.raises(InputError, match='its height is'):
        size_of(dict(height=value, width=1))
    [image] = images_of(
        dict(images=[dict(id=1, height=value, width=1)]), 'f'
    ).values()
    assert image.problem.startswith('image 1: its height is')


@pytest.mark.parametrize('value', [1, True, '1', 'true', 2])
def test_crowds(value):
    assert is_crowd(dict(iscrowd=value))


@pytest.mark.parametrize('value', [0, False, '0', 'false', '', None, 0.0])
def test_no_crowds(value):
    assert not is_crowd(dict(iscrowd=value))
    assert not is_crowd({})


def test_ids():
    assert id_of(dict(id=1.0), 'id', 'x') == 1
    assert id_of(dict(id='1'), 'id', 'x') == '1'
    assert id_of(dict(id=0), 'id', 'x') == 0
    for value in (None, True, [], {}, 1.5, float('nan')):
        with pytest.raises(InputError, match='x has'):
            id_of(dict(id=value), 'id', 'x')


def test_one_is_not_a_text():
    numbers, texts = {1: 0, 2: 0}, {'1': 0}
    assert 'here the id is a text' in other_kind('1', numbers)
    assert 'here the id is a number' in other_kind(1, texts)
    assert other_kind(3, numbers) == other_kind('x', numbers) == ''


def test_names_of_images():
    content = dict(
        images=[
            dict(id=1, file_name='a.jpg'),
            dict(id=2, coco_url='http://x.org/val2017/b.jpg'),
            dict(id=3, path='/data/c.jpg'),
            dict(id=4),
            dict(id='d.jpg'),
            dict(id=6, file_name=['x']),
        ]
    )
    images = images_of(content, 'f')
    names = [image.name for image in images.values()]
    assert names[:3] == ['a.jpg', 'val2017/b.jpg', '/data/c.jpg']
    assert names[3:5] == ['000000000004.jpg', 'd.jpg']
    assert 'file_name is a list' in images[6].problem
    content['images'].append(dict(id=1, file_name='other.jpg'))
    with pytest.raises(InputError, match=r'image 1 appears twice.*other.jpg'):
        images_of(content, 'f')


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ([], 'neither COCO'),
        ({}, 'has no annotations: .* it has nothing'),
        (dict(annotations=None), 'must be a list, got null'),
        (dict(annotations={}), 'must be a list, got an object of 0'),
        (dict(annotations=[{}, None]), 'number 1 is null'),
        (dict(shapes=[], imagePath='a.jpg'), 'a json of labelme'),
    ],
)
def test_wrong_shapes(content, reason):
    with pytest.raises(InputError, match=reason):
        records_of(content, 'annotations', 'f')


@pytest.mark.parametrize(
    ('content', 'name'),
    [
        ([dict(segmentation={}, stability_score=1, area=3)], 'SAM'),
        (dict(image=dict(image_id=1), annotations=[]), 'SA-1B'),
        (dict(version='5', shapes=[], imagePath='a'), 'labelme'),
        ({'a.jpg1': dict(filename='a.jpg', regions=[])}, 'VIA'),
        (dict(_via_img_metadata={}), 'VIA'),
        (dict(videos=[], annotations=[]), 'YouTube-VIS'),
        ([dict(video_id=1, segmentations=[])], 'YouTube-VIS'),
        (dict(type='FeatureCollection', features=[]), 'GeoJSON'),
        (dict(imgHeight=1, imgWidth=1, objects=[]), 'Cityscapes'),
        ([dict(annotations=[], data={})], 'Label Studio'),
        ([dict(name='a.jpg', labels=[])], 'BDD100K'),
        (dict(size=dict(height=1, width=1), objects=[]), 'Supervisely'),
        (dict(version='2.0', item={}, annotations=[]), 'V7'),
        ([dict(data_row={}, projects={})], 'Labelbox'),
        ([dict(image='a.jpg', annotations=[])], 'CreateML'),
    ],
)
def test_other_tools_are_named(content, name):
    assert name in strange_json(content)


@pytest.mark.parametrize(
    'text',
    [
        b'[' * 100_000,
        b'{"a":' * 100_000,
        b'[' * 100_000 + b']' * 100_000,
        b'{"a": ',
        b'\xff\xfe\x00',
        b'[' + b'9' * 5000 + b']',
        b'',
    ],
)
def test_json_that_is_none(text):
    with pytest.raises(InputError, match=r'^f\.json is no'):
        parse_json(text, 'f.json')


def test_what_no_json_can_hold():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InputError, match='cannot write'):
        json_bytes(deep, 'f')
    assert json_bytes({'a': float('nan')}, 'f') == b'{"a": NaN}'
    while deep:  # else it is let go of recursively
        [deep] = deep


def test_values_in_messages_are_short_and_printable():
    values = ['\ud800\n', 'x' * 999, [1] * 999, {}, None, True, 10**99, 'ü图']
    texts = [shown(value) for value in values]
    assert all(text.isprintable() and len(text) <= 40 for text in texts)
    assert texts[-1] == "'ü图'"
