"""``segrefiner coco`` on drawn scenes, as a user runs it."""

import copy
import csv
import json
import pickle
import shutil

import numpy as np
import pytest
import torch

from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.encodings.outlines import outlines_of
from segrefiner_mm.io.encodings.run_table import decode_runs
from segrefiner_mm.io.rle import decode_mask
from segrefiner_mm.runs.predictions import entry_stream
from segrefiner_mm.runs.predictions.mask_rows import read_rows
from tests.helpers import iou
from tests.test_integrations.hosts import SIZE, write_results, write_scenes


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    """Images, annotations, and blocky results for the first three."""
    folder = write_scenes(tmp_path_factory.mktemp('coco') / 'data', 5)
    write_results(folder, 3)
    return folder


def read(path):
    return json.loads(path.read_text())


def run(scenes, source, out, *options):
    common = ['--img-dir', scenes / 'img', '--device', 'cpu', '--steps', 1]
    argv = ['coco', source, '-o', out, *common, *options]
    return cli.main([str(arg) for arg in argv])


def test_results_get_better_and_keep_all_else(scenes, tmp_path, capsys):
    out = tmp_path / 'new' / 'refined.json'
    ann = scenes / 'coco.json'
    report = tmp_path / 'report.csv'
    status = run(
        scenes, scenes / 'results.json', out, '--ann', ann, '--report', report
    )
    assert status == 0
    before, after = read(scenes / 'results.json'), read(out)
    truth = read(ann)['annotations']
    gains = []
    for old, new, true in zip(before, after, truth[:3], strict=True):
        gt, coarse, refined = (
            decode_mask(part['segmentation']) > 0 for part in (true, old, new)
        )
        gains.append(iou(refined, gt) - iou(coarse, gt))
        old.pop('segmentation')
        new.pop('segmentation')
        assert old == new
    assert np.mean(gains) > 0.02
    printed = capsys.readouterr().out
    assert '3 refined' in printed
    assert 'result 0 of image 0' in printed
    rows = list(csv.DictReader(report.open()))
    assert [row['verdict'] for row in rows] == ['refined'] * 3
    ious = [float(row['iou']) for row in rows]
    assert ious == sorted(ious)
    assert [p.name for p in out.parent.iterdir()] == ['refined.json']


def test_masks_are_those_of_the_inferencer(scenes, tmp_path):
    """Whichever way a mask comes, it is refined alike."""
    out, report = tmp_path / 'refined.json', tmp_path / 'report.csv'
    results = read(scenes / 'results.json')
    options = '--ann', scenes / 'coco.json', '--report', report
    assert run(scenes, scenes / 'results.json', out, *options) == 0
    rows = read_rows(report)
    refiner = SegRefinerInferencer(device='cpu')
    for place, (old, new) in enumerate(zip(results, read(out), strict=True)):
        alone = refiner(
            str(scenes / 'img' / f'{old["image_id"]:03d}.png'),
            decode_mask(old['segmentation']),
            windows=None,
            num_steps=1,
        )
        [mask] = alone['predictions'][0]['masks']
        np.testing.assert_array_equal(mask, decode_mask(new['segmentation']))
        row = rows[f'result {place} of image {old["image_id"]}']
        [confidence] = alone['predictions'][0]['confidence']
        [evidence] = alone['predictions'][0]['evidence']
        assert row.confidence == pytest.approx(confidence, abs=1e-4)
        assert row.evidence == pytest.approx(evidence, abs=1e-4)


@pytest.fixture
def annotations(scenes, tmp_path):
    """Polygons, a crowd, unknown fields, and two more masks on one image."""
    content = read(scenes / 'coco.json')
    results = read(scenes / 'results.json')
    for annotation, coarse in zip(
        content['annotations'], results, strict=False
    ):
        annotation['segmentation'] = outlines_of(coarse['segmentation'])
        annotation['mine'] = 'kept'
    content['annotations'][1]['segmentation'] = results[1]['segmentation']
    crowd = copy.deepcopy(content['annotations'][0])
    crowd.update(id=77, iscrowd=1, segmentation=results[0]['segmentation'])
    content['annotations'].append(crowd)
    content['info'] = dict(year=2026)
    file = tmp_path / 'annotations.json'
    file.write_text(json.dumps(content))
    return file


