"""Drawings in real back-ends of mmengine."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import VISUALIZERS, build_child
from segrefiner_mm.structures import RefineDataSample
from segrefiner_mm.visualization.outlines import (
    COARSE_COLOUR,
    REFINED_COLOUR,
    TRUE_COLOUR,
)
from segrefiner_mm.visualization.panels import (
    ADDED_COLOUR,
    BAR,
    REMOVED_COLOUR,
    DrawnMasks,
    draw_panels,
)

HEIGHT, WIDTH = 120, 160


def square(left):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[30:90, left : left + 60] = True
    return mask


COARSE, REFINED, TRUE = square(20), square(40), square(50)


def sample(**fields):
    found = RefineDataSample()
    for name, mask in fields.items():
        masks = torch.from_numpy(mask)[None]
        setattr(found, f'{name}_instances', InstanceData(masks=masks))
    if 'pred' in fields:
        found.pred_instances.confidence = torch.tensor([0.75])
    return found


def visualizer(folder, backend, **options):
    backends = [dict(type=backend)]
    cfg = dict(type='RefineVisualizer', name=f'{backend} {folder.name}')
    cfg.update(vis_backends=backends, save_dir=str(folder), **options)
    return build_child(VISUALIZERS, cfg)


def image(level=128):
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def written(folder):
    [path] = folder.rglob('*.png')
    return cv2.imread(str(path))


def near(pixel, colour):
    return np.abs(pixel.astype(int) - colour).max() < 40


def test_four_panels_side_by_side(tmp_path):
    drawing = visualizer(tmp_path, 'LocalVisBackend')
    masks = sample(coarse=COARSE, pred=REFINED, gt=TRUE)
    drawing.add_datasample('a', image(), masks, step=3)
    drawn = written(tmp_path)
    assert drawn.shape == (HEIGHT + BAR, 4 * WIDTH, 3)
    outlines, changes, confidence, errors = np.split(drawn[BAR:], 4, axis=1)
    # The left edges of the three squares, half way down.
    assert tuple(outlines[60, 20]) == COARSE_COLOUR
    assert tuple(outlines[60, 40]) == REFINED_COLOUR
    assert tuple(outlines[60, 50]) == TRUE_COLOUR
    # From 20 to 40 refinement removed pixels, from 80 to 100 it added some.
    assert near(changes[60, 30], REMOVED_COLOUR)
    assert near(changes[60, 90], ADDED_COLOUR)
    # Against the truth, 40 to 50 is too much, and 100 to 110 is missing.
    assert near(errors[60, 45], ADDED_COLOUR)
    assert near(errors[60, 105], REMOVED_COLOUR)
    for panel in (changes, errors, confidence):
        grey = panel[10, 10]
        assert grey.max() - grey.min() <= 1
    level = np.uint8([[round(255 * 0.75)]])
    viridis = cv2.applyColorMap(level, cv2.COLORMAP_VIRIDIS)[0, 0]
    assert near(confidence[40, 50], viridis)


@pytest.mark.parametrize('level', [0, 255])
def test_outlines_show_on_dark_and_on_light(level):
    drawn = draw_panels(
        image(level), DrawnMasks([COARSE], [REFINED], [TRUE]), ['outlines']
    )
    row = drawn[BAR + 60].astype(int)
    for edge, colour in (
        (20, COARSE_COLOUR),
        (40, REFINED_COLOUR),
        (50, TRUE_COLOUR),
    ):
        assert tuple(row[edge]) == colour
        # A halo of black separates every outline from a light image.
        assert 0 in row[edge - 4 : edge].max(axis=1)


def test_panels_without_masks_are_left_out(tmp_path):
    drawing = visualizer(tmp_path, 'LocalVisBackend')
    masks = sample(coarse=COARSE, pred=REFINED, gt=TRUE)
    drawing.add_datasample('a', image(), masks, draw_gt=False)
    assert written(tmp_path).shape == (HEIGHT + BAR, 3 * WIDTH, 3)


def test_no_masks_at_all(tmp_path):
    drawing = visualizer(tmp_path, 'LocalVisBackend')
    drawing.add_datasample('a', image())
    assert np.array_equal(written(tmp_path), image())


def test_chosen_panels_at_a_chosen_size(tmp_path):
    drawing = visualizer(
        tmp_path, 'LocalVisBackend', panels=['errors'], panel_size=80
    )
    masks = sample(coarse=COARSE, pred=REFINED, gt=TRUE)
    drawing.add_datasample('a', image(), masks)
    drawn = written(tmp_path)
    assert drawn.shape == (HEIGHT // 2 + BAR, WIDTH // 2, 3)
    assert near(drawn[BAR + 30, 22], ADDED_COLOUR)


def test_an_unknown_panel(tmp_path):
    with pytest.raises(InputError, match="no panel 'depth': there are"):
        visualizer(tmp_path, 'LocalVisBackend', panels=['depth'])


def test_the_real_tensorboard(tmp_path):
    pytest.importorskip('tensorboard')
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    drawing = visualizer(tmp_path, 'TensorboardVisBackend')
    masks = sample(coarse=COARSE, pred=REFINED, gt=TRUE)
    drawing.add_datasample('coins', image(), masks, step=7)
    drawing.close()
    [events] = tmp_path.rglob('events.out.tfevents.*')
    read = EventAccumulator(str(events)).Reload()
    [shown] = read.Images('coins')
    assert shown.step == 7
    picture = cv2.imdecode(
        np.frombuffer(shown.encoded_image_string, np.uint8), cv2.IMREAD_COLOR
    )
    assert picture.shape == (HEIGHT + BAR, 4 * WIDTH, 3)
    assert tuple(picture[BAR + 60, 40]) == REFINED_COLOUR
