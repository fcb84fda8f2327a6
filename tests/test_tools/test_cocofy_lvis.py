"""A drawn LVIS file of two images, of which COCO has one."""

import json
import subprocess
import sys

import pytest

from segrefiner_mm.evaluation import evaluate_lvis
from tests.helpers import ROOT

TOOL = ROOT / 'tools' / 'dataset_tools' / 'cocofy_lvis.py'
SQUARE = [[5, 5, 25, 5, 25, 25, 5, 25]]


def annotation(ident, image, category):
    return dict(
        id=ident,
        image_id=image,
        category_id=category,
        area=400,
        bbox=[5, 5, 20, 20],
        segmentation=SQUARE,
    )


@pytest.fixture
def files(tmp_path):
    lvis = dict(
        images=[
            dict(
                id=image,
                height=40,
                width=60,
                coco_url=f'http://coco/val2017/{image:012d}.jpg',
                neg_category_ids=[30, 20],
                not_exhaustive_category_ids=[10],
            )
            for image in (1, 2)
        ],
        categories=[
            dict(
                id=10, name='bus_(vehicle)', synset='bus.n.01', frequency='f'
            ),
            dict(id=20, name='cow', synset='beef.n.01', frequency='c'),
            dict(id=30, name='bubble_gum', synset='bubble_gum.n.01'),
        ],
        annotations=[
            annotation(7, 1, 10),
            annotation(8, 1, 30),
            annotation(9, 2, 10),
        ],
    )
    coco = dict(
        images=[dict(id=1, file_name='000000000001.jpg')],
        categories=[dict(id=6, name='bus'), dict(id=21, name='cow')],
        annotations=[],
    )
    paths = tmp_path / 'lvis.json', tmp_path / 'coco.json'
    for path, content in zip(paths, (lvis, coco), strict=True):
        path.write_text(json.dumps(content))
    return [*paths, tmp_path / 'out.json']


def run(*arguments):
    return subprocess.run(
        [sys.executable, TOOL, *map(str, arguments)],
        env=dict(PYTHONPATH=str(ROOT), PATH=''),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_what_coco_knows_is_kept(files):
    done = run(*files)
    assert done.returncode == 0, done.stderr
    assert '1 images, 2 categories, 1 annotations' in done.stdout
    content = json.loads(files[2].read_text())
    assert [(c['id'], c['name']) for c in content['categories']] == [
        (6, 'bus'),
        (21, 'cow'),
    ]
    (found,) = content['annotations']
    assert found == dict(annotation(7, 1, 10), category_id=6)
    (image,) = content['images']
    assert image['file_name'] == '000000000001.jpg'
    assert image['neg_category_ids'] == [21]
    assert image['not_exhaustive_category_ids'] == [6]
    # It is what the evaluators take.
    result = dict(
        image_id=1,
        category_id=6,
        score=1.0,
        segmentation=dict(size=[40, 60], counts=[205, 20] + 19 * [20, 20]),
    )
    result['segmentation']['counts'].append(
        2400 - sum(result['segmentation']['counts'])
    )
    figures = evaluate_lvis(files[2], [result])
    assert figures['segm']['AP'] == pytest.approx(1)


def test_mistakes_are_named(files):
    for arguments, message in [
        (['gone.json', files[1], files[2]], 'gone.json'),
        ([files[1], files[0], files[2]], 'must be of LVIS'),
    ]:
        done = run(*arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert 'Traceback' not in done.stderr
    assert not files[2].exists()
