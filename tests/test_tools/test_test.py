"""``tools/test.py`` on the results of a model, as a user runs it."""

import json
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from segrefiner_mm.evaluation import evaluate_coco
from tests.helpers import ROOT, blocky, draw_object
from tests.test_integrations.hosts import write_results, write_scenes


def run(*options):
    return subprocess.run(
        [sys.executable, ROOT / 'tools' / 'test.py', *map(str, options)],
        env={'PYTHONPATH': str(ROOT), 'PATH': '', 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    folder = write_scenes(tmp_path_factory.mktemp('coco') / 'data', 4)
    write_results(folder, 3)
    return folder


def figures_of(text):
    pairs = re.findall(r'coco/(\w+): (-?[\d.]+)', text)
    return {name: float(value) for name, value in pairs}


@pytest.fixture
def options(scenes):
    """The LR recipe at the size of the bundled network, on the scenes."""
    given = {
        'model.head.denoiser.model_channels': 32,
        'model.head.denoiser.num_res_blocks': 1,
        'model.head.denoiser.channel_mult': '(1,1,2,2,4)',
        'model.head.denoiser.attention_strides': '(16,)',
        'model.test_cfg.num_steps': 1,
        'model.test_cfg.windows.min_area': 100,
        'test_dataloader.num_workers': 0,
        'test_dataloader.dataset.data_root': scenes,
        'test_dataloader.dataset.ann_file': 'coco.json',
        'test_dataloader.dataset.data_prefix.img': 'img',
        'test_dataloader.dataset.results_file': scenes / 'results.json',
        'test_evaluator.ann_file': scenes / 'coco.json',
    }
    return given


def arguments(config, checkpoint, options, work_dir):
    listed = [f'{name}={value}' for name, value in options.items()]
    return [
        config,
        checkpoint,
        '--work-dir',
        work_dir,
        '--cfg-options',
        *listed,
    ]


CONFIG = ROOT / 'configs' / 'segrefiner' / 'segrefiner_lr_coco.py'


def test_results_are_refined_and_both_are_counted(scenes, options, tmp_path):
    argv = arguments(CONFIG, 'segrefiner-tiny', options, tmp_path)
    process = run(*argv)
    assert process.returncode == 0, process.stderr
    figures = figures_of(process.stdout + process.stderr)
    expected = evaluate_coco(scenes / 'coco.json', scenes / 'results.json')
    for kind in ('segm', 'boundary'):
        before = figures[f'coarse_{kind}_AP']
        assert before == pytest.approx(expected[kind]['AP'], abs=1e-4)
        assert figures[f'{kind}_AP'] > before + 0.02


@pytest.mark.slow
def test_mistakes_are_named(scenes, options, tmp_path):
    results = json.loads((scenes / 'results.json').read_text())
    results[0]['image_id'] = 99
    strange = tmp_path / 'strange.json'
    strange.write_text(json.dumps(results))
    results[0].update(image_id=0, category_id=58)
    other = tmp_path / 'other.json'
    other.write_text(json.dumps(results))
    name = 'test_dataloader.dataset.results_file'
    for config, checkpoint, change, message in [
        ('gone.py', 'segrefiner-tiny', {}, 'gone.py'),
        (CONFIG, 'gone.pth', {}, 'gone.pth'),
        (CONFIG, 'segrefiner-tiny', {name: 'gone.json'}, 'gone.json'),
        (CONFIG, 'segrefiner-tiny', {name: strange}, 'image 99'),
        (CONFIG, 'segrefiner-tiny', {name: other}, 'category 58'),
    ]:
        argv = arguments(config, checkpoint, options | change, tmp_path)
        process = run(*argv)
        assert process.returncode == 2, process.stderr
        assert message in process.stderr.splitlines()[-1]
        assert 'Traceback' not in process.stderr


@pytest.mark.parametrize(
    ('recipe', 'image', 'mask'),
    [
        pytest.param(
            'segrefiner_hr_big',
            'test/{}_im.jpg',
            'test/{}_gt.png',
            marks=pytest.mark.slow,
        ),
        ('segrefiner_hr_dis', 'DIS-VD/im/{}.jpg', 'DIS-VD/gt/{}.png'),
    ],
)
def test_high_resolution_sets(tmp_path, options, recipe, image, mask):
    """Small pictures in the published layouts print coarse and refined."""
    rng = np.random.default_rng(4)
    for name in ('a', 'b', 'c'):
        picture, true = draw_object(rng)
        coarse = f'coarse/{name}.png'
        for file, content in (
            (image.format(name), picture),
            (mask.format(name), true * 255),
            (coarse, blocky(true) * 255),
        ):
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(tmp_path / file), content)
    network = {k: v for k, v in options.items() if 'denoiser' in k}
    own = {
        'model.test_cfg.num_steps': 2,
        'test_dataloader.num_workers': 0,
        'test_dataloader.dataset.data_root': tmp_path,
        'test_dataloader.dataset.coarse_dir': 'coarse',
    }
    config = CONFIG.with_name(f'{recipe}.py')
    argv = arguments(config, 'segrefiner-tiny', network | own, tmp_path)
    process = run(*argv)
    assert process.returncode == 0, process.stderr
    printed = process.stdout + process.stderr
    assert re.search(r'figure .* coarse .* refined .* difference', printed)
    assert re.search(r'set_iou .* \+\d', printed)
    figures = {
        name: float(value)
        for name, value in re.findall(r'refine/(\w+): ([\d.]+)', printed)
    }
    for quality in ('iou', 'boundary_iou', 'mba'):
        assert 0 < figures[f'coarse_{quality}'] < 1
    assert figures['iou'] > figures['coarse_iou']
