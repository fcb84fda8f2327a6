"""What holds on a GPU; run it by ``make test-cuda``."""

import copy

import numpy as np
import pytest
import torch

from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.build_refiner import build_refiner, resolve_model
from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.windows import RefineJob, WindowRequest, compact_masks
from tests.helpers import dense, draw_object, iou

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(
        not torch.cuda.is_available(), reason='needs a CUDA device'
    ),
]


@pytest.fixture(scope='module')
def model() -> SegRefiner:
    return build_refiner(*resolve_model('segrefiner-lite', None), 'cpu')


def jobs(count=6):
    """Drawn objects, whose masks are moved by a few pixels."""
    rng = np.random.default_rng(0)
    for index in range(count):
        image, mask = draw_object(rng, 200 + 10 * index)
        moved = [np.roll(mask, shift, axis=1) for shift in (0, 4, 9)]
        masks = torch.from_numpy(np.stack(moved)).bool()
        picture = torch.from_numpy(image).permute(2, 0, 1)
        yield RefineJob(picture, compact_masks(masks), index)


def refined(model, given, **options):
    results = model.refine(given, model.settings(**options))
    return [
        (job.tag, dense(parts, job.image.shape[1:]), parts)
        for job, parts in results
    ]


@pytest.mark.parametrize('batch_size', [1, 4, 32])
def test_masks_and_verdicts_are_those_of_the_cpu(model, batch_size):
    there = copy.deepcopy(model).to('cuda')
    options = dict(precision='fp32', batch_size=batch_size)
    on_cpu = refined(model, jobs(), **options)
    on_gpu = refined(there, jobs(), **options)
    for (tag, before, old), (other, after, new) in zip(
        on_cpu, on_gpu, strict=True
    ):
        assert tag == other
        assert [p.verdict for p in old] == [p.verdict for p in new]
        for a, b in zip(before, after, strict=True):
            assert iou(a, b) >= 0.999
        assert all(part.pixels.device.type == 'cpu' for part in new)


def test_images_may_lie_on_the_gpu(model):
    there = copy.deepcopy(model).to('cuda')
    given = [job.to(torch.device('cuda')) for job in jobs(2)]
    for (_, a, _), (_, b, _) in zip(
        refined(there, given), refined(there, jobs(2)), strict=True
    ):
        assert np.array_equal(a, b)


@pytest.mark.parametrize('precision', ['fp32', 'bf16'])
def test_a_batch_is_started_without_a_wait(model, precision):
    """PyTorch raises where it would wait for the device."""
    there = copy.deepcopy(model).to('cuda')
    settings = there.settings(precision=precision)
    sampler = WindowSampler(
        there.head,
        there.data_preprocessor.normalize,
        settings,
        torch.device('cuda'),
    )
    side = settings.model_size
    requests = [
        WindowRequest(
            torch.zeros(3, side, side, dtype=torch.uint8),
            torch.zeros(side, side, dtype=torch.bool),
            tuple(sampler.timesteps),
        )
    ] * 8
    sampler(requests)  # the first run chooses algorithms
    torch.cuda.set_sync_debug_mode('error')
    try:
        collect = sampler.submit(requests)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert len(collect()) == 8
