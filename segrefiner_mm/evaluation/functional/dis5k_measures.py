"""The measures of DIS5K (arXiv 2203.03041), computed by pysodmetrics."""

from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError

BoolMask = npt.NDArray[np.bool_]

SINGLE = ('weighted_f', 'mae', 's_measure', 'hce')
CURVES = ('f', 'e')  # over 256 thresholds


def measures_of_dis() -> Any:
    """Import the package that computes the measures.

    Returns:
        module: ``py_sod_metrics``.

    Raises:
        InputError: If the package is not installed.
    """
    try:
        import py_sod_metrics
    except ImportError:
        raise InputError(
            'the measures of DIS5K need pysodmetrics: '
            "pip install 'segrefiner_mm[eval]'"
        ) from None
    return py_sod_metrics


def dichotomous_quality(gt: BoolMask, pred: BoolMask) -> npt.NDArray[Any]:
    """Measure one mask as the benchmarks of DIS5K do.

    Args:
        gt (np.ndarray): True mask, (H, W) bool.
        pred (np.ndarray): Predicted mask, (H, W) bool.

    Returns:
        np.ndarray: (516,) float64, for :func:`average_dichotomous`: one value
        for each measure of ``SINGLE``, then 256 for each of ``CURVES``.

    Raises:
        InputError: If pysodmetrics is not installed.
    """
    sod = measures_of_dis()
    measures = dict(
        wfm=sod.WeightedFmeasure(),
        mae=sod.MAE(),
        sm=sod.Smeasure(),
        # It would stretch a soft mask before its threshold. Ours has two
        # values, for which it agrees with the official script.
        hce=sod.HumanCorrectionEffortMeasure(),
        fm=sod.FmeasureV2(
            dict(
                fm=sod.FmeasureHandler(
                    with_dynamic=True, with_adaptive=False, beta=0.3
                )
            )
        ),
        em=sod.Emeasure(),
    )
    parts = []
    for name, measure in measures.items():
        measure.step(pred.astype(np.float64), gt.astype(bool), normalize=False)
        value = measure.get_results()[name]
        if isinstance(value, dict):
            value = value['dynamic' if name == 'fm' else 'curve']
        parts.append(value)
    return np.hstack(parts).astype(np.float64)


def average_dichotomous(rows: npt.NDArray[Any]) -> dict[str, float]:
    """Compute the figures of a set of masks.

    Args:
        rows (np.ndarray): (N, 516), N results of :func:`dichotomous_quality`,
            1 or more.

    Returns:
        dict[str, float]: ``max_f`` (maximum of the mean curve),
        ``weighted_f``, ``s_measure``, ``mae`` and ``e_measure`` (mean of the
        mean curve), 0 to 1; and ``hce``, the mean number of clicks that a
        person would need to correct a mask.
    """
    means = rows.mean(axis=0)
    figures = dict(zip(SINGLE, means[: len(SINGLE)].tolist(), strict=True))
    f_curve, e_curve = np.split(means[len(SINGLE) :], len(CURVES))
    return dict(
        max_f=float(f_curve.max()), e_measure=float(e_curve.mean()), **figures
    )
