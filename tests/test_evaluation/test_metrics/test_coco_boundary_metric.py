"""The metric against the plain functions that it stands on."""

import copy
import json

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import (
    CocoBoundaryMetric,
    LVISBoundaryMetric,
    evaluate_coco,
    evaluate_lvis,
)
from segrefiner_mm.io.rle import decode_mask
from segrefiner_mm.structures import RefineDataSample
from tests.helpers import GOLDEN

GT = GOLDEN / 'synthetic_metrics' / 'gt.json'
DT = GOLDEN / 'synthetic_metrics' / 'dt.json'


def instances(results, labels):
    masks = [decode_mask(r['segmentation']) for r in results]
    masks = [torch.from_numpy(mask) > 0 for mask in masks]
    return InstanceData(
        masks=torch.stack(masks) if masks else torch.zeros(0, 9, 9).bool(),
        scores=torch.tensor([r['score'] for r in results]).double(),
        labels=torch.tensor([labels[r['category_id']] for r in results]),
    )


@pytest.fixture
def samples():
    """The drawn results, image by image."""
    gt, dt = (json.loads(file.read_text()) for file in (GT, DT))
    ids = sorted(category['id'] for category in gt['categories'])
    labels = {category: label for label, category in enumerate(ids)}
    found = []
    for image in gt['images']:
        own = [r for r in dt if r['image_id'] == image['id']]
        sample = RefineDataSample(metainfo=dict(img_id=image['id']))
        sample.pred_instances = instances(own, labels)
        found.append(sample)
    return found


def evaluate(metric, samples):
    evaluator = Evaluator(metric)
    evaluator.process(samples)
    return evaluator.evaluate(len(samples))


@pytest.mark.parametrize(
    ('metric', 'function', 'prefix'),
    [
        (CocoBoundaryMetric, evaluate_coco, 'coco'),
        (LVISBoundaryMetric, evaluate_lvis, 'lvis'),
    ],
)
def test_the_figures_are_those_of_the_files(
    samples, tmp_path, metric, function, prefix
):
    content = json.loads(GT.read_text())
    for part in content['images']:
        part.update(neg_category_ids=[], not_exhaustive_category_ids=[])
    for category in content['categories']:
        category['frequency'] = 'f'
    file = tmp_path / 'gt.json'
    file.write_text(json.dumps(content))
    figures = evaluate(metric(str(file)), samples)
    results = json.loads(DT.read_text())
    for result in results:
        result.pop('bbox')  # it would decide on the size, not the mask
    expected = function(file, results)
    assert figures == {
        f'{prefix}/{kind}_{name}': pytest.approx(value, abs=1e-6)
        for kind, numbers in expected.items()
        for name, value in numbers.items()
    }


def test_coarse_and_refined_in_one_pass(samples, tmp_path):
    """The refiner leaves scores and labels with what it was given."""
    for sample in samples:
        sample.coarse_instances = copy.deepcopy(sample.pred_instances)
        masks = sample.pred_instances.masks
        sample.pred_instances = InstanceData(masks=torch.zeros_like(masks))
    prefix = tmp_path / 'out'
    metric = CocoBoundaryMetric(str(GT), outfile_prefix=str(prefix))
    figures = evaluate(metric, samples)
    alone = evaluate_coco(GT, DT)['boundary']['AP']
    assert figures['coco/coarse_boundary_AP'] == pytest.approx(alone)
    assert figures['coco/boundary_AP'] == 0
    coarse = json.loads((tmp_path / 'out.coarse_segm.json').read_text())
    assert evaluate_coco(GT, coarse)['boundary']['AP'] == pytest.approx(alone)


def test_coarse_masks_alone(samples):
    """As a data set gives them, before any model; not of some images."""
    expected = evaluate(CocoBoundaryMetric(str(GT)), samples)
    for sample in samples:
        sample.coarse_instances = sample.pred_instances
        del sample.pred_instances
    figures = evaluate(CocoBoundaryMetric(str(GT)), samples)
    assert figures == {
        name.replace('coco/', 'coco/coarse_'): value
        for name, value in expected.items()
    }
    samples[0].pred_instances = samples[0].coarse_instances
    with pytest.raises(InputError, match=r'1 of .* pred predictions'):
        evaluate(CocoBoundaryMetric(str(GT)), samples)
    for name in ('scores', 'labels'):
        lacking = copy.deepcopy(samples[1])
        delattr(lacking.coarse_instances, name)
        with pytest.raises(InputError, match=f'no {name}'):
            evaluate(CocoBoundaryMetric(str(GT)), [lacking])
    del samples[0].pred_instances, samples[0].coarse_instances
    with pytest.raises(InputError, match='no predictions'):
        evaluate(CocoBoundaryMetric(str(GT)), samples)


