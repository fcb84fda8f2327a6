"""``segrefiner eval`` on squares whose figures are known by hand."""

import json

import cv2
import numpy as np
import pytest

from segrefiner_mm.cli import main as cli
from segrefiner_mm.evaluation import evaluate_coco, evaluate_panoptic
from tests.helpers import GOLDEN
from tests.test_evaluation.test_metrics import (
    test_panoptic_boundary_metric as panoptic,
)

GT = GOLDEN / 'synthetic_metrics' / 'gt.json'
DT = GOLDEN / 'synthetic_metrics' / 'dt.json'


@pytest.fixture
def folders(tmp_path):
    """Squares of 20 pixels, shifted by 10 and 5; two in a folder below."""
    for kind, shift in (('gt', 0), ('coarse', 10), ('refined', 5)):
        for name in ('a', 'one/b', 'one/c'):
            better = 10 if name == 'one/c' and kind == 'coarse' else 0
            mask = np.zeros((60, 80), np.uint8)
            x = 10 + shift - better
            mask[20:40, x : x + 20] = 255
            file = tmp_path / kind / f'{name}.png'
            file.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(file), mask)
    (tmp_path / 'img').mkdir()
    for stem in 'abc':
        image = np.full((60, 80, 3), 99, np.uint8)
        cv2.imwrite(str(tmp_path / 'img' / f'{stem}.jpg'), image)
    return tmp_path


def run(*argv):
    return cli.main(['eval', *map(str, argv)])


def three(folder):
    return [folder / name for name in ('gt', 'coarse', 'refined')]


def test_folders_by_source(folders, capsys):
    """Shifts of 10 and 5 of 20 pixels are IoUs of 1/3 and 15/25."""
    file = folders / 'figures.json'
    assert run(*three(folders), '--json', file) == 0
    figures = json.loads(file.read_text())
    assert figures['.']['coarse']['iou'] == pytest.approx(1 / 3)
    assert figures['.']['refined']['iou'] == pytest.approx(0.6)
    assert figures['one']['coarse']['iou'] == pytest.approx((1 / 3 + 1) / 2)
    assert figures['all']['refined']['iou'] == pytest.approx(0.6)
    # Intersections of 10, 10 and 20 columns, unions of 30, 30 and 20.
    found = figures['all']['coarse']['set_iou']
    assert found == pytest.approx(40 / 80)
    printed = capsys.readouterr().out
    assert '33.33' in printed
    assert '+26.67' in printed
    assert '-40.00' not in printed  # a mean hides one; --worst shows it


def test_quiet_prints_errors_alone(folders, capsys):
    """The file has the figures; the log has progress, errors and the end."""
    file, log = folders / 'figures.json', folders / 'log.jsonl'
    options = ['--quiet', '--json', file, '--json-log', log]
    assert run(*three(folders), *options) == 0
    assert capsys.readouterr() == ('', '')
    assert json.loads(file.read_text())['all']
    *counts, end = map(json.loads, log.read_text().splitlines())
    assert (end['event'], end['failed']) == ('end', 0)
    assert (counts[-1]['images'], counts[-1]['total']) == (3, 3)
    log.unlink()
    (folders / 'coarse' / 'a.png').write_bytes(b'no picture')
    assert run(*three(folders), *options) == 1
    out, err = capsys.readouterr()
    assert (out, 'a.png' in err) == ('', True)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    kinds = [e['event'] for e in events if e['event'] != 'progress']
    assert kinds == ['error', 'end']
    assert events[-1]['failed'] == 1


def test_the_worst_are_drawn(folders):
    out = folders / 'drawn'
    options = ['--worst', 1, '--img-dir', folders / 'img', '--pictures', out]
    assert run(*three(folders), *options) == 0
    names = sorted(path.name for path in out.iterdir())
    assert names[0] == 'lost_00_-40.0_c.jpg'
    assert names[1].startswith('won_00_+26.7_')
    assert cv2.imread(str(out / names[0])).shape == (60, 80, 3)


