"""Soft maps and parts in Python, with the bundled weights."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

import segrefiner_mm
from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.errors import InputError
from segrefiner_mm.label_maps import SoftLabels
from segrefiner_mm.structures import RefineDataSample
from segrefiner_mm.windows import KEPT, REFINED
from tests.helpers import GOLDEN, load_case


@pytest.fixture(scope='module')
def refiner():
    return SegRefinerInferencer(device='cpu')


@pytest.mark.parametrize('windows', ['object', 'tiled'])
def test_soft_maps_of_five_objects(refiner, windows):
    case = load_case(GOLDEN / 'synthetic_instance.npz')
    given = case['image'], case['coarse']
    [soft] = refiner(*given, windows=windows, soft=True)['predictions']
    [hard] = refiner(*given, windows=windows)['predictions']
    assert 'soft' not in hard
    np.testing.assert_array_equal(soft['masks'], hard['masks'])
    assert soft['soft'].dtype == np.float32
    np.testing.assert_array_equal(soft['soft'] >= 0.5, hard['masks'])
    for verdict, values in zip(soft['verdicts'], soft['soft'], strict=True):
        is_binary = np.isin(values, (0, 1)).all()
        assert is_binary == (verdict != REFINED)


@pytest.mark.parametrize('soft', [False, True])
def test_an_image_without_masks_has_soft_maps_only_if_asked(refiner, soft):
    image, none = np.zeros((40, 60, 3), np.uint8), np.zeros((0, 40, 60), bool)
    [prediction] = refiner(image, none, soft=soft)['predictions']
    assert ('soft' in prediction) == soft
    if soft:
        assert prediction['soft'].shape == none.shape


def test_refine_returns_probabilities_in_the_form_given(scene):
    image, _, coarse = scene
    [hard] = segrefiner_mm.refine(image, coarse[None])
    one = segrefiner_mm.refine(image, coarse, soft=True)
    assert (one.dtype, one.shape) == (np.float32, coarse.shape)
    np.testing.assert_array_equal(one >= 0.5, hard)
    channel = segrefiner_mm.refine(image, coarse[None, None], soft=True)
    np.testing.assert_array_equal(channel, one[None, None])
    last = np.stack([coarse, coarse], axis=-1)
    last = segrefiner_mm.refine(image, last, soft=True)
    np.testing.assert_array_equal(last, np.stack([one, one], axis=-1))


def test_results_of_other_libraries(scene):
    """The masks of torchvision are soft; binary ones give an array."""
    image, _, coarse = scene
    one = segrefiner_mm.refine(image, coarse, soft=True)
    empty = torch.zeros(1, 4)
    for dtype, is_soft in ((torch.float32, True), (torch.float16, False)):
        masks = torch.from_numpy(coarse)[None, None].to(dtype)
        output = dict(boxes=empty, labels=empty, masks=masks)
        result = segrefiner_mm.refine(image, output, soft=True)
        values = result['masks'][:, 0].numpy() if is_soft else result
        np.testing.assert_array_equal(values, one[None])
    records = [dict(segmentation=coarse, area=1)]
    result = segrefiner_mm.refine(image, records, soft=True)
    np.testing.assert_array_equal(result, one[None])


def test_a_map_of_labels(scene):
    image, _, coarse = scene
    output = dict(
        segmentation=torch.from_numpy(coarse.astype(np.int32)),
        segments_info=[dict(id=1, label_id=1, score=1.0)],
    )
    part = dict(only=(0, 0, 100, 160))
    hard = segrefiner_mm.refine(image, output, **part)['segmentation'].numpy()
    soft = segrefiner_mm.refine(image, output, soft=True, **part)
    assert isinstance(soft, SoftLabels)
    np.testing.assert_array_equal(soft.labels_of_pixels(), hard)
    np.testing.assert_array_equal(hard[:, 100:], coarse[:, 100:])


def test_a_part_of_each_image(refiner, scene):
    image, _, coarse = scene
    brush = np.zeros(coarse.shape, bool)
    brush[:, :95] = True
    parts = [(0, 0, 95, 160), brush, None, 'errors', (0, 0, 5, 5)]
    count = len(parts)
    out = refiner([image] * count, [coarse] * count, only=parts, soft=True)
    box, brushed, free, errors, corner = out['predictions']
    np.testing.assert_array_equal(box['masks'], brushed['masks'])
    for name in ('masks', 'soft'):
        apart = box[name][0][:, 95:]
        np.testing.assert_array_equal(apart, coarse[:, 95:])
    changed = [np.count_nonzero(p['masks'][0] ^ coarse) for p in (box, free)]
    assert 0 < changed[0] < changed[1]
    assert errors['verdicts'] == [REFINED]
    assert corner['verdicts'] == [KEPT]
    assert corner['confidence'] == 0  # the network has not seen it


def test_errors_change_less(refiner, scene):
    image, _, coarse = scene
    for windows in ('object', 'tiled'):
        free, held = (
            refiner(image, coarse, windows=windows, only=only, guard=False)
            for only in (None, 'errors')
        )
        free, held = (p['predictions'][0]['masks'][0] for p in (free, held))
        assert (held != coarse).any()
        assert (held != coarse).sum() <= (free != coarse).sum()


def test_data_samples_of_the_model(refiner, scene):
    image, _, coarse = scene
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    sample = RefineDataSample()
    sample.coarse_instances = InstanceData(masks=torch.tensor(coarse)[None])
    model = refiner.model
    before = model.test_cfg
    try:
        model.test_cfg = dict(before, soft=True)
        [done] = model.predict([pixels], [sample])
    finally:
        model.test_cfg = before
    found = done.pred_instances
    assert torch.equal(found.soft_masks >= 0.5, found.masks)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(only=(300, 0, 310, 9)), 'outside the image'),
        (dict(only='errors', model='segrefiner-tiny'), 'segrefiner-lite'),
        (dict(only=[1, 2]), '4 numbers'),
    ],
)
def test_mistakes_are_named(scene, options, message):
    image, _, coarse = scene
    with pytest.raises(InputError, match=message):
        segrefiner_mm.refine(image, coarse, **options)


def test_as_many_parts_as_images(refiner, scene):
    image, _, coarse = scene
    with pytest.raises(InputError, match="only='errors', or a list"):
        refiner([image] * 2, [coarse] * 2, only=(0, 0, 9, 9))
