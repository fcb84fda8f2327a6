"""The refiner as a whole, with the golden network."""

import copy

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.structures import RefineDataSample
from segrefiner_mm.windows import KEPT, REFINED, RefineJob, compact_masks
from tests.helpers import GOLDEN, dense, iou, load_case, tiny_model_cfg

# Windows of half the size that the network was trained on take a quarter of
# the time.
FAST = dict(num_steps=2, seed=0, model_size=128)


@pytest.fixture(scope='module')
def images():
    """Five images of different sizes with 0 to 4 masks each."""
    case = load_case(GOLDEN / 'synthetic_instance.npz')
    image = torch.from_numpy(case['image']).permute(2, 0, 1)
    masks = torch.from_numpy(case['coarse'])
    return [
        (image, masks[:2]),
        (image[:, 40:], masks[2:3, 40:]),
        (image, masks[:0]),
        (image[:, :, 30:], masks[1:, :, 30:]),
        (image.flip(2), masks[:1].flip(2)),
    ]


def refine_all(model, images, **settings):
    jobs = [
        RefineJob(image, compact_masks(masks), None) for image, masks in images
    ]
    results = model.refine(jobs, model.settings(**(FAST | settings)))
    return [dense(result, job.image.shape[1:]) for job, result in results]


def batch_as_an_accelerator(monkeypatch, batch_size):
    """Batches that the CPU path would cut to one window; notes their sizes."""
    sizes = []
    init, call = WindowSampler.__init__, WindowSampler.__call__

    def batched_init(self, *args):
        init(self, *args)
        self.batch_size = batch_size

    def noted_call(self, requests):
        sizes.append(len(requests))
        return call(self, requests)

    monkeypatch.setattr(WindowSampler, '__init__', batched_init)
    monkeypatch.setattr(WindowSampler, '__call__', noted_call)
    return sizes


def equal(first, second):
    return all(
        np.array_equal(a, b) for a, b in zip(first, second, strict=True)
    )


@pytest.fixture(scope='module')
def expected(tiny_model, images):
    return refine_all(tiny_model, images)


def test_results_are_in_order_and_complete(expected, images):
    assert [len(masks) for masks in expected] == [2, 1, 0, 4, 1]
    assert [m.shape[1:] for m in expected] == [
        tuple(image.shape[1:]) for image, _ in images
    ]


def test_the_same_bits_from_run_to_run(tiny_model, images, expected):
    assert equal(refine_all(tiny_model, images), expected)


def test_the_same_bits_in_any_order(tiny_model, images, expected):
    shuffled = refine_all(tiny_model, images[::-1])
    assert equal(shuffled[::-1], expected)
    image, masks = images[3]
    order = [2, 0, 3, 1]
    [alone] = refine_all(tiny_model, [(image, masks[order])])
    assert np.array_equal(alone, expected[3][order])


@pytest.fixture(scope='module', params=['ObjectWindows', 'TiledWindows'])
def windows(request):
    return dict(type=request.param)


@pytest.fixture(scope='module')
def alone(tiny_model, images, windows):
    return refine_all(tiny_model, images, batch_size=1, windows=windows)


@pytest.mark.parametrize('batch_size', [7, 32])
def test_nearly_the_same_bits_in_any_batch(
    tiny_model, images, windows, alone, batch_size, monkeypatch
):
    """With the batches of an accelerator, which the CPU path cuts to one
    window, at most one pixel in 100,000 may flip.
    """
    batch_as_an_accelerator(monkeypatch, batch_size)
    batched = refine_all(
        tiny_model, images, batch_size=batch_size, windows=windows
    )
    pixels = sum(masks.size for masks in alone)
    flipped = sum(
        np.count_nonzero(a ^ b) for a, b in zip(alone, batched, strict=True)
    )
    assert flipped <= pixels / 100_000


def test_seeds_differ_and_none_is_noise_free(tiny_model, images, expected):
    assert not equal(refine_all(tiny_model, images, seed=1), expected)
    still = refine_all(tiny_model, images, seed=None)
    assert equal(refine_all(tiny_model, images, seed=None), still)


def test_any_number_of_steps(tiny_model, images):
    """Noise-free, all steps agree on most of a mask, but not on all."""
    few, full = (
        [
            refine_all(tiny_model, images[1:2], num_steps=steps, seed=None)[0]
            for steps in range(*span)
        ]
        for span in ((1, 6), (6, 7))
    )
    for masks in few:
        assert iou(masks, full[0]) > 0.8
        assert not np.array_equal(masks, full[0])


@pytest.mark.filterwarnings('ignore:.*is emulated')
def test_precision_changes_little(tiny_model, images):
    """In small windows, as a CPU may emulate it."""
    images = images[:1]
    whole = refine_all(tiny_model, images, model_size=64)
    half = refine_all(tiny_model, images, model_size=64, precision='bf16')
    for masks, others in zip(whole, half, strict=True):
        union = max(np.count_nonzero(masks | others), 1)
        assert np.count_nonzero(masks ^ others) / union < 0.05


def test_images_smaller_than_a_window(tiny_model):
    image = torch.randint(0, 255, (3, 50, 70), dtype=torch.uint8)
    mask = torch.zeros(1, 50, 70, dtype=torch.bool)
    mask[:, 10:40, 10:60] = True
    for windows in ('ObjectWindows', 'TiledWindows'):
        [masks] = refine_all(
            tiny_model, [(image, mask)], windows=dict(type=windows)
        )
        assert masks.shape == (1, 50, 70)


def samples_of(images):
    samples = []
    for _, masks in images:
        sample = RefineDataSample()
        sample.coarse_instances = InstanceData(masks=masks)
        samples.append(sample)
    return samples


