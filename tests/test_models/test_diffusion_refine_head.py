"""The official windows of ``synthetic_instance.npz`` are the expected
probabilities; the rest are identities.
"""

from functools import partial

import pytest
import torch

from segrefiner_mm.models.diffusion_refine_head import mean_iou
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.windows import Box, edge_band
from segrefiner_mm.windows.resample import resize_bilinear
from tests.helpers import GOLDEN, load_case, tiny_denoiser_cfg, tiny_model_cfg


@pytest.fixture(scope='module')
def windows(tiny_model):
    """Crops of the golden scene as the network sees them."""
    case = load_case(GOLDEN / 'synthetic_instance.npz')
    image = torch.from_numpy(case['image']).permute(2, 0, 1)
    coarse = torch.from_numpy(case['coarse'])
    images, masks = [], []
    for box, mask in zip(case['crop_boxes'], coarse[:4], strict=True):
        rows, columns = Box(*box.tolist()).slices()
        images.append(resize_bilinear(image[:, rows, columns], 256, 256))
        crop = resize_bilinear(mask[None, rows, columns], 256, 256)
        masks.append((crop >= 0.5).float())
    images = tiny_model.data_preprocessor.normalize(torch.stack(images))
    return images, torch.stack(masks), torch.from_numpy(case['crop_probs'])


def small(windows):
    """Their middles, where what is compared is made by the test itself."""
    return [part[..., 64:192, 64:192] for part in windows]


def test_windows_equal_the_official_code(tiny_model, windows):
    images, coarse, expected = windows
    output = tiny_model.head.sample(images, coarse)
    torch.testing.assert_close(output.probs, expected, rtol=0, atol=1e-4)


def test_sampling_is_its_written_out_loop(tiny_model, windows):
    head, (images, coarse, _) = tiny_model.head, small(windows)
    images, coarse = images[:1], coarse[:1]
    noise = torch.rand(6, 1, 1, 128, 128)
    mask, fine_probs = coarse, torch.zeros_like(coarse)
    with torch.no_grad():
        for index, t in enumerate([5, 4, 3, 2, 1, 0]):
            logits = head(images, mask, t)
            output = head.scheduler.step(
                logits, t, coarse, fine_probs, noise=noise[index]
            )
            mask, fine_probs = output.sample, output.fine_probs
    sampled = head.sample(images, coarse, noise=noise)
    torch.testing.assert_close(sampled.probs, logits.sigmoid())
    torch.testing.assert_close(sampled.fine_probs, fine_probs)


def test_a_generator_makes_sampling_repeatable(tiny_model, windows):
    images, coarse, _ = small(windows)
    first, second, other = (
        tiny_model.head.sample(
            images[:1],
            coarse[:1],
            generator=torch.Generator().manual_seed(seed),
        ).probs
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_the_edges_of_the_first_step(tiny_model, windows):
    head, (images, coarse, _) = tiny_model.head, small(windows)
    sample = partial(head.sample, images, coarse)
    one, two = sample([5]).probs, sample([5, 0]).probs
    assert not torch.equal(one >= 0.5, two >= 0.5)
    assert torch.equal(sample([5, 0], edge_reach=0).probs, two)
    # Everything is within a window of an edge.
    assert torch.equal(sample([5, 0], edge_reach=128).probs, one)
    near = edge_band(one >= 0.5, 2) * edge_band(two >= 0.5, 2) > 0
    expected = torch.where(near, one, two)
    assert torch.equal(sample([5, 0], edge_reach=2).probs, expected)
    # The chain of a plan that goes on elsewhere is left alone.
    part = sample([5, 3], until=1)
    same = sample([5, 3], until=1, edge_reach=2)
    assert torch.equal(part.probs, same.probs)


def test_loss_is_repeatable_and_needs_a_source_of_noise(tiny_model, windows):
    images, coarse, _ = small(windows)
    inputs = images[:2], coarse[:2], coarse[2:]
    losses = [
        tiny_model.head.loss(
            *inputs, generator=torch.Generator().manual_seed(4)
        )
        for _ in range(2)
    ]
    assert losses[0] == losses[1]
    assert set(losses[0]) == {
        *('loss_mask', 'loss_texture'),
        *('iou', 'coarse_iou'),
    }
    with pytest.raises(ValueError, match='generator'):
        tiny_model.head.loss(*inputs)


def test_mean_iou():
    predicted = torch.zeros(3, 1, 4, 4, dtype=torch.bool)
    target = torch.zeros_like(predicted)
    predicted[0, :, :2], target[0, :, 1:3] = True, True  # 4 of 12
    predicted[1, :, 0] = True  # nothing is true: 0
    # the third is empty in both: 1
    expected = torch.tensor((1 / 3 + 0 + 1) / 3)
    torch.testing.assert_close(mean_iou(predicted, target), expected)


def test_denoiser_and_scheduler_must_agree():
    cfg = tiny_model_cfg()['head']
    cfg['denoiser'] = dict(tiny_denoiser_cfg(), num_timesteps=8)
    with pytest.raises(ValueError, match=r'denoiser \(8\).*scheduler \(6\)'):
        build_child(MODELS, cfg)


def test_errors_are_trained_only_where_they_are_predicted():
    cfg = dict(tiny_model_cfg()['head'], loss_error=dict(type='ErrorMapLoss'))
    with pytest.raises(ValueError, match='predicts no error map'):
        build_child(MODELS, cfg)


def test_a_part_of_the_samples_is_put_at_the_first_step():
    """6 steps and a half: 1/2 + 1/12 of the samples are at the first."""
    cfg = dict(tiny_model_cfg()['head'], first_step_prob=0.5)
    head = build_child(MODELS, cfg)
    drawn = head.draw_timesteps(6000, torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn, minlength=6) / 6000
    expected = torch.tensor([1 / 12] * 5 + [7 / 12])
    torch.testing.assert_close(shares, expected, rtol=0, atol=0.02)
    with pytest.raises(ValueError, match='first_step_prob'):
        build_child(MODELS, dict(cfg, first_step_prob=2))
