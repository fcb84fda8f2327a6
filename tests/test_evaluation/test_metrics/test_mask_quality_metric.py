"""Squares whose IoU is known by hand."""

import json
import sys

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import MaskQualityMetric
from segrefiner_mm.structures import RefineDataSample
from tests.helpers import GOLDEN

DRAWN = GOLDEN / 'synthetic_metrics'


def square(shift):
    mask = torch.zeros(1, 40, 60, dtype=torch.bool)
    mask[:, 10:30, 10 + shift : 30 + shift] = True
    return mask


def sample(coarse, refined):
    sample = RefineDataSample()
    for name, shifts in (('gt', 0 * coarse), ('coarse', coarse)):
        masks = torch.cat([square(int(s)) for s in shifts])
        setattr(sample, f'{name}_instances', InstanceData(masks=masks))
    masks = torch.cat([square(int(s)) for s in refined])
    sample.pred_instances = InstanceData(masks=masks)
    return sample


def test_coarse_and_refined_side_by_side():
    """A shift of 10 of 20 pixels is an IoU of 1/3, one of 5 is 15/25."""
    evaluator = Evaluator(MaskQualityMetric())
    evaluator.process(
        [
            sample(torch.tensor([10, 5]), torch.tensor([5, 0])),
            sample(torch.tensor([0]), torch.tensor([10])),
        ]
    )
    figures = evaluator.evaluate(2)
    assert figures['refine/coarse_iou'] == pytest.approx((1 / 3 + 0.6 + 1) / 3)
    assert figures['refine/iou'] == pytest.approx((0.6 + 1 + 1 / 3) / 3)
    assert figures['refine/harmed'] == pytest.approx(1 / 3)
    assert figures['refine/changed'] == 1
    assert set(figures) == {
        f'refine/{name}'
        for quality in ('iou', 'set_iou', 'boundary_iou', 'mba', 'boundary_f')
        for name in (quality, f'coarse_{quality}')
    } | {'refine/harmed', 'refine/changed'}


def test_the_measures_of_dis5k():
    """A square that is perfect, and one of which a half is missing."""
    pytest.importorskip('py_sod_metrics')
    evaluator = Evaluator(MaskQualityMetric(dis=True))
    evaluator.process([sample(torch.tensor([10]), torch.tensor([0]))])
    figures = evaluator.evaluate(1)
    assert (figures['refine/mae'], figures['refine/hce']) == (0, 0)
    assert figures['refine/coarse_mae'] == pytest.approx(400 / 2400)
    for name in ('max_f', 'weighted_f', 's_measure', 'e_measure'):
        low, high = (figures[f'refine/{p}{name}'] for p in ('coarse_', ''))
        assert low < high


def test_pysodmetrics_is_asked_for_at_once(monkeypatch):
    monkeypatch.setitem(sys.modules, 'py_sod_metrics', None)
    with pytest.raises(InputError, match=r'segrefiner_mm\[eval\]'):
        MaskQualityMetric(dis=True)


def test_images_without_masks():
    sample = RefineDataSample()
    for name in ('gt', 'coarse', 'pred'):
        masks = torch.zeros(0, 8, 8, dtype=torch.bool)
        setattr(sample, f'{name}_instances', InstanceData(masks=masks))
    metric = MaskQualityMetric()
    metric.process({}, [sample.to_dict()])
    assert metric.evaluate(1) == {}


def test_the_set_of_the_official_script():
    """`synthetic_metrics`: its IoU is over the set, its mBA a mean."""
    expected = json.loads((DRAWN / 'expected.json').read_text())['mba']
    samples = []
    with np.load(DRAWN / 'mba_pairs.npz') as pairs:
        for gt, coarse in zip(pairs['gt'], pairs['coarse'], strict=True):
            one = RefineDataSample()
            for name, mask in (
                ('gt', gt),
                ('coarse', coarse),
                ('pred', coarse),
            ):
                masks = torch.from_numpy(mask > 0)[None]
                setattr(one, f'{name}_instances', InstanceData(masks=masks))
            samples.append(one)
    evaluator = Evaluator(MaskQualityMetric())
    evaluator.process(samples)
    figures = evaluator.evaluate(len(samples))
    for prefix in ('', 'coarse_'):
        found = figures[f'refine/{prefix}set_iou']
        assert found == pytest.approx(expected['set_iou'], abs=1e-6)
        found = figures[f'refine/{prefix}mba']
        assert found == pytest.approx(expected['mba'], abs=1e-6)


def test_mistakes_are_named():
    one = sample(torch.tensor([1]), torch.tensor([0]))
    for change, message in (
        (InstanceData(masks=torch.zeros(1, 9, 9)), 'image None: .*9 x 9'),
        (InstanceData(masks=torch.zeros(2, 40, 60)), '1, 1, 2'),
        (InstanceData(), 'pred_instances has no masks'),
    ):
        one.pred_instances = change
        with pytest.raises(InputError, match=message):
            MaskQualityMetric().process({}, [one.to_dict()])
