"""Decisions that keep the coarse file in parts: masks and label maps.

What is expected is computed from the decoded files: inside the rectangles the
coarse pixels, outside the refined ones.
"""

import json
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.apis import MaskOptions, apply_decisions, refine_folder
from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.panoptic_picture import read_segment_ids
from segrefiner_mm.io.image_files.geotiff import (
    encode_geotiff,
    file_georeference,
)
from segrefiner_mm.io.label_maps import read_label_map
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.both_files import read_both
from segrefiner_mm.review.folder_results import folder_marks, folder_results
from segrefiner_mm.review.panoptic_files import PanopticFiles
from tests.helpers import blocky, draw_object
from tests.test_review.label_scenes import (
    REFINER,
    write_label_run,
    write_panoptic,
)
from tests.test_review.part_scenes import mixed, partly, write_decisions

SIZE = 96, 128
HALF = (64, 0, 128, 96)
PLACE = {33550: (12, (2.0, 2.0, 0.0)), 33922: (12, (0.0,) * 6)}
SOFT = 100  # threshold of the run


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """A run over soft masks: a PNG, an array and a GeoTIFF."""
    data = tmp_path_factory.mktemp('masks') / 'data'
    rng = np.random.default_rng(3)
    for kind in ('images', 'masks'):
        (data / kind / 'sub').mkdir(parents=True)
    for name in ('a.png', 'b.npy', 'sub/c.tif'):
        image, mask = draw_object(rng)
        soft = blocky(mask) * np.uint8(150) + np.uint8(20)
        stem, suffix = name.split('.')
        cv2.imwrite(str(data / 'images' / f'{stem}.png'), image)
        file = data / 'masks' / name
        if suffix == 'npy':
            np.save(file, soft)
        elif suffix == 'tif':
            file.write_bytes(encode_geotiff(soft, PLACE))
        else:
            cv2.imwrite(str(file), soft)
    options = MaskOptions(threshold=SOFT)
    folders = (data / name for name in ('images', 'masks', 'refined'))
    refine_folder(*folders, options, REFINER)
    return data


def decisions_on(refined, path, *decisions):
    results = list(folder_results(refined, None, Reporter()))
    marks = [mark.sha256 for mark in folder_marks(refined, results)]
    return write_decisions(path, *marks, decisions)


def apply(refined, decisions, out, *options):
    argv = ['coco', refined, '--decisions', decisions, '-o', out, *options]
    return cli.main([str(arg) for arg in argv])


def pixels(path):
    if path.suffix == '.npy':
        return np.load(path)
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob('*.*')
        if path.is_file()
    }


def test_masks_are_written_as_the_run_writes_them(run, tmp_path, capsys):
    refined, out = run / 'refined', tmp_path / 'reviewed'
    names = dict(a='a.png', b='b.png', c='sub/c.tif')
    decisions = decisions_on(
        refined,
        tmp_path / 'decisions.json',
        *(partly(name, SIZE, HALF) for name in names.values()),
    )
    assert apply(refined, decisions, out) == 0
    assert '0 rejected, 0 accepted, 3 partly, 0 open' in (
        capsys.readouterr().out
    )
    written = files_of(out)
    assert sorted(written) == sorted(names.values())
    coarse = dict(zip('abc', ('a.png', 'b.npy', 'sub/c.tif'), strict=True))
    for key, name in names.items():
        before = pixels(run / 'masks' / coarse[key]) >= SOFT
        after = pixels(refined / name) > 0
        expected = mixed(before, after, [HALF])
        assert (expected != before).any()
        assert (expected != after).any()
        shown = pixels(written[name])
        assert shown.dtype == np.uint8
        np.testing.assert_array_equal(shown, expected * np.uint8(255))
    assert file_georeference(written['sub/c.tif']) == file_georeference(
        refined / 'sub' / 'c.tif'
    )


def test_files_whose_changes_are_all_undone_or_all_stay(run, tmp_path):
    refined, out = run / 'refined', tmp_path / 'reviewed'
    before, after = pixels(run / 'masks' / 'a.png'), pixels(refined / 'a.png')
    ys, xs = np.nonzero((before >= SOFT) != (after > 0))
    changes = tuple(
        int(v) for v in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    )
    decisions = decisions_on(
        refined,
        tmp_path / 'decisions.json',
        partly('a.png', SIZE, changes),
        partly('b.png', SIZE, (0, 0, *SIZE[::-1])),
        partly('sub/c.tif', SIZE, (0, 0, 2, 2)),
    )
    assert apply(refined, decisions, out) == 0
    contents = {name: p.read_bytes() for name, p in files_of(out).items()}
    assert contents == {
        'a.png': (run / 'masks' / 'a.png').read_bytes(),
        'b.npy': (run / 'masks' / 'b.npy').read_bytes(),
        'sub/c.tif': (refined / 'sub' / 'c.tif').read_bytes(),
    }


def test_decisions_that_change_later(run, tmp_path, capsys):
    """A copy is replaced; what no file is a copy of is never removed."""
    refined, out = run / 'refined', tmp_path / 'reviewed'
    file = tmp_path / 'decisions.json'

    def decide(decision):
        decisions_on(refined, file, dict(decision, key='b.png'))
        return apply(refined, file, out, '--overwrite')

    part = partly('b.png', SIZE, HALF)
    assert decide(dict(decision='reject')) == 0
    assert (out / 'b.npy').is_file()
    assert decide(part) == 0
    assert not (out / 'b.npy').exists()
    assert (out / 'b.png').is_file()
    assert decide(dict(decision='reject')) == 2
    error = capsys.readouterr().err
    assert 'b.png would stand beside' in error
    assert 'is a copy of neither' in error
    assert not (out / 'b.npy').exists()
    assert decide(dict(decision='accept')) == 0
    after = (refined / 'b.png').read_bytes()
    assert (out / 'b.png').read_bytes() == after