def test_annotations_keep_ids_order_and_fields(
    scenes, annotations, tmp_path, capsys
):
    out = tmp_path / 'cleaned.json'
    report = tmp_path / 'report.csv'
    report.write_text('the notes of the user')
    assert run(scenes, annotations, out, '--report', report) == 2
    assert report.read_text() == 'the notes of the user'
    report.write_text('mask,verdict,iou\n')  # of an earlier version
    assert run(scenes, annotations, out, '--report', report) == 0
    assert ', left unchanged: 1 crowd' in capsys.readouterr().out
    assert 'annotation 77 of image 0,left: crowd,1.0' in report.read_text()
    before, after = read(annotations), read(out)
    kinds = [
        (type(old['segmentation']), type(new['segmentation']))
        for old, new in zip(
            before['annotations'], after['annotations'], strict=True
        )
    ]
    assert all(old is new for old, new in kinds)
    assert {list, dict} == {old for old, _ in kinds}
    crowd = [a for a in after['annotations'] if a['id'] == 77]
    assert crowd == before['annotations'][-1:]
    changed = sum(
        a != b
        for a, b in zip(
            before['annotations'], after['annotations'], strict=True
        )
    )
    assert changed >= 3
    for content in (before, after):
        for annotation in content['annotations']:
            annotation.pop('segmentation')
    assert before == after


@pytest.mark.parametrize(('style', 'kind'), [('rle', dict), ('polygon', list)])
def test_masks_are_written_as_asked(
    scenes, annotations, tmp_path, style, kind
):
    out = tmp_path / 'cleaned.json'
    exact = ['--tolerance', 0]
    options = ['--segmentation', style, *exact]
    assert run(scenes, annotations, out, *options) == 0
    new = read(out)['annotations']
    # Refined and kept ones alike; a crowd needs run lengths.
    assert all(isinstance(a['segmentation'], kind) for a in new[:-1])
    assert isinstance(new[-1]['segmentation'], dict)
    same = tmp_path / 'same.json'
    assert run(scenes, annotations, same, *exact) == 0
    other = read(same)['annotations'][0]['segmentation']
    np.testing.assert_array_equal(
        decode_mask(new[0]['segmentation'], SIZE), decode_mask(other, SIZE)
    )


def test_faulty_masks_are_named_and_left(scenes, tmp_path, capsys):
    results = read(scenes / 'results.json')
    good = copy.deepcopy(results[0])
    results[1]['image_id'] = 999  # unknown
    results[2]['segmentation']['counts'] = '1'  # covers too little
    results.append(dict(good, segmentation=dict(size=[9], counts='x')))
    file, out = tmp_path / 'faulty.json', tmp_path / 'out.json'
    file.write_text(json.dumps(results))
    (tmp_path / 'ann.json').write_text(
        json.dumps(dict(read(scenes / 'coco.json'), annotations=[]))
    )
    status = run(scenes, file, out, '--ann', tmp_path / 'ann.json')
    assert status == 1
    new = read(out)
    assert new[1:] == results[1:]
    assert new[0] != results[0]
    streams = capsys.readouterr()
    assert 'image 999 is not among the images' in streams.err
    assert streams.err.count('error:') == 3
    assert '3 failed' in streams.out


def test_missing_images(scenes, tmp_path, capsys):
    images = tmp_path / 'some'
    shutil.copytree(scenes / 'img', images)
    (images / '001.png').unlink()
    (images / '002.png').write_bytes(b'not a picture')
    source, out = scenes / 'results.json', tmp_path / 'out.json'
    options = ['--ann', scenes / 'coco.json', '--img-dir', images]
    assert run(scenes, source, out, *options) == 1
    assert read(out)[1:] == read(source)[1:]
    errors = capsys.readouterr().err
    assert '001.png' in errors
    assert '002.png' in errors
    for path in images.iterdir():
        path.unlink()
    nothing = tmp_path / 'nothing.json'
    assert run(scenes, source, nothing, *options) == 2
    assert not nothing.exists()
    assert not list(tmp_path.glob('.*partial*'))


def test_files_without_masks(scenes, tmp_path):
    file, out = tmp_path / 'empty.json', tmp_path / 'out.json'
    file.write_text('[]')
    assert run(scenes, file, out) == 0
    assert read(out) == []


