"""Annotations and results in the format that YouTube-VIS documents."""

import copy
import json

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.formats.video_json import VideoJson, is_video_json
from segrefiner_mm.io.rle import encode_mask

SIZE = 20, 30


def square(x):
    mask = np.zeros(SIZE, np.uint8)
    mask[5:15, x : x + 10] = 1
    return mask


@pytest.fixture
def annotations():
    videos = [
        dict(
            id=1,
            width=30,
            height=20,
            length=3,
            file_names=[f'v/{n:05d}.jpg' for n in range(3)],
        )
    ]
    first, third = encode_mask(square(4)), encode_mask(square(8))
    tracks = [
        dict(
            id=number,
            video_id=1,
            category_id=2,
            iscrowd=number // 3,
            segmentations=[first, None, third],
            areas=[100, None, 100],
            bboxes=[[4.0, 5.0, 10.0, 10.0], None, [8.0, 5.0, 10.0, 10.0]],
        )
        for number in (1, 2, 3)
    ]
    return dict(
        info={}, videos=videos, annotations=tracks, categories=[dict(id=2)]
    )


def results(annotations):
    return [
        dict(
            video_id=1,
            category_id=2,
            score=0.5,
            segmentations=track['segmentations'],
        )
        for track in annotations['annotations'][:1]
    ]


def test_an_entry_for_every_frame(annotations, tmp_path):
    file = VideoJson(annotations, tmp_path / 'a.json')
    first, third = file.images()
    assert (first.name, first.size) == ('v/00000.jpg', SIZE)
    assert (third.name, third.size) == ('v/00002.jpg', SIZE)
    assert list(third.masks) == [(0, 2), (1, 2)]
    assert file.untouched() == {'annotation 3': 'crowd'}
    assert file.label((0, 2)) == 'annotation 1 on frame 2 of video 1'


@pytest.mark.parametrize('update', [False, True])
def test_all_but_the_masks_is_written_unchanged(annotations, tmp_path, update):
    expected = copy.deepcopy(annotations)
    style = MaskStyle()
    file = VideoJson(annotations, tmp_path / 'a.json', None, style, update)
    new = encode_mask(square(12))
    file.replace((1, 2), new)
    file.write(tmp_path / 'new.json')
    track = expected['annotations'][1]
    track['segmentations'][2] = new
    if update:
        track['bboxes'][2] = [12, 5, 10, 10]
    assert json.loads((tmp_path / 'new.json').read_text()) == expected


def test_results_need_their_videos(annotations, tmp_path):
    content = results(annotations)
    assert is_video_json(content)
    with pytest.raises(InputError, match='--ann'):
        VideoJson(content, tmp_path / 'r.json')
    ann = tmp_path / 'a.json'
    ann.write_text(json.dumps(annotations))
    names = [e.name for e in VideoJson(content, ann, ann).images()]
    assert names == ['v/00000.jpg', 'v/00002.jpg']


def test_faulty_tracks_fail_alone(annotations, tmp_path):
    annotations['annotations'][0]['video_id'] = 9
    annotations['annotations'][1]['segmentations'] *= 2
    first, second = VideoJson(annotations, tmp_path / 'a.json').images()
    assert 'not among the videos' in first.problem
    assert '6 masks, and its video has 3 frames' in second.problem


def test_faulty_files_are_refused(annotations, tmp_path):
    annotations['annotations'][0]['segmentations'] = 3
    with pytest.raises(InputError, match='are 3, not a list'):
        VideoJson(annotations, tmp_path / 'a.json')
    annotations['videos'][0]['file_names'] = [3]
    with pytest.raises(InputError, match='not a list of names'):
        VideoJson(annotations, tmp_path / 'a.json')
