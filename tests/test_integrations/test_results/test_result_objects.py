"""Result objects keep all but their masks, which are those of plain arrays.

The objects have the fields that the documentation of each library names.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from PIL import Image

from segrefiner_mm import refine
from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.outlines import outlines_of
from segrefiner_mm.io.rle import decode_mask, encode_mask
from tests.test_integrations.test_results.conftest import OPTIONS

BOXES = [[15.0, 45.0, 85.0, 115.0], [120.0, 50.0, 180.0, 110.0]]


def test_torchvision(two_objects):
    soft = torch.from_numpy(two_objects.coarse[:, None] * 0.9 + 0.05)
    output = dict(
        boxes=torch.tensor(BOXES),
        labels=torch.tensor([1, 18]),
        scores=torch.tensor([0.9, 0.8]),
        masks=soft.float(),
    )
    [new] = refine(two_objects.image, [output], **OPTIONS)
    assert new['masks'].dtype == torch.float32
    assert new['masks'].shape == soft.shape
    np.testing.assert_array_equal(new['masks'][:, 0], two_objects.refined)
    assert all(new[key] is output[key] for key in output if key != 'masks')


def sam_records(scene, encode):
    return [
        dict(
            segmentation=encode(mask),
            area=int(mask.sum()),
            bbox=box,
            predicted_iou=0.9,
            point_coords=[[50.0, 80.0]],
            stability_score=0.95,
            crop_box=[0, 0, 200, 160],
        )
        for mask, box in zip(scene.coarse, BOXES, strict=True)
    ]


def test_annotations_of_coco(two_objects):
    """Those of one image; polygons come back as polygons."""
    records = [
        dict(id=n, image_id=1, segmentation=outlines_of(encode_mask(mask), 0))
        for n, mask in enumerate(two_objects.coarse)
    ]
    new = refine(two_objects.image, records, **OPTIONS)
    for before, after, mask in zip(
        records, new, two_objects.refined, strict=True
    ):
        assert after['id'] == before['id']
        drawn = decode_mask(after['segmentation'], mask.shape) > 0
        assert np.count_nonzero(drawn != mask) < mask.sum() // 50


def uncompressed(mask):
    """SAM's ``mask_to_rle_pytorch``: runs as a list."""
    flat = np.concatenate([[0], mask.T.ravel(), [0]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(flat))
    runs = np.diff(np.concatenate([[0], edges, [mask.size]]))
    return dict(size=list(mask.shape), counts=runs.tolist())


@pytest.mark.parametrize('form', ['array', 'uncompressed', 'compressed'])
def test_segment_anything(two_objects, form):
    encode = dict(
        array=lambda mask: mask,
        uncompressed=uncompressed,
        compressed=encode_mask,
    )[form]
    records = sam_records(two_objects, encode)
    new = refine(two_objects.image, records, **OPTIONS)
    for before, after, mask in zip(
        records, new, two_objects.refined, strict=True
    ):
        expected = encode(mask)
        if form == 'array':
            np.testing.assert_array_equal(after['segmentation'], expected)
            assert after['segmentation'].dtype == bool
        else:
            assert after['segmentation'] == expected
        for part in (before, after):
            del part['segmentation']
        assert before == after


def test_pipeline_of_transformers(two_objects):
    records = [
        dict(
            score=0.9, label='cat', mask=Image.fromarray(mask * np.uint8(255))
        )
        for mask in two_objects.coarse
    ]
    new = refine(two_objects.image, records, **OPTIONS)
    for after, mask in zip(new, two_objects.refined, strict=True):
        assert (after['score'], after['label']) == (0.9, 'cat')
        assert after['mask'].mode == 'L'
        np.testing.assert_array_equal(np.asarray(after['mask']), mask * 255)


def segments(scene, segmentation):
    info = [dict(id=n, label_id=3, score=0.9) for n in (0, 1)]
    return dict(segmentation=segmentation, segments_info=info)


def test_instance_map_of_transformers(two_objects):
    """Mask2Former: float32, -1 where there is nothing."""
    ids = torch.zeros(160, 200) - 1
    for number, mask in enumerate(two_objects.coarse):
        ids[torch.from_numpy(mask)] = number
    given = segments(two_objects, ids)
    [new] = refine(two_objects.image, [given], **OPTIONS)
    assert new['segments_info'] == given['segments_info']
    assert new['segmentation'].dtype == ids.dtype
    assert set(new['segmentation'].unique().tolist()) == {-1, 0, 1}
    for number, mask in enumerate(two_objects.refined):
        own = new['segmentation'].numpy() == number
        union = np.count_nonzero(own | mask)
        assert np.count_nonzero(own & mask) / union > 0.97
    assert not torch.equal(new['segmentation'], ids)


def test_masks_of_transformers(two_objects):
    masks = torch.from_numpy(two_objects.coarse).float()
    given = [segments(two_objects, masks)]  # as post-processing returns it
    [new] = refine(two_objects.image, given, **OPTIONS)
    np.testing.assert_array_equal(new['segmentation'], two_objects.refined)
    none = segments(two_objects, None)
    assert refine(two_objects.image, none, **OPTIONS) == none


def test_runs_of_transformers_are_refused(two_objects):
    given = segments(two_objects, [[1, 5, 9, 2], [20, 4]])
    for one_or_list in (given, [given]):
        with pytest.raises(InputError, match='return_binary_maps=True'):
            refine(two_objects.image, one_or_list, **OPTIONS)


class Masks:
    """Ultralytics' ``Masks``: data, and the size of the image."""

    def __init__(self, masks, orig_shape):
        assert isinstance(masks, (torch.Tensor, np.ndarray))
        self.data = masks[None] if masks.ndim == 2 else masks
        self.orig_shape = orig_shape

    def __len__(self):
        return len(self.data)


def ultralytics_results(scene, data):
    return SimpleNamespace(
        orig_img=scene.image,
        orig_shape=(160, 200),
        boxes=torch.tensor(BOXES),
        masks=None if data is None else Masks(data, (160, 200)),
        probs=None,
        keypoints=None,
        names={0: 'person'},
        path='photo.jpg',
        speed={},
    )


def test_ultralytics_of_the_size_of_the_image(two_objects):
    """As with ``retina_masks=True``; a model returns a list."""
    data = torch.from_numpy(two_objects.coarse).float()
    given = ultralytics_results(two_objects, data)
    [new] = refine(two_objects.image, [given], **OPTIONS)
    assert isinstance(new.masks, Masks)
    assert new.masks.orig_shape == (160, 200)
    assert new.masks.data.dtype == torch.float32
    np.testing.assert_array_equal(new.masks.data, two_objects.refined)
    assert given.masks.data is data
    assert new.boxes is given.boxes


def test_ultralytics_letterbox_is_undone(two_objects):
    """(160, 200) in (640, 640): scaled by 3.2, 64 rows of padding."""
    small = torch.from_numpy(two_objects.coarse)[:, None].float()
    large = torch.nn.functional.interpolate(small, (512, 640))
    data = torch.nn.functional.pad(large[:, 0], (0, 0, 64, 64))
    given = ultralytics_results(two_objects, data)
    new = refine(two_objects.image, given, **OPTIONS)
    assert new.masks.data.shape == (2, 160, 200)
    for after, mask in zip(new.masks.data, two_objects.refined, strict=True):
        own = after.numpy() > 0
        union = np.count_nonzero(own | mask)
        assert np.count_nonzero(own & mask) / union > 0.97


def test_ultralytics_without_masks(two_objects):
    given = ultralytics_results(two_objects, None)
    with pytest.raises(InputError, match='2 boxes and no masks'):
        refine(two_objects.image, given, **OPTIONS)
    given.boxes = given.boxes[:0]
    assert refine(two_objects.image, given, **OPTIONS).masks is None


class Instances:
    """The public methods of detectron2's class that the door uses."""

    def __init__(self, image_size, **fields):
        self._image_size, self._fields = image_size, {}
        for name, value in fields.items():
            self.set(name, value)

    @property
    def image_size(self):
        return self._image_size

    def set(self, name, value):
        known = [len(field) for field in self._fields.values()]
        assert not known or len(value) == known[0]
        self._fields[name] = value

    def get(self, name):
        return self._fields[name]

    def has(self, name):
        return name in self._fields

    def get_fields(self):
        return self._fields

    def __len__(self):
        return len(next(iter(self._fields.values())))


class BitMasks:
    def __init__(self, tensor):
        self.tensor = tensor

    def __len__(self):
        return len(self.tensor)


@pytest.mark.parametrize('kind', [torch.Tensor, BitMasks])
def test_instances_of_detectron2(two_objects, kind):
    coarse = torch.from_numpy(two_objects.coarse)
    boxes, scores = torch.tensor(BOXES), torch.tensor([0.9, 0.8])
    masks = coarse if kind is torch.Tensor else BitMasks(coarse)
    given = Instances(
        (160, 200), pred_boxes=boxes, scores=scores, pred_masks=masks
    )
    output = dict(instances=given, sem_seg=None)
    new = refine(two_objects.image, output, **OPTIONS)
    assert new['sem_seg'] is None
    for instances in (
        new['instances'],
        refine(two_objects.image, given, **OPTIONS),
    ):
        assert instances.image_size == (160, 200)
        assert instances.get('scores') is scores
        refined = instances.get('pred_masks')
        assert type(refined) is type(masks)
        refined = getattr(refined, 'tensor', refined)
        assert refined.dtype == torch.bool
        np.testing.assert_array_equal(refined, two_objects.refined)
    assert given.get('pred_masks') is masks
    np.testing.assert_array_equal(coarse, two_objects.coarse)


def test_instances_without_masks_of_the_image(two_objects):
    image, boxes = two_objects.image, torch.tensor(BOXES)
    with pytest.raises(InputError, match='no pred_masks'):
        refine(image, Instances((160, 200), pred_boxes=boxes))
    windows = Instances((160, 200), pred_masks=torch.rand(2, 1, 28, 28))
    with pytest.raises(InputError, match='detector_postprocess'):
        refine(image, windows)
    others = Instances((160, 200), pred_masks=[[0, 0, 9, 0, 9, 9]] * 2)
    with pytest.raises(InputError, match='BitMasks are known'):
        refine(image, others)


def test_data_samples(two_objects):
    masks = torch.from_numpy(two_objects.coarse)
    sample = BaseDataElement(metainfo=dict(img_path='a.jpg'))
    sample.pred_instances = InstanceData(
        masks=masks, scores=torch.tensor([0.9, 0.8])
    )
    new = refine(two_objects.image, sample, **OPTIONS)
    np.testing.assert_array_equal(
        new.pred_instances.masks, two_objects.refined
    )
    assert torch.equal(new.pred_instances.scores, torch.tensor([0.9, 0.8]))
    assert new.img_path == 'a.jpg'
    assert torch.equal(sample.pred_instances.masks, masks)
    encoded = sample.new()
    encoded.pred_instances = InstanceData(
        masks=[encode_mask(mask) for mask in two_objects.coarse]
    )
    again = refine(two_objects.image, encoded, **OPTIONS)
    for rle, mask in zip(
        again.pred_instances.masks, two_objects.refined, strict=True
    ):
        np.testing.assert_array_equal(decode_mask(rle), mask)


def test_semantic_data_sample(two_objects):
    labels = torch.from_numpy(two_objects.coarse.any(axis=0) * 7)[None]
    sample = BaseDataElement()
    sample.pred_sem_seg = PixelData(data=labels)
    new = refine(two_objects.image, sample, **OPTIONS)
    data = new.pred_sem_seg.data
    assert data.dtype == labels.dtype
    assert set(data.unique().tolist()) == {0, 7}
    assert 0 < (data != labels).sum() < labels.numel() // 10
    assert torch.equal(sample.pred_sem_seg.data, labels)


def test_inferencer_returns_results_too(two_objects):
    refiner = SegRefinerInferencer(device='cpu')
    image, coarse = two_objects.image, two_objects.coarse
    records = sam_records(two_objects, uncompressed)
    out = refiner([image, image], [records, coarse[0]], num_steps=1)
    first, second = out['predictions']
    np.testing.assert_array_equal(first['masks'], two_objects.refined)
    assert first['result'][0]['segmentation'] == uncompressed(
        two_objects.refined[0]
    )
    np.testing.assert_array_equal(second['result'], two_objects.refined[0])
    with pytest.raises(InputError, match='one by one'):
        refiner(image, segments(two_objects, coarse[0] * 1), num_steps=1)


def test_results_of_several_images_are_refused(two_objects):
    given = [ultralytics_results(two_objects, None)] * 2
    given[0].boxes = None
    with pytest.raises(InputError, match='2 images'):
        refine(two_objects.image, given, **OPTIONS)