def test_figures_are_there_where_an_image_to_draw_on_is_not(folders, capsys):
    (folders / 'img' / 'c.jpg').unlink()
    out, file = folders / 'drawn', folders / 'figures.json'
    options = ['--worst', 1, '--img-dir', folders / 'img', '--pictures', out]
    assert run(*three(folders), *options, '--json', file) == 2
    told = capsys.readouterr()
    assert '33.33' in told.out
    assert 'no image c' in told.err
    figures = json.loads(file.read_text())
    assert figures['all']['refined']['iou'] == pytest.approx(0.6)


def test_one_prediction_alone(folders, capsys):
    assert run(*three(folders)[:2]) == 0
    printed = capsys.readouterr().out
    assert 'coarse' in printed
    assert 'difference' not in printed


def test_coco_files(tmp_path, capsys):
    file = tmp_path / 'figures.json'
    assert run(GT, DT, DT, '--json', file) == 0
    figures = json.loads(file.read_text())
    expected = evaluate_coco(GT, DT)
    for kind in ('segm', 'boundary'):
        assert figures[kind] == dict(
            coarse=expected[kind], refined=expected[kind]
        )
    printed = capsys.readouterr().out
    assert '52.59' in printed
    assert '+0.00' in printed


def test_soft_masks_and_the_measures_of_dis5k(folders):
    pytest.importorskip('py_sod_metrics')
    for file in (folders / 'coarse').rglob('*.png'):
        cv2.imwrite(str(file), cv2.blur(cv2.imread(str(file), 0), (5, 5)))
    assert run(*three(folders)) == 2
    file = folders / 'figures.json'
    options = ['--threshold', 128, '--dis', '--json', file]
    assert run(*three(folders), *options) == 0
    figures = json.loads(file.read_text())
    assert figures['one']['coarse']['iou'] == pytest.approx(2 / 3, abs=0.02)
    assert figures['.']['refined']['mae'] == pytest.approx(200 / 4800)


def test_sources_that_only_predictions_have(folders, capsys):
    (folders / 'coarse' / 'two').mkdir()
    mask = np.zeros((60, 80), np.uint8)
    cv2.imwrite(str(folders / 'coarse' / 'two' / 'z.png'), mask)
    assert run(*three(folders)) == 1
    assert 'not in every folder: two/z' in capsys.readouterr().err


def test_names_are_no_markup(folders, capsys):
    for folder in three(folders):
        (folder / 'one').rename(folder / '[b]x[')
    assert run(*three(folders)) == 0
    assert '[b]x[' in capsys.readouterr().out


def test_every_class(tmp_path):
    file = tmp_path / 'figures.json'
    assert run(GT, DT, '--classwise', '--json', file) == 0
    figures = json.loads(file.read_text())
    expected = evaluate_coco(GT, DT, classwise=True)
    assert figures['segm']['coarse'] == expected['segm']
    assert any(name.startswith('AP/') for name in expected['segm'])


def test_label_maps(tmp_path, capsys):
    """Class 2 of 3 columns too many; 9 is ignored, 4 is nowhere."""
    for kind, column in (('gt', 40), ('coarse', 37), ('refined', 40)):
        labels = np.full((60, 80), 1, np.uint8)
        labels[:, column:] = 2
        labels[:5] = 9 if kind == 'gt' else 4
        file = tmp_path / kind / 'below' / 'a.png'
        file.parent.mkdir(parents=True)
        cv2.imwrite(str(file), labels)
    file = tmp_path / 'figures.json'
    options = ['--labels', '--ignore', 9, '--classwise', '--json', file]
    assert run(*three(tmp_path), *options) == 0
    figures = json.loads(file.read_text())
    assert list(figures) == ['all', 'class 1', 'class 2']
    assert figures['class 2']['coarse']['IoU'] == pytest.approx(40 / 43)
    assert figures['class 2']['refined']['boundary_IoU'] == 1
    mean = (37 / 40 + 40 / 43) / 2
    assert figures['all']['coarse']['mIoU'] == pytest.approx(mean)
    assert '92.76' in capsys.readouterr().out


