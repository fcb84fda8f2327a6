"""Panoptic results: shown, rejected image by image, and restored."""

import json
import shutil

import cv2
import numpy as np
import pytest

from segrefiner_mm.apis import ReportOptions, write_report
from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.formats.panoptic_picture import read_segment_ids
from tests.test_review.label_scenes import (
    HOSTILE,
    Panoptic,
    colours,
    write_decisions,
    write_panoptic,
)
from tests.test_review.scenes import page_data, write_review


@pytest.fixture(scope='module')
def first_run(tmp_path_factory):
    return write_panoptic(tmp_path_factory.mktemp('panoptic') / 'data')


@pytest.fixture
def run(first_run, tmp_path):
    """A copy of the run, whose files a test may change."""
    shutil.copytree(first_run.img_dir.parent, tmp_path / 'data')
    return Panoptic(*(tmp_path / 'data' / path.name for path in first_run))


@pytest.fixture
def report(first_run, tmp_path):
    out = tmp_path / 'page'
    options = ReportOptions(first_run.coarse, first_run.img_dir)
    write_report(first_run.refined, out, options)
    return out


def read(path):
    return json.loads(path.read_text())


def show(run, out, *options):
    argv = ['report', run.refined, '--coarse', run.coarse, '-o', out]
    argv += ['--img-dir', run.img_dir, *options]
    return cli.main([str(arg) for arg in argv])


def apply(run, decisions, out, *options):
    argv = ['coco', run.refined, '--coarse', run.coarse, '-o', out]
    argv += ['--decisions', decisions, *options]
    return cli.main([str(arg) for arg in argv])


def details_of(report):
    text = (report / 'details' / '000.js').read_text()
    return json.loads(text[text.index('{') : text.rindex(')')])


def test_numbers_and_names_of_segments(first_run, report):
    data = page_data(report)
    assert (data['kind'], data['counts']) == ('labels', {'refined': 3})
    assert data['remarks'] == []
    assert sorted(data['masks']['key']) == [0, 1, 2]
    assert sorted(data['images']) == ['0.jpg', '1.jpg', '2.jpg']
    folder = first_run.coarse.parent
    for place, key in enumerate(data['masks']['key']):
        before, after = (
            read_segment_ids(folder / name / f'{key}.png')
            for name in ('pan', 'refined')
        )
        count = np.count_nonzero(before != after)
        assert data['masks']['pixels'][place] == count > 0
        assert data['masks']['labels'][place] == 2  # and void
        rows = {row[0]: row[2:5] for row in details_of(report)[str(place)]}
        for name, number in (('wall', 1), (HOSTILE, 2)):
            own = before == number * 1000 + key
            new = after == number * 1000 + key
            expected = [own, new & ~own, own & ~new]
            assert rows[name] == [np.count_nonzero(part) for part in expected]


def test_segments_of_one_class_are_told_apart(run, tmp_path):
    for path in (run.coarse, run.refined):
        content = read(path)
        for annotation in content['annotations']:
            for segment in annotation['segments_info']:
                segment['category_id'] = 1
        path.write_text(json.dumps(content))
    assert show(run, tmp_path / 'page') == 0
    data = page_data(tmp_path / 'page')
    key = data['masks']['key'][0]
    names = {row[0] for row in details_of(tmp_path / 'page')['0']}
    assert names == {f'wall ({1000 + key})', f'wall ({2000 + key})'}


