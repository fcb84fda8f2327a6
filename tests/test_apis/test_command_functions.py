"""Files drawn here; that all weights do the same is tested elsewhere."""

import json

import cv2
import numpy as np
import pytest

from segrefiner_mm.apis import (
    EvaluateOptions,
    LabelOptions,
    MaskOptions,
    PredictionOptions,
    RefinerOptions,
    evaluate,
    refine_folder,
    refine_labels,
    refine_predictions,
)
from segrefiner_mm.errors import InputError
from tests.helpers import blocky, draw_object, iou

CPU = RefinerOptions(device='cpu', steps=1)


@pytest.fixture
def data(tmp_path):
    """Two images with true and blocky masks, one mask without an image."""
    for name in ('images', 'true', 'coarse'):
        (tmp_path / name).mkdir()
    for seed, name in enumerate('ab'):
        image, mask = draw_object(np.random.default_rng(seed))
        cv2.imwrite(str(tmp_path / 'images' / f'{name}.png'), image)
        cv2.imwrite(str(tmp_path / 'true' / f'{name}.png'), mask * 255)
        coarse = blocky(mask).astype(np.uint8) * 255
        cv2.imwrite(str(tmp_path / 'coarse' / f'{name}.png'), coarse)
    return tmp_path


def test_a_folder_is_refined_and_evaluated(data, capsys):
    coarse = cv2.imread(str(data / 'coarse' / 'a.png'), 0)
    cv2.imwrite(str(data / 'coarse' / 'lonely.png'), coarse)
    out = data / 'out'
    summary = refine_folder(data / 'images', data / 'coarse', out, refiner=CPU)
    assert (summary.done, summary.failed) == (2, 1)
    [problem] = summary.problems
    assert 'lonely.png' in problem
    assert '2 refined' in summary.text
    assert capsys.readouterr() == ('', '')  # nothing is printed unasked

    again = refine_folder(str(data / 'images'), data / 'coarse', out)
    # Other settings, so nothing of it was done before.
    assert again.done == 2
    assert 'done before' not in again.text
    (data / 'coarse' / 'lonely.png').unlink()
    found = evaluate(data / 'true', data / 'coarse', out)
    [(before, after)] = found.rows.values()
    assert after['iou'] > before['iou']
    assert found.failed == 0


def test_label_maps_are_refined(data):
    options = LabelOptions(ignore=(0,), overlay=True)
    for path in (data / 'coarse').iterdir():
        labels = (cv2.imread(str(path), 0) > 0).astype(np.uint8) * 7
        cv2.imwrite(str(path), labels)
    out = data / 'out'
    summary = refine_labels(
        data / 'images', data / 'coarse', out, options, CPU
    )
    assert (summary.done, summary.failed) == (2, 0)
    assert (out / 'overlays' / 'a.jpg').is_file()
    refined = cv2.imread(str(out / 'a.png'), 0)
    assert set(np.unique(refined)) == {0, 7}


def test_a_pair_is_refined(data):
    options = MaskOptions(overlay=True)
    files = [data / 'images' / 'a.png', data / 'coarse' / 'a.png']
    out = data / 'one.png'
    summary = refine_folder(*files, out, options, CPU)
    assert summary.text.startswith(f'{out}: refined')
    assert (data / 'one_overlay.jpg').is_file()
    true = cv2.imread(str(data / 'true' / 'a.png'), 0) > 0
    coarse, refined = (cv2.imread(str(p), 0) > 0 for p in (files[1], out))
    assert iou(refined, true) > iou(coarse, true)


def test_predictions_are_refined(data):
    true = cv2.imread(str(data / 'true' / 'a.png'), 0)
    height, width = true.shape
    square = [40.0, 40.0, 90.0, 40.0, 90.0, 90.0, 40.0, 90.0]
    content = dict(
        images=[dict(id=1, file_name='a.png', height=height, width=width)],
        categories=[dict(id=1, name='thing')],
        annotations=[
            dict(
                id=3,
                image_id=1,
                category_id=1,
                segmentation=[square],
                bbox=[40, 40, 50, 50],
                area=2500,
                iscrowd=0,
            )
        ],
    )
    source, out = data / 'given.json', data / 'new.json'
    source.write_text(json.dumps(content))
    options = PredictionOptions(img_dir=data / 'images', segmentation='rle')
    summary = refine_predictions(source, out, options, CPU)
    assert (summary.done, summary.failed) == (1, 0)
    [row] = summary.rows
    assert '3' in row.mask
    [written] = json.loads(out.read_text())['annotations']
    assert written['segmentation']['size'] == [height, width]


def test_mistakes_are_named(data):
    with pytest.raises(InputError, match='no such file'):
        refine_folder(data / 'gone', data / 'coarse', data / 'out')
    options = EvaluateOptions(classwise=True)
    with pytest.raises(InputError, match='--classwise'):
        evaluate(data / 'true', data / 'coarse', options=options)
    with pytest.raises(InputError, match='--img-dir'):
        refine_predictions(_empty(data), data / 'out.json')


def _empty(folder):
    """Annotations with one mask, and no folder of images given."""
    path = folder / 'given.json'
    rle = dict(size=[4, 4], counts=[0, 4, 12])
    content = dict(
        images=[dict(id=1, file_name='a.png', height=4, width=4)],
        categories=[],
        annotations=[dict(id=1, image_id=1, category_id=1, segmentation=rle)],
    )
    path.write_text(json.dumps(content))
    return path
