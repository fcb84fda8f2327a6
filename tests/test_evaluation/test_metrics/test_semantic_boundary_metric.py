"""Label maps against the plain functions, and by hand."""

import math

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement, PixelData

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import SemanticBoundaryMetric

CLASSES = ('sky', 'road', 'ship')


def sample(**columns):
    """Road from a column on, in a picture of 20 x 30."""
    found = BaseDataElement(metainfo=dict(img_path='a.png'))
    for name, column in columns.items():
        labels = torch.zeros(1, 20, 30, dtype=torch.long)
        labels[..., column:] = 1
        setattr(found, f'{name}_sem_seg', PixelData(data=labels))
    return found


def evaluate(samples, **options):
    evaluator = Evaluator(SemanticBoundaryMetric(**options))
    evaluator.dataset_meta = dict(classes=CLASSES)
    evaluator.process(samples)
    return evaluator.evaluate(len(samples))


def test_coarse_and_refined_by_hand():
    """Road from column 10, found from 12 and from 10; then from 15 twice."""
    figures = evaluate(
        [sample(gt=10, coarse=12, pred=10), sample(gt=15, coarse=15, pred=15)],
        classwise=True,
    )
    assert figures['semantic/IoU/road'] == 1
    assert figures['semantic/coarse_IoU/sky'] == pytest.approx(25 / 27)
    assert figures['semantic/coarse_IoU/road'] == pytest.approx(33 / 35)
    assert math.isnan(figures['semantic/IoU/ship'])
    mean = (25 / 27 + 33 / 35) / 2
    assert figures['semantic/coarse_mIoU'] == pytest.approx(mean)
    assert figures['semantic/boundary_mIoU'] == 1
    assert 0 < figures['semantic/coarse_boundary_mIoU'] < mean


def test_only_what_is_there():
    figures = evaluate([sample(gt=10, pred=10)])
    assert figures == {'semantic/mIoU': 1, 'semantic/boundary_mIoU': 1}


def test_mistakes_are_named():
    wrong = sample(gt=10, pred=10)
    wrong.pred_sem_seg = PixelData(data=torch.zeros(1, 9, 9).long())
    with pytest.raises(InputError, match=r'a\.png.*\(20, 30\) and \(9, 9\)'):
        evaluate([wrong])
    with pytest.raises(InputError, match='no classes'):
        SemanticBoundaryMetric().process({}, [sample(gt=1, pred=1).to_dict()])