def test_a_rejected_image_is_the_coarse_one(
    first_run, report, tmp_path, capsys
):
    chosen = {'0.png': 'accept', '1.png': 'reject'}
    file = tmp_path / 'decisions.json'
    decisions = write_decisions(file, page_data(report), chosen)
    out = tmp_path / 'new' / 'reviewed.json'
    assert apply(first_run, decisions, out) == 0
    assert '1 rejected, 1 accepted, 1 open' in capsys.readouterr().out
    before, after = read(first_run.coarse), read(first_run.refined)
    assert before['annotations'][1] != after['annotations'][1]  # the areas
    expected = json.loads(json.dumps(after))
    expected['annotations'][1] = before['annotations'][1]
    assert read(out) == expected
    folder = first_run.coarse.parent
    pictures = {p.name: p.read_bytes() for p in (out.parent).rglob('*.png')}
    assert pictures == {
        '0.png': (folder / 'refined' / '0.png').read_bytes(),
        '1.png': (folder / 'pan' / '1.png').read_bytes(),
        '2.png': (folder / 'refined' / '2.png').read_bytes(),
    }
    assert apply(first_run, decisions, out) == 2
    assert 'already exists' in capsys.readouterr().err
    assert apply(first_run, decisions, out, '--overwrite') == 0


def test_inputs_and_other_files_are_not_overwritten(
    first_run, report, tmp_path, capsys
):
    file = tmp_path / 'decisions.json'
    decisions = write_decisions(file, page_data(report), {'1.png': 'reject'})
    before = {p: p.read_bytes() for p in first_run.coarse.parent.rglob('*.*')}
    for path in (first_run.refined, first_run.coarse):
        assert apply(first_run, decisions, path, '--overwrite') == 2
        assert 'is an input' in capsys.readouterr().err
    assert apply(first_run, decisions, tmp_path / 'out.png') == 2
    assert 'written as .json' in capsys.readouterr().err
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'mine.txt').touch()
    assert apply(first_run, decisions, tmp_path / 'out.json') == 2
    assert 'already exists' in capsys.readouterr().err
    assert not (tmp_path / 'out.json').exists()
    assert before == {
        p: p.read_bytes() for p in first_run.coarse.parent.rglob('*.*')
    }


def test_decisions_do_not_fit_another_run(run, report, tmp_path, capsys):
    """Of the same json: one refined picture has another pixel."""
    file = tmp_path / 'decisions.json'
    decisions = write_decisions(file, page_data(report), {'1.png': 'reject'})
    picture = run.refined.with_suffix('') / '2.png'
    ids = read_segment_ids(picture)
    ids[50, 50] = 3004 - ids[50, 50]  # 1002 and 2002
    cv2.imwrite(str(picture), colours(ids))
    out = tmp_path / 'out.json'
    assert apply(run, decisions, out) == 2
    assert 'about other refined masks' in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize('key', [3, -1, '1.png', True])
def test_decisions_on_images_that_are_not_there(
    first_run, report, tmp_path, capsys, key
):
    file = tmp_path / 'decisions.json'
    write_decisions(file, page_data(report), {'1.png': 'reject'})
    content = read(file)
    content['decisions'][0]['key'] = key
    file.write_text(json.dumps(content))
    assert apply(first_run, file, tmp_path / 'out.json') == 2
    assert 'decisions.json' in capsys.readouterr().err
    assert not (tmp_path / 'out.json').exists()


@pytest.mark.parametrize(
    ('change', 'problem'),
    [
        (lambda a: a.pop(), 'holds 3 images, not 2'),
        (lambda a: a[0].update(image_id=9), "'image_id' 0 in one and 9"),
        (lambda a: a[0].update(file_name='x.png'), "'file_name' '0.png'"),
        (lambda a: a[1]['segments_info'].pop(), 'has 2 segments, not 1'),
        (
            lambda a: a[1]['segments_info'][0].update(category_id=2),
            "segment 1001 has 'category_id' 1 in one and 2 in the other",
        ),
    ],
)
def test_json_of_another_run_is_refused(
    run, tmp_path, capsys, change, problem
):
    content = read(run.coarse)
    change(content['annotations'])
    run.coarse.write_text(json.dumps(content))
    assert show(run, tmp_path / 'page') == 2
    error = capsys.readouterr().err
    assert 'was not refined from' in error
    assert problem in error
    assert not (tmp_path / 'page').exists()


