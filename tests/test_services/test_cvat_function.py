"""The function for CVAT, called as cvat-sdk's own driver calls functions."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

cvat = pytest.importorskip('cvat_sdk.auto_annotation')

from cvat_sdk.masks import decode_mask, encode_mask  # noqa: E402

from segrefiner_mm.errors import InputError  # noqa: E402
from segrefiner_mm.io.rle import encode_mask as encode_rle  # noqa: E402
from segrefiner_mm.services import cvat_function  # noqa: E402
from tests.helpers import iou  # noqa: E402

OPTIONS = dict(device='cpu', steps=1)


def context(name='a/frame.png', polygons=False):
    return SimpleNamespace(
        frame_name=name, conf_threshold=None, conv_mask_to_poly=polygons
    )


@pytest.fixture
def frame(scene):
    return Image.fromarray(scene[0][..., ::-1].copy())


@pytest.fixture
def exported(tmp_path, scene):
    """As CVAT exports COCO 1.0."""
    record = dict(image_id=1, category_id=3, iscrowd=1, area=1, bbox=[0] * 4)
    content = dict(
        images=[dict(id=1, file_name='frame.png', width=200, height=160)],
        categories=[
            dict(id=2, name='dog', supercategory=''),
            dict(id=3, name='cup', supercategory=''),
        ],
        annotations=[
            dict(record, id=1, segmentation=encode_rle(scene[2])),
            dict(record, id=2, segmentation=[]),
        ],
    )
    path = tmp_path / 'instances.json'
    path.write_text(json.dumps(content))
    return path


def masks_of(shapes):
    return [
        decode_mask(shape.points, image_width=200, image_height=160)
        for shape in shapes
    ]


def test_exported_masks_are_refined(exported, frame, scene):
    function = cvat_function.create(coarse=str(exported), **OPTIONS)
    assert isinstance(function.spec, cvat.DetectionFunctionSpec)
    assert [label.name for label in function.spec.labels] == ['dog', 'cup']
    [shape] = function.detect(context(), frame)
    assert (str(shape.type), shape.label_id) == ('mask', 1)
    [refined] = masks_of([shape])
    assert iou(refined, scene[1]) > iou(scene[2], scene[1]) + 0.05
    assert function.detect(context('other.png'), frame) == []


def test_polygons_on_request(exported, frame):
    function = cvat_function.create(coarse=str(exported), **OPTIONS)
    shapes = function.detect(context(polygons=True), frame)
    assert {str(shape.type) for shape in shapes} == {'polygon'}
    assert all(len(shape.points) >= 6 for shape in shapes)


def test_another_function_is_refined(frame, scene, monkeypatch):
    """Its masks and polygons; its boxes are left out."""
    square = [50.0, 35.0, 140.0, 35.0, 140.0, 125.0, 50.0, 125.0]

    def detect(_, image):
        assert image.size == (200, 160)
        return [
            cvat.mask(7, encode_mask(scene[2])),
            cvat.polygon(7, square),
            cvat.rectangle(7, [0, 0, 9, 9]),
        ]

    spec = cvat.DetectionFunctionSpec(labels=[cvat.label_spec('cup', 7)])
    inner = SimpleNamespace(spec=spec, detect=detect)
    monkeypatch.setattr(cvat_function, 'import_module', lambda _: inner)
    function = cvat_function.create(detector='inner', **OPTIONS)
    shapes = function.detect(context(), frame)
    assert [shape.label_id for shape in shapes] == [7, 7]
    for refined in masks_of(shapes):
        assert iou(refined, scene[1]) > 0.9


def test_empty_masks_are_no_shapes(exported, frame):
    content = json.loads(exported.read_text())
    empty = encode_rle(np.zeros((160, 200), bool))
    content['annotations'][0]['segmentation'] = empty
    exported.write_text(json.dumps(content))
    function = cvat_function.create(coarse=str(exported), **OPTIONS)
    assert function.detect(context(), frame) == []


def test_what_cannot_be_used(exported, frame, scene):
    with pytest.raises(InputError, match='give the masks to refine'):
        cvat_function.create()
    with pytest.raises(InputError, match='no_such_module cannot be imported'):
        cvat_function.create(detector='no_such_module')
    content = json.loads(exported.read_text())
    content['annotations'][0]['category_id'] = 9
    exported.write_text(json.dumps(content))
    with pytest.raises(InputError, match='not listed'):
        cvat_function.create(coarse=str(exported))
    content['annotations'][0].update(
        category_id=3, segmentation=encode_rle(scene[2][:50])
    )
    exported.write_text(json.dumps(content))
    function = cvat_function.create(coarse=str(exported), **OPTIONS)
    with pytest.raises(InputError, match='must be equal'):
        function.detect(context(), frame)
