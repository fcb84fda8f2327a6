"""``segrefiner coco`` on a drawn panoptic json."""

import json

import cv2
import numpy as np
import pytest

from segrefiner_mm.cli import main as cli
from tests.helpers import blocky, draw_object, iou

THING, STUFF = 300 + 7 * 256 * 256, 41  # ids of more than a byte


def colours(ids):
    channels = [ids & 255, ids >> 8 & 255, ids >> 16 & 255]
    return np.stack(channels[::-1], axis=2).astype(np.uint8)  # BGR


@pytest.fixture
def panoptic(tmp_path):
    """Two images; a thing before stuff, and void on the left."""
    rng = np.random.default_rng(2)
    content = dict(images=[], annotations=[], categories=[])
    truth = []
    for name in ('img', 'pan'):
        (tmp_path / name).mkdir()
    for index in range(2):
        image, mask = draw_object(rng)
        coarse = blocky(mask)
        ids = np.where(coarse > 0, THING, STUFF).astype(np.int32)
        ids[:, :5] = 0
        truth.append((mask > 0, ids))
        cv2.imwrite(str(tmp_path / 'img' / f'{index}.jpg'), image)
        cv2.imwrite(str(tmp_path / 'pan' / f'{index}.png'), colours(ids))
        segments = [
            dict(id=THING, category_id=1, area=1, bbox=[0, 0, 1, 1]),
            dict(id=STUFF, category_id=2, area=1, mine='kept'),
        ]
        content['images'].append(dict(id=index, file_name=f'{index}.jpg'))
        content['annotations'].append(
            dict(
                image_id=index,
                file_name=f'{index}.png',
                segments_info=segments,
            )
        )
    (tmp_path / 'pan.json').write_text(json.dumps(content))
    return tmp_path, truth


def run(folder, *options):
    argv = ['coco', folder / 'pan.json', '--img-dir', folder / 'img']
    argv += ['--device', 'cpu', '--steps', 1, *options]
    return cli.main([str(arg) for arg in argv])


def test_segments_get_better_and_keep_their_ids(panoptic, capsys):
    folder, truth = panoptic
    out = folder / 'refined.json'
    assert run(folder, '-o', out) == 0
    before, after = (
        json.loads(file.read_text()) for file in (folder / 'pan.json', out)
    )
    for index, (true, coarse) in enumerate(truth):
        picture = cv2.imread(str(folder / 'refined' / f'{index}.png'))
        blue, green, red = np.moveaxis(picture.astype(np.int32), 2, 0)
        ids = red + (green << 8) + (blue << 16)
        assert set(np.unique(ids)) == {0, THING, STUFF}
        np.testing.assert_array_equal(ids == 0, coarse == 0)
        assert iou(ids == THING, true) > iou(coarse == THING, true)
        thing, stuff = after['annotations'][index]['segments_info']
        assert thing['area'] == (ids == THING).sum()
        assert stuff['area'] == (ids == STUFF).sum()
        y, x = np.nonzero(ids == THING)
        size = [x.max() - x.min() + 1, y.max() - y.min() + 1]
        assert thing['bbox'] == [x.min(), y.min(), *size]
    for content in (before, after):
        for annotation in content['annotations']:
            for segment in annotation['segments_info']:
                segment.pop('area')
                segment.pop('bbox', None)
    assert before == after
    assert '2 refined' in capsys.readouterr().out