def kill_at_the_third_mask(monkeypatch):
    """Interrupt a run at its third mask; returns the masks it came to."""
    outcome, calls = entry_stream._outcome, []

    def killed(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return outcome(*args)

    monkeypatch.setattr(entry_stream, '_outcome', killed)
    return calls


def test_a_run_that_was_killed_goes_on(scenes, tmp_path, monkeypatch, capsys):
    source, out = scenes / 'results.json', tmp_path / 'out.json'
    options = ['--ann', scenes / 'coco.json']
    whole = tmp_path / 'whole.json'
    assert run(scenes, source, whole, *options) == 0
    calls = kill_at_the_third_mask(monkeypatch)
    assert run(scenes, source, out, *options) == 130
    assert not out.exists()
    calls.clear()
    assert run(scenes, source, out, *options) == 0
    assert len(calls) == 1  # two images were done
    assert read(out) == read(whole)
    assert '2 images were done before' in capsys.readouterr().err
    assert not list(tmp_path.glob('.*partial*'))


def test_other_annotations_are_another_run(scenes, tmp_path, monkeypatch):
    """What was done with wrong names of images is not taken."""
    source, out = scenes / 'results.json', tmp_path / 'out.json'
    content = read(scenes / 'coco.json')
    names = [image['file_name'] for image in content['images']]
    for image, name in zip(content['images'], names[::-1], strict=True):
        image['file_name'] = name
    wrong = tmp_path / 'wrong.json'
    wrong.write_text(json.dumps(content))
    whole = tmp_path / 'whole.json'
    right = ['--ann', scenes / 'coco.json']
    assert run(scenes, source, whole, *right) == 0
    kill_at_the_third_mask(monkeypatch)
    assert run(scenes, source, out, '--ann', wrong) == 130
    monkeypatch.undo()
    assert run(scenes, source, out, *right) == 0
    assert read(out) == read(whole)


@pytest.mark.parametrize('dense', [False, True])
def test_pickles_of_mmdet(scenes, tmp_path, dense):
    results = read(scenes / 'results.json')
    content = []
    for number in range(4):
        own = [r for r in results if r['image_id'] == number]
        masks = [r['segmentation'] for r in own]
        masks = [dict(m, counts=m['counts'].encode()) for m in masks]
        if dense:
            decoded = [decode_mask(m) for m in masks] or [np.zeros(SIZE)] * 0
            masks = torch.from_numpy(
                np.array(decoded, bool).reshape(-1, *SIZE)
            )
        content.append(
            dict(
                img_id=number,
                img_path=str(scenes / 'img' / f'{number:03d}.png'),
                ori_shape=SIZE,
                pred_instances=dict(
                    masks=masks,
                    scores=torch.rand(len(own)),
                    labels=torch.ones(len(own), dtype=torch.long),
                ),
            )
        )
    source, out = tmp_path / 'res.pkl', tmp_path / 'out.pkl'
    source.write_bytes(pickle.dumps(content))
    argv = ['coco', source, '-o', out, '--steps', 1, '--device', 'cpu']
    assert cli.main([str(arg) for arg in argv]) == 0
    after = pickle.loads(out.read_bytes())
    as_json = tmp_path / 'out.json'
    options = ['--ann', scenes / 'coco.json']
    assert run(scenes, scenes / 'results.json', as_json, *options) == 0
    refined = iter(read(as_json))
    for old, new in zip(content, after, strict=True):
        assert old.keys() == new.keys()
        assert torch.equal(
            old['pred_instances']['scores'], new['pred_instances']['scores']
        )
        masks = new['pred_instances']['masks']
        assert type(masks) is type(old['pred_instances']['masks'])
        for mask in masks:
            mask = mask.numpy() if dense else decode_mask(mask)
            expected = decode_mask(next(refined)['segmentation'])
            np.testing.assert_array_equal(mask, expected)


class _Evil:
    def __reduce__(self):
        return print, ('pwned',)


@pytest.mark.parametrize(
    ('evil', 'reason'),
    [
        (_Evil(), 'builtins.print'),
        (np.array([_Evil()], object), "an array of 'O8'"),
    ],
)
def test_pickles_do_not_run_code(tmp_path, capsys, evil, reason):
    source = tmp_path / 'res.pkl'
    source.write_bytes(pickle.dumps([dict(pred_instances=evil)]))
    argv = ['coco', str(source), '-o', str(tmp_path / 'out.pkl')]
    assert cli.main(argv) == 2
    streams = capsys.readouterr()
    assert 'pwned' not in streams.out
    assert reason in streams.err


def test_a_storage_inside_a_tensor_does_not_run_code(tmp_path, capsys):
    class Storage:
        def __reduce__(self):
            function = torch.storage._load_from_bytes
            return function, (pickle.dumps(_Evil()),)

    source = tmp_path / 'res.pkl'
    source.write_bytes(pickle.dumps([dict(pred_instances=Storage())]))
    argv = ['coco', str(source), '-o', str(tmp_path / 'out.pkl')]
    assert cli.main(argv) == 2
    assert 'pwned' not in capsys.readouterr().out


def test_folders_of_the_mmdet_inferencer(scenes, tmp_path):
    results = read(scenes / 'results.json')
    source, out = tmp_path / 'preds', tmp_path / 'out'
    source.mkdir()
    for number in range(4):
        own = [r for r in results if r['image_id'] == number]
        content = dict(
            labels=[1] * len(own),
            scores=[0.5] * len(own),
            masks=[r['segmentation'] for r in own],
        )
        (source / f'{number:03d}.json').write_text(json.dumps(content))
    assert run(scenes, source, out) == 0
    for number in range(4):
        old, new = (read(d / f'{number:03d}.json') for d in (source, out))
        assert (old.pop('masks') != new.pop('masks')) == (number < 3)
        assert old == new


def test_wrong_usage(scenes, tmp_path, capsys):
    source, out = scenes / 'results.json', tmp_path / 'out.json'
    broken = tmp_path / 'broken.json'
    broken.write_text('{"images": [')
    other = tmp_path / 'other.json'
    other.write_text('{"a": 1}')
    out.write_text('precious')
    boxes = tmp_path / 'boxes.json'
    boxes.write_text('[{"image_id": 1, "bbox": [0, 0, 1, 1]}]')
    odd = tmp_path / 'odd.json'
    odd.write_text('[{"image_id": [], "segmentation": [[0, 0, 9, 0, 9, 9]]}]')
    new = tmp_path / 'new.json'
    for argv, message in [
        ([tmp_path / 'gone.json', '-o', new], 'no such file'),
        ([broken, '-o', new], 'not valid json'),
        ([other, '-o', new], 'neither COCO results'),
        ([source, '-o', new], '--img-dir'),
        ([boxes, '-o', new], 'segm.json'),
        ([odd, '-o', new, '--img-dir', scenes], 'invalid image_id: a list'),
        ([source, '-o', new, '--report', source], 'is an input'),
        ([source, '-o', new, '--report', new], '--report'),
        ([source, '-o', source, '--img-dir', scenes], 'is an input'),
        ([source, '-o', out, '--img-dir', scenes], '--overwrite'),
        ([source, '-o', new, '--img-dir', 'gone'], 'no such folder: gone'),
        ([tmp_path / 'img', '-o', new], 'no such file'),
    ]:
        assert cli.main(['coco', *map(str, argv)]) == 2
        assert message in capsys.readouterr().err
    assert out.read_text() == 'precious'
    assert not new.exists()


def write_annotations(path, scenes, *changes):
    """An annotation of the first image per change, polygons but for them."""
    content = read(scenes / 'coco.json')
    [coarse] = [
        result['segmentation']
        for result in read(scenes / 'results.json')
        if result['image_id'] == 0
    ]
    base = dict(image_id=0, category_id=1, segmentation=outlines_of(coarse))
    content['annotations'] = [
        {**base, 'id': number, **change}
        for number, change in enumerate(changes, 1)
    ]
    path.write_text(json.dumps(content))
    return coarse


def test_forms_of_masks_come_back_as_they_came(scenes, tmp_path, capsys):
    source, out = tmp_path / 'ann.json', tmp_path / 'out.json'
    coarse = write_annotations(source, scenes)
    runs, _ = decode_runs([coarse])
    listed = dict(size=coarse['size'], counts=runs.tolist())
    [flat] = outlines_of(coarse)
    write_annotations(
        source,
        scenes,
        dict(segmentation=listed, iscrowd='0'),
        dict(segmentation=[coarse]),
        dict(segmentation=flat),
        dict(segmentation=[[3.0, 3.0], flat]),
    )
    assert run(scenes, source, out) == 0
    masks = [a['segmentation'] for a in read(out)['annotations']]
    assert isinstance(masks[0]['counts'], list)
    assert isinstance(masks[1][0]['counts'], str)
    assert isinstance(masks[2][0], float)
    assert [type(part) for part in masks[3]] == [list]
    assert len(masks[3][0]) > 6
    streams = capsys.readouterr()
    assert '4 refined' in streams.out
    assert f'note: {source}: annotation 4 of image 0: 1 of 2' in streams.err
    exact = decode_mask(masks[0])
    np.testing.assert_array_equal(exact, decode_mask(masks[1]))
    for mask in masks[2:]:
        assert iou(decode_mask(mask, SIZE) > 0, exact > 0) > 0.95


def test_boxes_alone_are_no_mistake(scenes, tmp_path, capsys):
    source, out = tmp_path / 'ann.json', tmp_path / 'out.json'
    boxes = [dict(segmentation=none) for none in ([], [[]], None)]
    write_annotations(source, scenes, *boxes, {})
    assert run(scenes, source, out) == 0
    assert '1 refined, left unchanged: 3 no mask' in capsys.readouterr().out
    assert read(out)['annotations'][:3] == read(source)['annotations'][:3]
    write_annotations(source, scenes, *boxes)
    assert run(scenes, source, out, '--overwrite') == 0
    assert 'no masks' in capsys.readouterr().out
    assert read(out) == read(source)


def test_a_mistake_names_file_annotation_and_image(scenes, tmp_path, capsys):
    source, out = tmp_path / 'ann.json', tmp_path / 'out.json'
    pairs = [[1, 2], [30, 2], [30, 40]]
    write_annotations(source, scenes, {}, dict(id='x', segmentation=pairs))
    assert run(scenes, source, out) == 1
    error = capsys.readouterr().err
    assert f"{source}: annotation 'x' of image 0: its points are" in error
    write_annotations(source, scenes, dict(image_id='0'))
    assert run(scenes, source, out, '--overwrite') == 2
    error = capsys.readouterr().err
    assert 'here the id is a text' in error
    results = tmp_path / 'results.json'
    results.write_text(
        json.dumps([dict(image_id=77, segmentation=[[0, 0, 9, 0, 9, 9]])])
    )
    assert run(scenes, results, out, '--overwrite') == 2
    assert '000000000077.jpg' in (error := capsys.readouterr().err)
    assert 'without --ann' in error


def test_boxes_change_on_request_alone(scenes, tmp_path):
    source, out = tmp_path / 'ann.json', tmp_path / 'out.json'
    old = dict(bbox=[1, 2, 3, 4], area=5.0)
    write_annotations(source, scenes, old, {}, dict(old, segmentation=[]))
    assert run(scenes, source, out) == 0
    assert read(out)['annotations'][0].items() >= old.items()
    options = ['--overwrite', '--update-boxes', '--segmentation', 'rle']
    assert run(scenes, source, out, *options) == 0
    first, second, box = read(out)['annotations']
    mask = decode_mask(first['segmentation'])
    y, x = np.nonzero(mask)
    size = [np.ptp(x) + 1, np.ptp(y) + 1]
    assert first['bbox'] == [x.min(), y.min(), *size]
    assert first['area'] == mask.sum()
    assert isinstance(first['area'], float)
    assert not second.keys() & old.keys()
    assert box.items() >= old.items()


def test_a_fault_of_the_annotations_names_them(scenes, tmp_path, capsys):
    """The results are not at fault, though it is theirs that fail."""
    content = read(scenes / 'coco.json')
    content['images'][1]['height'] = '\x00'
    ann, out = tmp_path / 'ann.json', tmp_path / 'out.json'
    ann.write_text(json.dumps(content))
    assert run(scenes, scenes / 'results.json', out, '--ann', ann) == 1
    errors = capsys.readouterr().err
    assert 'results.json: result 1 of image 1: ' in errors
    assert f'{ann}: image 1: its height is' in errors
