"""Every shipped recipe is trained for a little, on drawn data.

The objects are flat ellipses on flat backgrounds, which a small network
learns to outline within thirty iterations.
"""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.helpers import ROOT
from tests.test_tools.recipes import scalars, train, write_recipe


@pytest.mark.parametrize(
    'name',
    [
        'segrefiner_tiny',
        pytest.param('segrefiner_lr', marks=pytest.mark.slow),
        pytest.param('segrefiner_hr', marks=pytest.mark.slow),
    ],
)
def test_it_learns_to_refine(name, tmp_path):
    config = write_recipe(name, tmp_path)
    process = train(config, '--work-dir', tmp_path / 'work')
    assert process.returncode == 0, process.stderr
    log = scalars(tmp_path / 'work')
    losses = [line['loss'] for line in log if 'loss' in line]
    assert len(losses) == 30
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    validation = log[-1]
    assert validation['refine/iou'] > validation['refine/coarse_iou'] + 0.02
    assert (tmp_path / 'work' / 'iter_30.pth').is_file()
    assert list((tmp_path / 'work').glob('*/vis_data/vis_image/*.png'))


@pytest.mark.slow
@pytest.mark.parametrize(
    'name',
    [
        'segrefiner_tiny_reference',
        'segrefiner_lr_reference',
        'segrefiner_hr_reference',
    ],
)
def test_the_published_recipes_run(name, tmp_path):
    config = write_recipe(
        name, tmp_path, train_cfg__max_iters=2, train_cfg__val_interval=2
    )
    if name == 'segrefiner_hr_reference':
        data = tmp_path / 'HRCollectionDataset' / '12'
        for masks in ('DIS5K/DIS-TR/gt', 'ThinObject5K/masks'):
            tool = ROOT / 'tools' / 'dataset_tools' / 'gen_coarse_masks.py'
            command = [tool, data / masks, data / 'coarse' / masks]
            subprocess.run([sys.executable, *command], check=True)
    process = train(config, '--work-dir', tmp_path / 'work')
    assert process.returncode == 0, process.stderr
    assert 'refine/iou' in scalars(tmp_path / 'work')[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    'name', ['segrefiner_tiny_192', 'segrefiner_tiny_256']
)
def test_the_later_stages_run(name, tmp_path):
    config = write_recipe(
        name,
        tmp_path,
        load_from=None,
        train_cfg__max_iters=2,
        train_cfg__val_interval=2,
    )
    process = train(config, '--work-dir', tmp_path / 'work')
    assert process.returncode == 0, process.stderr
    assert 'refine/iou' in scalars(tmp_path / 'work')[-1]


@pytest.mark.slow
def test_the_last_stage_of_lite_goes_on_from_the_bundled_weights(tmp_path):
    """Its first losses are those of a network that has learnt to refine."""
    (tmp_path / 'backgrounds').mkdir()
    for number in range(2):
        image = np.full((150, 200, 3), 60 * number, np.uint8)
        cv2.imwrite(str(tmp_path / 'backgrounds' / f'{number}.png'), image)
    config = write_recipe(
        'segrefiner_lite_384',
        tmp_path,
        size=128,
        train_cfg__max_iters=2,
        train_cfg__val_interval=2,
    )
    process = train(config, '--work-dir', tmp_path / 'work')
    assert process.returncode == 0, process.stderr
    log = scalars(tmp_path / 'work')
    assert log[0]['iou'] > log[0]['coarse_iou']
    assert 'refine/iou' in log[-1]
