"""``sv.Detections`` of supervision itself."""

import numpy as np
import pytest

from segrefiner_mm import refine
from segrefiner_mm.errors import InputError
from tests.test_integrations.test_results.conftest import OPTIONS

sv = pytest.importorskip('supervision')

BOXES = [[15.0, 45.0, 85.0, 115.0], [120.0, 50.0, 180.0, 110.0]]


def detections(masks):
    return sv.Detections(
        xyxy=np.array(BOXES),
        mask=masks,
        confidence=np.array([0.9, 0.8]),
        class_id=np.array([1, 2]),
        data=dict(class_name=np.array(['cat', 'dog'])),
    )


def assert_alike(new, old):
    for field in ('xyxy', 'confidence', 'class_id'):
        np.testing.assert_array_equal(getattr(new, field), getattr(old, field))
    assert new.data['class_name'].tolist() == ['cat', 'dog']
    assert new.tracker_id is None


def test_supervision(two_objects):
    old = detections(two_objects.coarse)
    new = refine(two_objects.image, old, **OPTIONS)
    assert isinstance(new, sv.Detections)
    np.testing.assert_array_equal(new.mask, two_objects.refined)
    np.testing.assert_array_equal(old.mask, two_objects.coarse)
    assert_alike(new, old)


def test_compact_masks_of_supervision(two_objects):
    """Also where a refined mask leaves the box of the detector."""
    compact = pytest.importorskip('supervision.detection.compact_mask')
    boxes = sv.mask_to_xyxy(two_objects.coarse)
    masks = compact.CompactMask.from_dense(
        two_objects.coarse, boxes, (160, 200)
    )
    old = detections(masks)
    new = refine(two_objects.image, old, **OPTIONS)
    assert isinstance(new.mask, compact.CompactMask)
    dense = new.mask.to_dense()
    np.testing.assert_array_equal(dense, two_objects.refined)
    assert_alike(new, old)
    assert (sv.mask_to_xyxy(dense) != boxes).any()


def test_supervision_without_masks(two_objects):
    with pytest.raises(InputError, match='no masks'):
        refine(two_objects.image, detections(None), **OPTIONS)
    none = refine(two_objects.image, sv.Detections.empty(), **OPTIONS)
    assert len(none) == 0
