"""A real visualizer writes real pictures."""

from types import SimpleNamespace

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData

from segrefiner_mm.engine import RefineVisualizationHook
from segrefiner_mm.registry import VISUALIZERS, build_child
from segrefiner_mm.structures import RefineDataSample
from segrefiner_mm.visualization.outlines import (
    COARSE_COLOUR,
    REFINED_COLOUR,
    TRUE_COLOUR,
)
from tests.helpers import draw_object


def sample(path):
    image, mask = draw_object(np.random.default_rng(0))
    cv2.imwrite(str(path), image)
    sample = RefineDataSample(metainfo=dict(img_path=str(path)))
    for name, shift in (('gt', 0), ('coarse', 12), ('pred', -12)):
        masks = torch.from_numpy(np.roll(mask, shift, axis=1))[None] > 0
        setattr(sample, f'{name}_instances', InstanceData(masks=masks))
    return sample


def test_some_pictures_of_each_validation(tmp_path):
    visualizer = build_child(
        VISUALIZERS,
        dict(
            type='RefineVisualizer',
            name='test',
            vis_backends=[dict(type='LocalVisBackend')],
            save_dir=str(tmp_path / 'out'),
        ),
    )
    runner = SimpleNamespace(rank=0, iter=70, visualizer=visualizer)
    samples = [sample(tmp_path / f'{name}.png') for name in 'abc']
    hook = RefineVisualizationHook(count=2)
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, outputs=samples[:1])
    hook.after_val_iter(runner, 1, outputs=samples[1:])
    pictures = sorted((tmp_path / 'out').rglob('*.png'))
    assert [path.name for path in pictures] == ['a_70.png', 'b_70.png']
    drawn = cv2.imread(str(pictures[0]))
    for colour in (COARSE_COLOUR, REFINED_COLOUR, TRUE_COLOUR):
        assert (drawn == colour).all(axis=2).sum() > 50
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0, outputs=samples[2:])
    assert len(list((tmp_path / 'out').rglob('*.png'))) == 3


def test_it_can_be_turned_off(tmp_path):
    hook = RefineVisualizationHook(draw=False)
    runner = SimpleNamespace(rank=0, iter=0, visualizer=None)
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, outputs=[sample(tmp_path / 'a.png')])