def test_predict_through_test_step(tiny_model, images, expected):
    model = copy.deepcopy(tiny_model)
    model.test_cfg = FAST
    data = dict(
        inputs=[image for image, _ in images], data_samples=samples_of(images)
    )
    predicted = model.test_step(data)
    for sample, masks in zip(predicted, expected, strict=True):
        pred = sample.pred_instances
        assert pred.masks.dtype == torch.bool
        assert np.array_equal(pred.masks.numpy(), masks)
        assert pred.confidence.shape == (len(masks),)
        assert len(pred.verdicts) == len(masks)
    assert predicted[3].pred_instances.verdicts == [REFINED] * 3 + [KEPT]


@pytest.mark.parametrize('soft', [False, True])
def test_predictions_have_soft_maps_if_asked(tiny_model, images, soft):
    """Also those of the image without masks."""
    model = copy.deepcopy(tiny_model)
    model.test_cfg = dict(FAST, soft=soft)
    data = dict(inputs=[images[2][0]], data_samples=samples_of([images[2]]))
    [sample] = model.test_step(data)
    assert ('soft_masks' in sample.pred_instances) == soft
    if soft:
        masks = sample.pred_instances.masks
        assert sample.pred_instances.soft_masks.shape == masks.shape


def training_batch():
    masks = torch.zeros(1, 64, 64, dtype=torch.bool)
    masks[:, 16:48, 16:48] = True
    sample = RefineDataSample(metainfo=dict(noise_seed=5))
    sample.gt_instances = InstanceData(masks=masks)
    sample.coarse_instances = InstanceData(masks=masks.roll(4, 1))
    image = torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8)
    return dict(inputs=[image, image], data_samples=[sample, sample])


def test_loss_and_tensor_modes(tiny_model):
    data = tiny_model.data_preprocessor(training_batch(), training=True)
    losses = tiny_model(**data, mode='loss')
    again = tiny_model(**data, mode='loss')
    assert losses.keys() == {
        'loss_mask',
        'loss_texture',
        *('iou', 'coarse_iou'),
    }
    # Noise and timesteps come from the seed of the sample.
    assert losses == again
    logits = tiny_model(**data, mode='tensor')
    assert logits.shape == (2, 1, 64, 64)
    with pytest.raises(ValueError, match="got 'train'"):
        tiny_model(**data, mode='train')


def test_a_train_step_lowers_the_loss():
    model = build_child(MODELS, tiny_model_cfg())
    model.init_weights()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    batch = training_batch()
    values = []
    for _ in range(15):
        data = model.data_preprocessor(batch, training=True)
        loss, _ = model.parse_losses(model(**data, mode='loss'))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < 0.7 * values[0]


@pytest.mark.parametrize(
    ('test_cfg', 'message'),
    [
        (dict(model_size=100), 'multiple of 8'),
        (dict(num_steps=7), '1 to 6'),
        (dict(num_steps=1, windows=dict(type='TiledWindows')), 'at least 2'),
        (dict(steps=3), "unknown settings .'steps'"),
    ],
)
def test_mistakes_in_the_config_are_reported_at_once(test_cfg, message):
    with pytest.raises(ValueError, match=message):
        build_child(MODELS, tiny_model_cfg(**test_cfg))


def test_few_images_are_in_work_at_a_time(tiny_model, images, monkeypatch):
    """With room for one image, a later one is not loaded too early, but all
    masks of the open image share batches.
    """
    monkeypatch.setattr('segrefiner_mm.windows.engine.PIXELS_IN_WORK', 1)
    sizes = batch_as_an_accelerator(monkeypatch, 32)
    opened = []

    def jobs():
        for index, (image, masks) in enumerate(images):
            opened.append(index)
            yield RefineJob(image, compact_masks(masks), index)

    results = tiny_model.refine(jobs(), tiny_model.settings(**FAST))
    next(results)
    assert opened[-1] <= 1
    list(results)
    assert sizes == [2, 1, 3, 1]


def test_large_masks_wait_for_memory_not_for_a_full_batch(
    tiny_model, images, monkeypatch
):
    monkeypatch.setattr('segrefiner_mm.windows.engine.PIXELS_IN_WORK', 1)
    sizes = batch_as_an_accelerator(monkeypatch, 32)
    windows = dict(type='TiledWindows')
    refine_all(tiny_model, images[3:4], windows=windows)
    assert sizes[0] == 1


def test_streams_do_not_disturb_each_other(tiny_model, images, expected):
    """Two runs of different steps, drawn from in turn."""
    image, masks = images[0]
    jobs = [
        RefineJob(image, compact_masks(masks[i : i + 1]), i) for i in (0, 1)
    ]
    two, three = (
        tiny_model.refine(jobs, tiny_model.settings(**FAST | {'num_steps': n}))
        for n in (2, 3)
    )
    mixed = [dense(next(r)[1], image.shape[1:]) for r in (two, three, two)]
    assert np.array_equal(np.concatenate(mixed[::2]), expected[0])


def test_tags_come_back(tiny_model, images):
    image, masks = images[1]
    jobs = [RefineJob(image, compact_masks(masks), tag) for tag in 'ab']
    settings = tiny_model.settings(**FAST)
    results = tiny_model.refine(jobs, settings)
    assert [job.tag for job, _ in results] == ['a', 'b']


def test_a_window_has_one_mask(tiny_model):
    data = tiny_model.data_preprocessor(training_batch(), training=True)
    two = torch.zeros(2, 64, 64, dtype=torch.bool)
    data['data_samples'][0].gt_instances = InstanceData(masks=two)
    with pytest.raises(ValueError, match=r'one mask in gt_instances'):
        tiny_model(**data, mode='loss')