def test_panoptic_files(tmp_path, capsys):
    gt = panoptic.write(tmp_path, 'gt', {1: 0, 2: 0})
    dt = panoptic.write(tmp_path, 'dt', {1: 8, 2: 3})
    file = tmp_path / 'figures.json'
    assert run(gt, dt, gt, '--json', file) == 0
    figures = json.loads(file.read_text())
    assert figures['boundary']['refined']['PQ'] == 1
    assert figures['segm']['coarse'] == evaluate_panoptic(gt, dt)['segm']
    (tmp_path / 'dt' / '1.png').unlink()
    assert run(gt, dt) == 2
    assert 'dt/1.png' in capsys.readouterr().err


def test_mistakes_are_named(folders, capsys):
    gt, coarse, refined = three(folders)
    (refined / 'a.png').unlink()
    small = np.zeros((9, 9), np.uint8)
    cv2.imwrite(str(coarse / 'one' / 'b.png'), small)
    assert run(gt, coarse, refined) == 1
    errors = capsys.readouterr().err
    assert 'not in every folder: a' in errors
    assert 'b.png' in errors
    for argv, message in [
        ([gt, 'gone'], 'gone'),
        ([gt, DT], 'folders only'),
        ([gt, coarse, '--worst', 2], '--img-dir'),
        ([DT, DT], 'categories'),
        ([GT, DT, '--labels'], 'folders of label maps'),
        ([gt, coarse, '--lvis'], 'json'),
        ([GT, DT, '--lvis'], 'gt.json, images: '),
        ([GT, DT, '--dis'], 'folders of masks'),
        ([GT, DT, '--threshold', 0], 'folders of masks'),
        ([gt, coarse, '--worst', -1], '--worst'),
        ([gt, coarse, '--classwise'], '--labels'),
    ]:
        assert run(*argv) == 2
        assert message in capsys.readouterr().err
    (folders / 'empty').mkdir()
    assert run(folders / 'empty', folders / 'empty') == 2
    assert 'no masks' in capsys.readouterr().err


def test_figures_replace_earlier_figures_alone(folders, capsys):
    gt, coarse, refined = three(folders)
    out = folders / 'figures.json'
    out.touch()  # as mktemp does
    assert run(gt, coarse, '--json', out) == 0
    assert run(gt, coarse, refined, '--json', out) == 0
    assert set(json.loads(out.read_text())['all']) == {'coarse', 'refined'}
    capsys.readouterr()
    mask = gt / 'a.png'
    mine = folders / 'mine.json'
    mine.write_text('{}')
    for path in (mask, mine):
        before = path.read_bytes()
        assert run(gt, coarse, '--json', path) == 2
        assert 'exists and was not written by' in capsys.readouterr().err
        assert path.read_bytes() == before
    assert run(GT, DT, '--json', DT) == 2
    assert 'is an input' in capsys.readouterr().err


@pytest.mark.parametrize('content', ['[]', '3', '"other.json"', '""', 'null'])
def test_a_json_is_never_taken_for_a_name(
    tmp_path, monkeypatch, capsys, content
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'other.json').write_text('{"secret": 1}')
    for name in ('gt.json', 'dt.json'):
        (tmp_path / name).write_text(content)
    assert cli.main(['eval', 'gt.json', 'dt.json']) == 2
    error = capsys.readouterr().err
    assert 'gt.json' in error
    assert 'secret' not in error


@pytest.mark.parametrize('name', ['gt.json', 'other.json', '../x', '\x00'])
def test_a_json_that_holds_the_name_of_a_file(tmp_path, capsys, name):
    """It is not opened in place of the annotations."""
    (tmp_path / 'gt.json').write_text(json.dumps(name))
    (tmp_path / 'other.json').write_text('{"secret": 1}')
    (tmp_path / 'results.json').write_text('[]')
    assert run(tmp_path / 'gt.json', tmp_path / 'results.json') == 2
    errors = capsys.readouterr().err
    assert 'gt.json is neither' in errors
    assert 'secret' not in errors
