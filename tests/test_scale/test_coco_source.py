"""Images of a streamed JSON; the reader of whole files is the reference."""

import json
import random

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.formats.coco_file import CocoFile
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.scale import coco_source
from segrefiner_mm.scale.coco_source import CocoSource
from segrefiner_mm.scale.rows import shards_of
from tests.helpers import blocky, draw_object


@pytest.fixture(scope='module')
def mask():
    import numpy as np

    return encode_mask(blocky(draw_object(np.random.default_rng(0))[1]))


def document(mask, seed, grouped):
    """Annotations with all that may be wrong with some of them."""
    rng = random.Random(seed)
    ids = [0, 1, '1', 'é', 12, 13, 14]
    images = [
        dict(id=i, file_name=f'f/{n}.png', height=96, width=128)
        for n, i in enumerate(ids)
    ]
    images[2]['height'] = 'tall'
    records = []
    for number in range(60):
        image_id = rng.choice([*ids, 99])
        polygon = [[1.5, 2, 30.25, 4, 20, 30]]
        segmentation = rng.choice([mask, polygon, [], None])
        record = dict(id=number, image_id=image_id, segmentation=segmentation)
        record['iscrowd'] = int(rng.random() < 0.1)
        if rng.random() < 0.05:
            record['image_id'] = None
        records.append(record)
    if grouped:
        records.sort(key=lambda record: str(record['image_id']))
    return dict(images=images, annotations=records)


def streamed(path, ann=None):
    rows = CocoSource(path, ann, str(path.parent)).rows()
    images = [i for s in shards_of(rows, 3, '') for i in s.images()]
    return {i.entry.key: i for i in images}, images


@pytest.mark.parametrize('grouped', [True, False])
@pytest.mark.parametrize('held', [1, 500, 2**23])
@pytest.mark.parametrize('kind', ['annotations', 'last', 'results', 'by id'])
def test_images_are_those_of_the_whole_file(
    grouped, held, kind, mask, tmp_path, monkeypatch
):
    monkeypatch.setattr(coco_source, 'HELD', held)
    content = document(mask, held, grouped)
    path, ann = tmp_path / 'a.json', None
    if kind == 'last':
        content = dict(reversed(content.items()))
    elif kind in ('results', 'by id'):
        if kind == 'results':
            ann = tmp_path / 'ann.json'
            ann.write_text(json.dumps(dict(content)))
        content = content['annotations']
    path.write_text(json.dumps(content, ensure_ascii=False))
    whole = CocoFile(content, path, ann)
    by_key, images = streamed(path, ann)
    expected = list(whole.images())
    assert len(images) == len(expected) == len(by_key)
    for entry in expected:
        own = by_key[entry.key]
        assert own.entry == entry
        assert own.labels == {i: whole.label(i) for i in entry.masks}


def test_images_with_many_masks_come_first(mask, tmp_path):
    content = document(mask, 0, True)
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    _, images = streamed(path)
    counts = [len(image.labels) for image in images]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_equal_files_give_equal_keys_and_others_do_not(mask, tmp_path):
    path = tmp_path / 'a.json'
    content = document(mask, 0, True)
    path.write_text(json.dumps(content))

    def keys(settings='x'):
        source = CocoSource(path, None, str(tmp_path))
        return [shard.key for shard in shards_of(source.rows(), 3, settings)]

    first = keys()
    assert first == keys()
    assert not set(first) & set(keys('y'))
    changed = next(r for r in content['annotations'] if r['segmentation'])
    changed['score'] = 0.5
    path.write_text(json.dumps(content))
    assert 0 < len(set(first) - set(keys())) < len(first)


def test_an_image_is_complete_before_the_file_is_read(mask, tmp_path):
    """The first images are there, though the end of the file is damaged."""
    path = tmp_path / 'a.json'
    records = [
        dict(id=i, image_id=i // 2, segmentation=mask) for i in range(40)
    ]
    images = [dict(id=i, file_name=f'{i}.png') for i in range(20)]
    text = json.dumps(dict(images=images, annotations=records))
    path.write_text(text[:-30] + '?')
    rows = CocoSource(path, None, str(tmp_path)).rows()
    assert [next(rows).masks for _ in range(19)] == [2] * 19
    with pytest.raises(InputError, match='not valid json'):
        next(rows)


def test_two_names_that_lead_to_one_file_are_refused(mask, tmp_path):
    """As in a run over the whole file: only the exact name has the file."""
    (tmp_path / 'x.png').write_bytes(b'')
    names = ['x.png', 'other/x.png', 'y.png', 'other/y.png']
    images = [dict(id=i, file_name=name) for i, name in enumerate(names)]
    records = [
        dict(id=i, image_id=i, segmentation=mask) for i in range(len(names))
    ]
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(dict(images=images, annotations=records)))
    by_key, _ = streamed(path)
    problems = {i.entry.name: i.entry.problem for i in by_key.values()}
    assert problems.pop('other/x.png') == (
        f'no image other/x.png: {tmp_path / "x.png"} also fits x.png'
    )
    assert set(problems.values()) == {''}


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        ({}, 'has no images'),
        (dict(images=[], annotations=[3]), 'number 0 is 3, not an object'),
        (dict(images=[]), 'has no annotations'),
        (
            dict(images=[], annotations=[dict(image_id=1, segments_info=[])]),
            'panoptic',
        ),
        ([dict(image_id=1, bbox=[])], 'has no masks'),
        ([dict(score=1)], 'neither COCO results'),
        (3, 'neither COCO results'),
    ],
)
def test_other_files_are_refused(content, problem, tmp_path):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=problem):
        list(CocoSource(path, None, str(tmp_path)).rows())


def test_a_field_written_with_escapes_does_not_split_an_image(mask, tmp_path):
    record = json.dumps(dict(image_id=1, segmentation=mask))
    hidden = record.replace('image_id', 'image\\u005fid')
    path = tmp_path / 'a.json'
    path.write_text(f'[{record}, {hidden}]')
    with pytest.raises(InputError, match='with escapes'):
        list(CocoSource(path, None, str(tmp_path)).rows())
