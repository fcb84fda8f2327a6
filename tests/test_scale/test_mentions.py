"""Where images are mentioned for the last time."""

import json
import random
import re

import pytest

from segrefiner_mm.scale import mentions
from segrefiner_mm.scale.coco_index import ImageTable
from segrefiner_mm.scale.mentions import Mentions

IDS = [0, 7, 12, 123456789, 10**17 - 1, 10**25, -3, 'a', '12', 'ö"\\,}']


def written(image_id, rng):
    """A record in one of the ways in which JSON may be written."""
    escaped = json.dumps(image_id, ensure_ascii=rng.random() < 0.5)
    if isinstance(image_id, int) and abs(image_id) < 10**9:
        escaped = rng.choice([escaped, f'{image_id}.0', f'{image_id}e0'])
    space = rng.choice(['', ' ', '\n\t', '  '])
    after = rng.choice(['', ' ', '\n', ', "x": 1'])
    return f'{{"image_id"{space}:{space}{escaped}{after}}}'


@pytest.mark.parametrize('chunk', [20, 64, 300, 2**20])
def test_last_mentions_are_found_in_all_spellings(
    chunk, tmp_path, monkeypatch
):
    monkeypatch.setattr(mentions, '_CHUNK', chunk)
    monkeypatch.setattr(mentions, '_OVERLAP', 80)
    rng = random.Random(chunk)
    text, expected = '[', {}
    for _ in range(300):
        image_id = rng.choice(IDS)
        record = written(image_id, rng)
        expected[image_id] = len(text.encode())
        text += record + ','
    path = tmp_path / 'a.json'
    path.write_text(text + '{}]')
    found = Mentions(path)
    for image_id, start in expected.items():
        assert found.last(image_id) == start + 1  # after the brace
    assert found.last(99) == -1


def test_the_id_of_a_record_is_not_taken_for_a_mention(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('[{"id": 5, "image_ids": 5, "an_image_id": 5}]')
    assert Mentions(path).last(5) == -1


def test_a_complete_image_is_closed(tmp_path):
    path = tmp_path / 'a.json'
    images = [dict(id=3, file_name='3.png'), dict(id='b', file_name='b.png')]
    ids = [3, 'b', 4]
    records = [dict(image_id=image_id) for image_id in ids]
    path.write_text(json.dumps(dict(images=images, annotations=records)))
    for table in (None, ImageTable(path)):
        found = Mentions(path, table)
        places = [
            m.start() for m in re.finditer('"image_id"', path.read_text())
        ]
        assert [found.last(i) for i in ids] == places
        assert not found.is_closed('b')
        found.close('b')
        assert found.is_closed('b')
        assert not found.is_closed(3)
