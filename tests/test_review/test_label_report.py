"""Label maps of a folder run: shown, rejected, and restored."""

import json
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.apis import MaskOptions, refine_folder, write_report
from segrefiner_mm.cli import main as cli
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.label_maps import read_label_map
from tests.helpers import write_folder
from tests.test_review.label_scenes import (
    IGNORED,
    REFINER,
    write_decisions,
    write_label_run,
)
from tests.test_review.scenes import page_data

NAMES = ('a.png', 'sub/b.tif', 'sub/c.png')


@pytest.fixture(scope='module')
def first_run(tmp_path_factory):
    return write_label_run(tmp_path_factory.mktemp('labels') / 'data')


@pytest.fixture
def run(first_run, tmp_path):
    """A copy of the run, whose files a test may change."""
    copy = tmp_path / 'data'
    shutil.copytree(first_run, copy)
    return copy


@pytest.fixture
def report(first_run, tmp_path):
    out = tmp_path / 'page'
    write_report(first_run / 'refined', out)
    return out


def moved(run):
    """Where a run lies now."""
    return ['--img-dir', run / 'images', '--coarse', run / 'labels']


def command(*argv):
    return cli.main([str(arg) for arg in argv])


def column(data, name):
    """A column of the page, by the name of the label map."""
    masks = data['masks']
    return dict(zip(masks['label'], masks[name], strict=True))


def test_numbers_of_every_label_map(first_run, report):
    data = page_data(report)
    assert data['kind'] == 'labels'
    assert data['counts'] == {'refined': 3}
    assert data['refined']['name'] == 'refined'
    assert data['coarse']['name'] == 'labels'
    assert sorted(data['masks']['key']) == list(NAMES)
    classes = column(data, 'classes')
    assert data['classes'][classes['a.png']] == ''
    assert data['classes'][classes['sub/b.tif']] == 'sub'
    coarse = dict(zip(NAMES, ('a.png', 'sub/b.tif', 'sub/c.npy'), strict=True))
    for name in NAMES:
        before = read_label_map(first_run / 'labels' / coarse[name]).labels
        after = read_label_map(first_run / 'refined' / name).labels
        count = np.count_nonzero(before != after)
        assert count > 0
        assert column(data, 'pixels')[name] == count
        assert column(data, 'share')[name] == pytest.approx(
            count / before.size, abs=1e-6
        )
        assert column(data, 'labels')[name] == 2  # 255 is ignored
        assert column(data, 'changed')[name] == 2
        both = [(before == 2) & (after == 2), (before == 2) | (after == 2)]
        assert column(data, 'least_iou')[name] == pytest.approx(
            np.count_nonzero(both[0]) / np.count_nonzero(both[1]), abs=1e-4
        )
    assert data['masks']['share'] == sorted(
        data['masks']['share'], reverse=True
    )


def test_files_of_the_page(first_run, report):
    data = page_data(report)
    text = (report / 'details' / '000.js').read_text()
    details = json.loads(text[text.index('{') : text.rindex(')')])
    for place, name in zip(
        data['masks']['place'], data['masks']['label'], strict=True
    ):
        assert (report / 'crops' / '000' / f'{place:05d}.jpg').is_file()
        for layer in ('coarse', 'refined', 'changes'):
            file = report / 'layers' / '000' / f'{place:05d}-{layer}.png'
            assert cv2.imread(str(file), cv2.IMREAD_UNCHANGED).shape[2] == 4
        names = {row[0] for row in details[str(place)]}
        assert names == {'label 1', 'label 2'}
        if name == 'a.png':  # the colours of its palette
            assert {row[1] for row in details[str(place)]} == {
                '#0a141e',
                '#c86400',
            }


def test_a_rejected_label_map_is_the_coarse_file_itself(
    first_run, report, tmp_path, capsys
):
    chosen = {'a.png': 'reject', 'sub/c.png': 'reject', 'sub/b.tif': 'accept'}
    file = tmp_path / 'decisions.json'
    decisions = write_decisions(file, page_data(report), chosen)
    out = tmp_path / 'reviewed'
    argv = 'coco', first_run / 'refined', '--decisions', decisions, '-o', out
    assert command(*argv) == 0
    assert '2 rejected, 1 accepted, 0 open' in capsys.readouterr().out
    written = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob('*')
        if path.is_file()
    }
    assert written == {
        'a.png': (first_run / 'labels' / 'a.png').read_bytes(),
        'sub/c.npy': (first_run / 'labels' / 'sub/c.npy').read_bytes(),
        'sub/b.tif': (first_run / 'refined' / 'sub/b.tif').read_bytes(),
    }


def test_decisions_do_not_fit_another_run(run, report, tmp_path):
    """Of the same label maps: one refined map has another pixel."""
    file = tmp_path / 'decisions.json'
    decisions = write_decisions(file, page_data(report), {'a.png': 'reject'})
    picture = Image.open(run / 'refined' / 'a.png')
    labels = np.array(picture)
    labels[50, 50] = 3 - labels[50, 50]
    Image.fromarray(labels).save(run / 'refined' / 'a.png')
    argv = 'coco', run / 'refined', '--decisions', decisions
    out = tmp_path / 'out'
    assert command(*argv, '--coarse', run / 'labels', '-o', out) == 2
    assert not out.exists()