def test_faults_are_named(panoptic, capsys):
    folder, _ = panoptic
    (folder / 'img' / '0.jpg').unlink()
    out = folder / 'refined.json'
    assert run(folder, '-o', out) == 1
    assert 'no image 0.jpg' in capsys.readouterr().err
    for name in ('pan', 'refined'):  # what failed is there as it was
        assert len(list((folder / name).glob('*.png'))) == 2
    before, after = (
        (folder / name / '0.png').read_bytes() for name in ('pan', 'refined')
    )
    assert before == after
    assert run(folder, '-o', folder / 'b.json', '--report', 'x.csv') == 2
    assert '--report' in capsys.readouterr().err
    (folder / 'odd.json').write_text(
        '{"annotations": [1, {"segments_info": []}]}'
    )
    argv = ['coco', folder / 'odd.json', '--img-dir', folder, '-o', out]
    assert cli.main([*map(str, argv), '--overwrite']) == 2
    assert run(folder, '-o', out) == 2
    assert '--overwrite' in capsys.readouterr().err
    assert run(folder, '-o', folder / 'refined.png') == 2
    for picture in (folder / 'pan').iterdir():
        picture.unlink()
    (folder / 'pan').rmdir()
    assert run(folder, '-o', folder / 'new.json') == 2
    assert 'no folder' in capsys.readouterr().err
    assert not (folder / 'new.json').exists()


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (dict(file_name='../.profile.png'), 'leads out of'),
        (dict(file_name='/tmp/x.png'), 'leads out of'),
        (dict(file_name='..\\x.png'), 'leads out of'),
        (dict(file_name='.profile'), 'must be a .png'),
        (dict(file_name='0.jpg'), 'must be a .png'),
        (dict(file_name=None), 'its file_name is null'),
        (dict(file_name='0.png'), "file_name '0.png' appears twice"),
        (dict(image_id=0), 'image_id 0 appears twice'),
        (dict(image_id=[]), 'invalid image_id'),
        (dict(segments_info={}), 'segments_info must be a list'),
        (dict(segments_info=[3]), 'segment 0 is 3, not an object'),
        (dict(segments_info=[{}]), 'segment 0 has an invalid id: null'),
        (dict(segments_info=[dict(id='x')]), "invalid id: 'x'"),
        (dict(segments_info=[dict(id=2**24)]), 'from 0 to 16777215'),
        (dict(segments_info=[dict(id=1)] * 2), 'segment 1 appears twice'),
    ],
)
def test_all_is_checked_before_any_work(panoptic, capsys, change, reason):
    folder, _ = panoptic
    content = json.loads((folder / 'pan.json').read_text())
    content['annotations'][1].update(change)
    (folder / 'pan.json').write_text(json.dumps(content))
    before = sorted(folder.rglob('*'))
    assert run(folder, '-o', folder / 'new' / 'refined.json') == 2
    error = capsys.readouterr().err
    assert reason in error
    assert 'pan.json' in error or 'leads out' in error
    assert sorted(folder.rglob('*')) == before


def test_images_that_are_all_missing_leave_nothing(panoptic, capsys):
    folder, _ = panoptic
    for path in (folder / 'img').iterdir():
        path.unlink()
    assert run(folder, '-o', folder / 'new.json') == 2
    assert 'no label map' in capsys.readouterr().err
    assert not (folder / 'new.json').exists()
    assert not (folder / 'new').exists()


def test_maps_that_all_fail_leave_no_json(panoptic, capsys):
    folder, _ = panoptic
    for path in (folder / 'img').iterdir():
        cv2.imwrite(str(path), np.zeros((9, 9, 3), np.uint8))
    assert run(folder, '-o', folder / 'new.json') == 2
    assert '2 failed' in capsys.readouterr().out
    assert not (folder / 'new.json').exists()


def test_a_map_whose_image_is_missing_is_copied(panoptic, capsys):
    folder, _ = panoptic
    (folder / 'img' / '1.jpg').unlink()
    content = json.loads((folder / 'pan.json').read_text())
    for segment in content['annotations'][0]['segments_info']:
        segment.pop('bbox', None)
        segment.pop('area')
    (folder / 'pan.json').write_text(json.dumps(content))
    assert run(folder, '-o', folder / 'new.json') == 1
    before, after = (
        (folder / name / '1.png').read_bytes() for name in ('pan', 'new')
    )
    assert before == after
    # What the file does not have is not added.
    written = json.loads((folder / 'new.json').read_text())
    segments = written['annotations'][0]['segments_info']
    assert all('area' not in s and 'bbox' not in s for s in segments)