def test_pictures_of_another_run_are_refused(run, tmp_path, capsys):
    folder = run.coarse.parent
    shutil.copy(folder / 'refined' / '1.png', folder / 'pan' / '1.png')
    assert show(run, tmp_path / 'page') == 1
    assert 'journal of the run knows another' in capsys.readouterr().err
    assert page_data(tmp_path / 'page')['failed'] == 1
    # Without a journal, only segments that are strange give it away.
    (folder / 'refined' / '.segrefiner-run.jsonl').unlink()
    picture = folder / 'pan' / '1.png'
    cv2.imwrite(str(picture), colours(np.full((96, 128), 1001)))
    assert show(run, tmp_path / 'page', '--overwrite') == 1
    assert 'only the first has segment 0' in capsys.readouterr().err
    cv2.imwrite(str(picture), colours(np.full((48, 128), 1001)))
    assert show(run, tmp_path / 'page', '--overwrite') == 1
    error = capsys.readouterr().err
    assert 'the coarse label map has 128 x 48 pixels' in error


def test_without_a_journal_verdicts_are_inferred(run, tmp_path):
    folder = run.refined.with_suffix('')
    (folder / '.segrefiner-run.jsonl').unlink()
    shutil.copy(run.coarse.parent / 'pan' / '1.png', folder / '1.png')
    assert show(run, tmp_path / 'page') == 0
    data = page_data(tmp_path / 'page')
    assert data['counts'] == {'refined': 2, 'unchanged': 1}
    assert 'no record of 3 label maps' in data['remarks'][0]


def test_folders_of_pictures(run, tmp_path):
    for path in (run.coarse, run.refined):
        content = read(path)
        content['annotations'][1]['file_name'] = 'sub/1.png'
        path.write_text(json.dumps(content))
        folder = path.with_suffix('')
        (folder / 'sub').mkdir()
        (folder / '1.png').rename(folder / 'sub' / '1.png')
    assert show(run, tmp_path / 'page') == 0
    data = page_data(tmp_path / 'page')
    assert sorted(data['classes']) == ['', 'sub']


def test_files_that_are_missing(run, tmp_path, capsys):
    (run.img_dir / '0.jpg').unlink()
    (run.refined.with_suffix('') / '1.png').unlink()
    page = tmp_path / 'page'
    assert show(run, page) == 1
    printed = capsys.readouterr()
    assert '1 label maps, 2 failed' in printed.out
    assert 'image 0: no image 0.jpg' in printed.err
    assert 'no file' in printed.err
    assert page_data(page)['masks']['key'] == [2]
    shutil.rmtree(run.coarse.with_suffix(''))
    assert show(run, page, '--overwrite') == 2
    assert 'with the PNG files of' in capsys.readouterr().err


def test_what_does_not_go_together(run, tmp_path, capsys):
    page = tmp_path / 'page'
    masks = write_review(tmp_path / 'masks', 1)
    assert show(run, page, '--evidence', masks.evidence) == 2
    assert '--evidence is for results' in capsys.readouterr().err
    assert show(run._replace(coarse=masks.coarse), page) == 2
    error = capsys.readouterr().err
    assert 'refined.json is panoptic, and' in error
    folder = run.refined.with_suffix('')
    argv = ['report', folder, '-o', page]
    assert cli.main([str(arg) for arg in argv]) == 2
    assert 'give their JSON file, refined.json' in capsys.readouterr().err
    assert not page.exists()


def test_results_without_images_and_classes(run, tmp_path):
    """As mmdet writes them: annotations name both."""
    ann = run.coarse.with_name('ann.json')
    shutil.copy(run.coarse, ann)
    for path in (run.coarse, run.refined):
        content = read(path)
        path.write_text(json.dumps(dict(annotations=content['annotations'])))
    assert show(run, tmp_path / 'bare') == 0
    names = {row[0] for row in details_of(tmp_path / 'bare')['0']}
    assert names == {'category 1', 'category 2'}
    assert show(run, tmp_path / 'named', '--ann', ann) == 0
    names = {row[0] for row in details_of(tmp_path / 'named')['0']}
    assert names == {'wall', HOSTILE}