def test_a_label_map_that_is_missing_fails_alone(run, tmp_path, capsys):
    (run / 'refined' / 'a.png').unlink()
    (run / 'labels' / 'sub' / 'b.tif').unlink()
    argv = 'report', run / 'refined', *moved(run), '-o', tmp_path / 'page'
    assert command(*argv) == 1
    printed = capsys.readouterr()
    assert '1 label maps, 2 failed' in printed.out
    assert 'a.png no longer exists' in printed.err
    assert 'b.tif: give its folder with --coarse' in printed.err
    assert page_data(tmp_path / 'page')['masks']['key'] == ['sub/c.png']


def test_a_label_map_of_another_run_is_refused(run, tmp_path, capsys):
    shutil.copy(run / 'refined' / 'a.png', run / 'labels' / 'a.png')
    argv = 'report', run / 'refined', *moved(run), '-o', tmp_path / 'page'
    assert command(*argv) == 1
    assert 'a.png was changed after the run' in capsys.readouterr().err


def test_an_edited_label_map_is_shown_as_it_is_now(run, tmp_path):
    labels = np.full((96, 128), 1, np.uint8)
    labels[:, :5] = IGNORED
    Image.fromarray(labels).save(run / 'refined' / 'a.png')
    assert (
        command(
            *('report', run / 'refined', *moved(run)),
            *('-o', tmp_path / 'page'),
        )
        == 0
    )
    data = page_data(tmp_path / 'page')
    assert 'label maps were edited' in data['remarks'][0]
    assert column(data, 'least_iou')['a.png'] == 0  # label 2 is gone


def test_sizes_that_differ(run, tmp_path, capsys):
    Image.fromarray(np.ones((20, 30), np.uint8)).save(
        run / 'refined' / 'a.png'
    )
    argv = 'report', run / 'refined', *moved(run), '-o', tmp_path / 'page'
    assert command(*argv) == 1
    error = capsys.readouterr().err
    assert 'a.png: the sizes differ: the coarse label map has 128 x 96' in (
        error
    )


def test_a_limit_keeps_those_that_changed_most(first_run, tmp_path, report):
    out = tmp_path / 'less'
    argv = 'report', first_run / 'refined', '--limit', 2, '-o', out
    assert command(*argv) == 0
    data = page_data(out)
    assert data['masks']['key'] == page_data(report)['masks']['key'][:2]
    assert data['remarks'] == [
        '1 label maps are not on this page: it holds the 2 that changed most.'
    ]


def test_masks_and_label_maps_in_one_folder(run, tmp_path):
    data = write_folder(tmp_path / 'masks', 1)
    refine_folder(
        data / 'images',
        data / 'masks',
        run / 'refined',
        MaskOptions(),
        REFINER,
    )
    with pytest.raises(InputError, match='masks of one run and label maps'):
        write_report(run / 'refined', tmp_path / 'page')
    assert not (tmp_path / 'page').exists()


def test_decisions_need_no_images(run, tmp_path, capsys):
    """Not even the same ones as the page, which lacks one of them."""
    (run / 'images').rename(tmp_path / 'photos')
    (tmp_path / 'photos' / 'sub' / 'b.png').unlink()
    coarse = '--coarse', run / 'labels'
    page = tmp_path / 'page'
    argv = 'report', run / 'refined', *coarse, '-o', page
    assert command(*argv, '--img-dir', tmp_path / 'photos') == 1
    assert 'give its folder with --img-dir' in capsys.readouterr().err
    data = page_data(page)
    assert sorted(data['masks']['key']) == ['a.png', 'sub/c.png']
    file = tmp_path / 'decisions.json'
    decisions = write_decisions(file, data, {'a.png': 'reject'})
    out = tmp_path / 'reviewed'
    argv = 'coco', run / 'refined', *coarse, '--decisions', decisions
    assert command(*argv, '-o', out) == 0
    names = {p.relative_to(out).as_posix() for p in out.rglob('*.*')}
    assert names == set(NAMES)
    before = (run / 'labels' / 'a.png').read_bytes()
    assert (out / 'a.png').read_bytes() == before


def test_decisions_do_not_overwrite_images(first_run, report, tmp_path):
    file = tmp_path / 'decisions.json'
    decisions = write_decisions(file, page_data(report), {'a.png': 'reject'})
    before = (first_run / 'images' / 'a.png').read_bytes()
    argv = 'coco', first_run / 'refined', '--decisions', decisions
    assert command(*argv, '-o', first_run / 'images', '--overwrite') == 2
    assert (first_run / 'images' / 'a.png').read_bytes() == before


def test_a_name_that_is_impossible_fails_alone(run, tmp_path, capsys):
    journal = run / 'refined' / '.segrefiner-run.jsonl'
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        if line['out'] == 'a.png' and 'inputs' in line:
            line['inputs'][0][0] = '/\x1b[31m' + 5000 * 'a'
            line['inputs'][1][0] = str(run / 'labels' / 'a.png')
    journal.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    argv = 'report', run / 'refined', '--coarse', run / 'labels'
    assert command(*argv, '-o', tmp_path / 'page') == 1
    error = capsys.readouterr().err
    assert '\x1b' not in error
    assert 'a.png: no file /?[31maaa' in error