def test_parts_of_another_image_are_refused(run, tmp_path, capsys):
    decisions = decisions_on(
        run / 'refined',
        tmp_path / 'decisions.json',
        dict(key='a.png', decision='reject'),
        partly('sub/c.tif', SIZE[::-1], (0, 0, 5, 5)),
    )
    assert apply(run / 'refined', decisions, tmp_path / 'out') == 2
    error = capsys.readouterr().err
    assert 'c.tif: its parts are of an image of 96 x 128, and the' in error
    assert 'has 128 x 96 pixels' in error
    assert not (tmp_path / 'out').exists()


def test_a_damaged_file_leaves_all_unwritten(run, tmp_path, capsys):
    shutil.copytree(run / 'refined', tmp_path / 'refined')
    refined = tmp_path / 'refined'
    (refined / 'sub' / 'c.tif').write_bytes(b'II*\0')
    decisions = decisions_on(
        refined,
        tmp_path / 'decisions.json',
        partly('a.png', SIZE, HALF),
        partly('sub/c.tif', SIZE, HALF),
    )
    assert apply(refined, decisions, tmp_path / 'out') == 2
    assert 'c.tif' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_label_maps_of_every_format(tmp_path):
    """With all of their segments, whatever the borders of the part cut."""
    run = write_label_run(tmp_path / 'data')
    refined, out = run / 'refined', tmp_path / 'reviewed'
    names = {'a.png': 'a.png', 'sub/b.tif': 'sub/b.tif', 'sub/c.png': 'c.npy'}
    decisions = decisions_on(
        refined,
        tmp_path / 'decisions.json',
        *(partly(name, SIZE, HALF) for name in names),
    )
    assert apply(refined, decisions, out) == 0
    written = files_of(out)
    assert written.keys() == names.keys()
    for name, coarse in names.items():
        source = run / 'labels' / ('sub/c.npy' if coarse == 'c.npy' else name)
        before, after = map(read_label_map, (source, refined / name))
        expected = mixed(before.labels, after.labels, [HALF])
        assert (expected != before.labels).any()
        assert (expected != after.labels).any()
        shown = read_label_map(written[name])
        np.testing.assert_array_equal(shown.labels, expected)
        assert shown.palette == after.palette
    assert Image.open(written['a.png']).mode == 'P'
    assert Image.open(written['sub/b.tif']).mode == 'I'


@pytest.fixture(scope='module')
def panoptic(tmp_path_factory):
    return write_panoptic(tmp_path_factory.mktemp('panoptic') / 'data')


def test_panoptic_segments_get_their_areas_and_boxes(
    panoptic, tmp_path, capsys
):
    files = panoptic.refined, panoptic.coarse
    marks = PanopticFiles(read_both(*files), files, Reporter()).marks
    decisions = write_decisions(
        tmp_path / 'decisions.json',
        *(mark.sha256 for mark in marks),
        [
            partly(0, SIZE, HALF),
            partly(1, SIZE, (0, 0, *SIZE[::-1])),
            partly(2, SIZE, (0, 0, 2, 2)),
        ],
    )
    out = tmp_path / 'reviewed.json'
    given = '--coarse', panoptic.coarse
    assert apply(panoptic.refined, decisions, out, *given) == 0
    assert '3 partly' in capsys.readouterr().out
    folder = panoptic.coarse.parent
    before, after, written = (
        json.loads(path.read_text())
        for path in (panoptic.coarse, panoptic.refined, out)
    )
    ids = mixed(
        *(read_segment_ids(folder / n / '0.png') for n in ('pan', 'refined')),
        [HALF],
    )
    shown = read_segment_ids(tmp_path / 'reviewed' / '0.png')
    np.testing.assert_array_equal(shown, ids)
    expected = json.loads(json.dumps(after))
    for segment in expected['annotations'][0]['segments_info']:
        ys, xs = np.nonzero(ids == segment['id'])
        box = [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]
        segment.update(area=len(xs), bbox=[int(side) for side in box])
    assert expected['annotations'][0] != after['annotations'][0]
    expected['annotations'][1] = before['annotations'][1]
    assert before['annotations'][1] != after['annotations'][1]
    assert written == expected
    for name, source in (('1.png', 'pan'), ('2.png', 'refined')):
        content = (tmp_path / 'reviewed' / name).read_bytes()
        assert content == (folder / source / name).read_bytes()


def test_panoptic_parts_of_another_image_are_refused(panoptic, tmp_path):
    files = panoptic.refined, panoptic.coarse
    marks = PanopticFiles(read_both(*files), files, Reporter()).marks
    decisions = write_decisions(
        tmp_path / 'decisions.json',
        *(mark.sha256 for mark in marks),
        [partly(2, (96, 127), (0, 0, 5, 5))],
    )
    out = tmp_path / 'reviewed.json'
    given = '--coarse', panoptic.coarse
    assert apply(panoptic.refined, decisions, out, *given) == 2
    assert not out.exists()
    assert not (tmp_path / 'reviewed').exists()


def test_old_decisions_are_still_valid(run, tmp_path):
    """Without parts, the file is that of earlier pages."""
    decisions = decisions_on(
        run / 'refined',
        tmp_path / 'decisions.json',
        dict(key='a.png', mask='a.png', decision='reject'),
        dict(key='b.png', mask='b.png', decision='accept'),
    )
    assert read_json(decisions)['segrefiner_decisions'] == 1
    out = tmp_path / 'out'
    summary = apply_decisions(run / 'refined', decisions, out)
    assert summary.text.endswith(
        '1 rejected, 1 accepted, 1 open or left out, which stay refined'
    )
