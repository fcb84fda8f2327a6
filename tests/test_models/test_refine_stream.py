"""How many images are in memory while a stream is refined."""

import pytest
import torch

from segrefiner_mm.models import RefineJob, refine_stream
from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.windows import compact_masks
from tests.helpers import tiny_model_cfg

PLANS = ['ObjectWindows', 'TiledWindows']


@pytest.fixture(scope='module')
def model():
    return build_child(MODELS, tiny_model_cfg()).eval()


def most_held(model, masks, plan):
    """The most images that were taken and not given back yet."""
    taken = given = most = 0

    def jobs():
        nonlocal taken, most
        for own in masks:
            taken += 1
            most = max(most, taken - given)
            image = torch.zeros(3, *own.shape[1:], dtype=torch.uint8)
            yield RefineJob(image, compact_masks(own), taken)

    settings = model.settings(windows=dict(type=plan), num_steps=2)
    for job, refined in model.refine(jobs(), settings):
        given += 1
        assert job.tag == given  # in order
        assert len(refined) == len(job.masks)
    assert given == taken == len(masks)
    return most


@pytest.mark.parametrize('plan', PLANS)
def test_images_without_masks_come_back_at_once(model, plan):
    empty = torch.zeros(0, 60, 80, dtype=torch.bool)
    assert most_held(model, [empty] * 1000, plan) == 1


@pytest.mark.parametrize('plan', PLANS)
def test_nothing_piles_up_behind_an_image_in_work(model, plan, monkeypatch):
    """With batches, as on an accelerator, the first mask waits for others."""
    init = WindowSampler.__init__

    def batched_init(self, *args):
        init(self, *args)
        self.batch_size = 32

    monkeypatch.setattr(WindowSampler, '__init__', batched_init)
    monkeypatch.setattr(refine_stream, 'PIXELS_IN_WORK', 10 * 60 * 80)
    empty = torch.zeros(0, 60, 80, dtype=torch.bool)
    one = torch.zeros(1, 60, 80, dtype=torch.bool)
    one[:, 10:50, 20:60] = True
    assert most_held(model, [one, *[empty] * 200], plan) == 10


def test_small_images_are_counted_too(model, monkeypatch):
    init = WindowSampler.__init__

    def batched_init(self, *args):
        init(self, *args)
        self.batch_size = 32

    monkeypatch.setattr(WindowSampler, '__init__', batched_init)
    empty = torch.zeros(0, 4, 4, dtype=torch.bool)
    one = torch.zeros(1, 60, 80, dtype=torch.bool)
    one[:, 10:50, 20:60] = True
    most = most_held(model, [one, *[empty] * 1000], PLANS[0])
    assert most == refine_stream.JOBS_IN_WORK