def test_every_class(samples):
    figures = evaluate(CocoBoundaryMetric(str(GT), classwise=True), samples)
    names = [c['name'] for c in json.loads(GT.read_text())['categories']]
    for kind in ('segm', 'boundary'):
        own = [figures[f'coco/{kind}_AP/{name}'] for name in names]
        known = [value for value in own if value >= 0]
        mean = sum(known) / len(known)
        assert figures[f'coco/{kind}_AP'] == pytest.approx(mean)


def test_classes_by_name(samples):
    names = [c['name'] for c in json.loads(GT.read_text())['categories']]
    turned = {label: len(names) - 1 - label for label in range(len(names))}
    for sample in samples:
        labels = sample.pred_instances.labels.tolist()
        sample.pred_instances.labels = torch.tensor(
            [turned[label] for label in labels], dtype=torch.long
        )
    metric = CocoBoundaryMetric(str(GT), classes=names[::-1])
    expected = evaluate_coco(GT, DT)['segm']['AP']
    found = evaluate(metric, samples)['coco/segm_AP']
    assert found == pytest.approx(expected)


def test_classes_that_are_not_annotated_do_not_count(samples):
    """As mmdet's 80 classes before annotations of fewer."""
    names = [c['name'] for c in json.loads(GT.read_text())['categories']]
    expected = evaluate_coco(GT, DT)['segm']['AP']
    metric = CocoBoundaryMetric(str(GT))
    metric.dataset_meta = dict(classes=['hot dog', *names])
    for sample in samples:
        sample.pred_instances.labels += 1
    strange = samples[0].pred_instances[:1]
    strange.labels = torch.zeros_like(strange.labels)
    samples[0].pred_instances = InstanceData.cat(
        [samples[0].pred_instances, strange]
    )
    metric.process({}, [sample.to_dict() for sample in samples])
    figures = metric.evaluate(len(samples))
    assert figures['coco/segm_AP'] == pytest.approx(expected)


def test_mistakes_are_named(samples, tmp_path):
    with pytest.raises(InputError, match='no categories hot dog'):
        evaluate(CocoBoundaryMetric(str(GT), classes=['hot dog']), samples)
    file = tmp_path / 'none.json'
    file.write_text('[1]')
    with pytest.raises(InputError, match=r'none\.json'):
        CocoBoundaryMetric(str(file))
    samples[0].coarse_instances = samples[0].pred_instances
    with pytest.raises(InputError, match=r'1 of .* coarse predictions'):
        evaluate(CocoBoundaryMetric(str(GT)), samples)
    del samples[0].coarse_instances
    samples[0].pred_instances.labels[:] = 99
    with pytest.raises(InputError, match='classes, but label 99'):
        evaluate(CocoBoundaryMetric(str(GT)), samples)
    del samples[0].pred_instances.masks
    with pytest.raises(InputError, match='no masks'):
        evaluate(CocoBoundaryMetric(str(GT)), samples)


def test_masks_as_mmdet_encodes_them(samples, tmp_path):
    """Run lengths in bytes, which json does not take."""
    expected = evaluate(CocoBoundaryMetric(str(GT)), samples)
    for sample in samples:
        found = sample.pred_instances
        masks = [coco_mask.encode(np.asfortranarray(m)) for m in found.masks]
        sample.pred_instances = InstanceData(
            scores=found.scores, labels=found.labels
        )
        sample.pred_instances.masks = masks
    prefix = str(tmp_path / 'out')
    metric = CocoBoundaryMetric(str(GT), outfile_prefix=prefix)
    assert evaluate(metric, samples) == expected


def test_categories_of_one_name(samples, tmp_path):
    """Labels are positions among all ids; a name that two share is refused."""
    content = json.loads(GT.read_text())
    for category in content['categories']:
        category['name'] = 'thing'
    file = tmp_path / 'gt.json'
    file.write_text(json.dumps(content))
    expected = evaluate(CocoBoundaryMetric(str(GT)), samples)
    assert evaluate(CocoBoundaryMetric(str(file)), samples) == expected
    named = CocoBoundaryMetric(str(file), classes=['thing'])
    with pytest.raises(InputError, match=r'several categories .* thing'):
        evaluate(named, samples)
