"""Sets of masks against pysodmetrics over the whole set."""

import cv2
import numpy as np
import pytest

sod = pytest.importorskip('py_sod_metrics')

from segrefiner_mm.evaluation.functional import (  # noqa: E402
    average_dichotomous,
    dichotomous_quality,
)


def masks(radii):
    found = []
    for radius in radii:
        mask = np.zeros((120, 160), np.uint8)
        cv2.circle(mask, (80, 60), radius, 1, -1)
        cv2.line(mask, (80, 60), (150, 10 + radius), 1, 3)
        found.append(mask > 0)
    return found


GT, PRED = masks([30, 40, 20]), masks([27, 44, 20])


def test_as_pysodmetrics_counts_a_set():
    measures = dict(
        wfm=sod.WeightedFmeasure(),
        mae=sod.MAE(),
        sm=sod.Smeasure(),
        hce=sod.HumanCorrectionEffortMeasure(),
        fm=sod.FmeasureV2(
            dict(
                fm=sod.FmeasureHandler(with_dynamic=True, with_adaptive=False)
            )
        ),
        em=sod.Emeasure(),
    )
    for gt, pred in zip(GT, PRED, strict=True):
        for measure in measures.values():
            # Grey pictures, which it normalises itself.
            measure.step(
                pred.astype(np.uint8) * 255, gt.astype(np.uint8) * 255
            )
    found = {name: m.get_results()[name] for name, m in measures.items()}
    rows = [dichotomous_quality(*pair) for pair in zip(GT, PRED, strict=True)]
    assert average_dichotomous(np.array(rows)) == pytest.approx(
        dict(
            max_f=found['fm']['dynamic'].max(),
            weighted_f=found['wfm'],
            mae=found['mae'],
            s_measure=found['sm'],
            e_measure=found['em']['curve'].mean(),
            hce=found['hce'],
        )
    )


def test_a_perfect_mask():
    figures = average_dichotomous(dichotomous_quality(GT[0], GT[0])[None])
    assert (figures['mae'], figures['hce']) == (0, 0)
    for name in ('max_f', 'weighted_f', 's_measure'):
        assert figures[name] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize('gt', [np.zeros((40, 50), bool), GT[0][:40, :50]])
@pytest.mark.parametrize('value', [False, True])
def test_empty_and_full(gt, value):
    row = dichotomous_quality(gt, np.full_like(gt, value))
    assert np.isfinite(row).all()
    mae = average_dichotomous(row[None])['mae']
    assert mae == pytest.approx(np.mean(gt != value))
