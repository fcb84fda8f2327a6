"""The inferencer with the bundled weights."""

import logging

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from PIL import Image

import segrefiner_mm
from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.errors import CheckpointError, InputError
from segrefiner_mm.models.checkpoint import read_state_dict, save_weights
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK
from tests.helpers import GOLDEN, ROOT, load_case, tiny_model_cfg


@pytest.fixture(scope='module')
def refiner():
    return SegRefinerInferencer(device='cpu')


def test_five_objects_of_a_drawn_scene(refiner):
    case = load_case(GOLDEN / 'synthetic_instance.npz')
    out = refiner(case['image'], case['coarse'], guard=False)
    [prediction] = out['predictions']
    assert out['visualization'] == []
    masks = prediction['masks']
    assert masks.dtype == bool
    assert masks.shape == case['coarse'].shape
    assert prediction['verdicts'] == [REFINED] * 4 + [KEPT]
    assert prediction['confidence'].shape == (5,)
    assert ((prediction['confidence'] > 0.5) == [1, 1, 1, 1, 0]).all()


def test_one_line(scene):
    image, true, coarse = scene
    better = segrefiner_mm.refine(image, coarse)
    assert better.shape == coarse.shape
    assert better.dtype == bool
    assert np.count_nonzero(better ^ true) < np.count_nonzero(coarse ^ true)
    several = segrefiner_mm.refine(image, np.stack([coarse, coarse]))
    assert np.array_equal(several, [better, better])


def test_steps_make_a_difference(refiner):
    """On a photograph; a drawn scene is clear at the first step."""
    image = ROOT / 'demo' / 'coffee.jpg'
    coarse = ROOT / 'demo' / 'coffee_coarse.png'
    one, two, six = (
        refiner(image, coarse, num_steps=steps)['predictions'][0]['masks'][0]
        for steps in (1, 2, 6)
    )
    assert not np.array_equal(one, two)
    assert not np.array_equal(two, six)
    assert not np.array_equal(one, six)
    by_default = refiner(image, coarse)['predictions'][0]['masks'][0]
    assert np.array_equal(by_default, two)


def test_files_pil_and_arrays_agree(refiner, scene, tmp_path):
    image, _, coarse = scene
    Image.fromarray(image[..., ::-1]).save(tmp_path / 'image.png')
    Image.fromarray(coarse).save(tmp_path / 'mask.png')
    out = refiner(
        [image, tmp_path / 'image.png', Image.fromarray(image[..., ::-1])],
        [coarse, tmp_path / 'mask.png', Image.fromarray(coarse)],
        num_steps=1,
    )
    first, second, third = (p['masks'] for p in out['predictions'])
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)


def test_what_else_is_refined_does_not_matter(refiner, scene):
    image, _, coarse = scene
    images = [image, image[:, ::-1].copy(), image]
    masks = [coarse, coarse[:, ::-1], coarse[None].repeat(3, axis=0)]
    together = refiner(images, masks, num_steps=2)['predictions']
    for image_, mask, expected in zip(images, masks, together, strict=True):
        [alone] = refiner(image_, mask, num_steps=2)['predictions']
        assert np.array_equal(alone['masks'], expected['masks'])
        assert np.array_equal(alone['confidence'], expected['confidence'])


def test_windows_by_name_and_by_config(refiner, scene):
    image, _, coarse = scene
    by_name = refiner(image, coarse, windows='tiled', num_steps=2)
    cfg = dict(type='TiledWindows')
    by_cfg = refiner(image, coarse, windows=cfg, num_steps=2)
    assert np.array_equal(
        by_name['predictions'][0]['masks'], by_cfg['predictions'][0]['masks']
    )
    large = dict(type='ObjectWindows', min_area=10**6)
    [kept] = refiner(image, coarse, windows=large)['predictions']
    assert kept['verdicts'] == [KEPT]


@pytest.mark.parametrize('windows', ['object', 'tiled'])
def test_empty_full_and_none(refiner, windows):
    image = np.zeros((40, 50, 3), np.uint8)
    masks = np.stack([np.zeros((40, 50), bool), np.ones((40, 50), bool)])
    [some] = refiner(image, masks, windows=windows)['predictions']
    assert np.array_equal(some['masks'], masks)
    assert some['verdicts'] == [KEPT, KEPT]
    [none] = refiner(image, masks[:0], windows=windows)['predictions']
    assert none['masks'].shape == (0, 40, 50)
    assert none['confidence'].shape == (0,)
    assert none['verdicts'] == []


def test_one_pixel(refiner):
    image = np.zeros((1, 1, 3), np.uint8)
    [prediction] = refiner(image, np.ones((1, 1)))['predictions']
    assert prediction['masks'].all()


def test_no_images(refiner):
    assert refiner([], []) == dict(predictions=[], visualization=[])


def test_label_maps(refiner, scene):
    image, _, coarse = scene
    labels = coarse.astype(np.int32) * 9
    out = refiner(image, labels, labels=True, num_steps=1)
    assert out['predictions'][0]['labels'] == [9]


def test_out_dir_and_pictures(refiner, scene, tmp_path):
    image, _, coarse = scene
    Image.fromarray(image).save(tmp_path / 'cup.jpg')
    out = refiner(
        [tmp_path / 'cup.jpg', image],
        [coarse, np.stack([coarse, coarse])],
        num_steps=1,
        return_vis=True,
        out_dir=tmp_path / 'out',
    )
    assert [v.shape for v in out['visualization']] == [image.shape] * 2
    written = {
        str(p.relative_to(tmp_path / 'out'))
        for p in (tmp_path / 'out').rglob('*.*')
    }
    assert written == {
        'masks/cup.png',
        'masks/00000001_0.png',
        'masks/00000001_1.png',
        'vis/cup.jpg',
        'vis/00000001.jpg',
    }
    mask = np.asarray(Image.open(tmp_path / 'out' / 'masks' / 'cup.png'))
    assert np.array_equal(mask > 0, out['predictions'][0]['masks'][0])


@pytest.mark.parametrize('kind', ['path', 'config', 'dict'])
def test_models_in_every_form(scene, kind):
    path = ROOT / 'configs' / 'segrefiner' / 'segrefiner_lite.py'
    model = dict(
        path=str(path),
        config=Config.fromfile(path),
        dict=Config.fromfile(path).model.to_dict(),
    )[kind]
    image, _, coarse = scene
    by_name = SegRefinerInferencer(device='cpu')
    other = SegRefinerInferencer(model, 'segrefiner-lite', device='cpu')
    first, second = (
        r(image, coarse, num_steps=1)['predictions'][0]['masks']
        for r in (by_name, other)
    )
    assert np.array_equal(first, second)


def test_official_weights():
    refiner = SegRefinerInferencer(
        tiny_model_cfg(), GOLDEN / 'tiny_upstream.pth', device='cpu'
    )
    case = load_case(GOLDEN / 'synthetic_instance.npz')
    [prediction] = refiner(
        case['image'], case['coarse'], seed=None, guard=False
    )['predictions']
    assert np.array_equal(prediction['masks'], case['refined'])


def test_the_guard_is_on_unless_it_is_turned_off(refiner, scene):
    image, true, coarse = scene
    masks = np.stack([true, coarse])
    [guarded] = refiner(image, masks)['predictions']
    assert guarded['verdicts'] == [KEPT, REFINED]
    assert np.array_equal(guarded['masks'][0], true)
    beliefs = [evidence['belief'] for evidence in guarded['evidence']]
    assert 1 >= beliefs[0] > beliefs[1] >= 0
    [plain] = refiner(image, masks, guard=False)['predictions']
    assert plain['verdicts'] == [REFINED, REFINED]
    assert plain['evidence'] == [{}, {}]
    strict = dict(
        type='DoNoHarmGuard', keep_belief=1.0, gain_weight=0.0, min_overlap=1.0
    )
    [mine] = refiner(image, masks, guard=strict)['predictions']
    assert mine['verdicts'][1] == ROLLED_BACK
    assert np.array_equal(mine['masks'][1], coarse)


def changed_weights(path):
    """The bundled weights, but for one number."""
    weights = read_state_dict('segrefiner-lite')
    name = next(n for n, t in weights.items() if t.is_floating_point())
    weights[name] = weights[name].clone()
    weights[name].view(-1)[0] += 1e-3
    save_weights(weights, path)
    return path


def test_a_guard_is_for_the_weights_it_was_calibrated_on(tmp_path):
    """Others are refined as published, unless a guard is asked for."""
    save_weights(read_state_dict('segrefiner-lite'), tmp_path / 'same.pth')
    same = SegRefinerInferencer(weights=tmp_path / 'same.pth', device='cpu')
    assert same.settings().guard.calibrated_on == 'segrefiner-lite'
    config = ROOT / 'configs' / 'segrefiner' / 'segrefiner_lite.py'
    golden = tiny_model_cfg(), GOLDEN / 'tiny_upstream.pth'
    for other in (config, changed_weights(tmp_path / 'b.pth')), golden:
        refiner = SegRefinerInferencer(*other, device='cpu')
        said = lines_of(lambda r=refiner: (r.settings(), r.settings()))
        assert len(said) == 1
        assert said[0].startswith('every mask is refined')
        assert refiner.settings(guard=True).guard is None
        assert refiner.settings(guard=False).guard is None
        mine = dict(type='DoNoHarmGuard', keep_belief=0.7)
        assert refiner.settings(guard=mine).guard.keep_belief == 0.7


def test_a_guard_of_ones_own_config_is_used():
    cfg = tiny_model_cfg(guard=dict(type='DoNoHarmGuard', keep_belief=0.6))
    refiner = SegRefinerInferencer(
        cfg, GOLDEN / 'tiny_upstream.pth', device='cpu'
    )
    assert refiner.settings().guard.keep_belief == 0.6


def lines_of(call):
    """Lines that mmengine logs while something is called."""
    lines = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    call()
    logger.removeHandler(handler)
    return lines


def test_random_weights_are_refused():
    with pytest.raises(InputError, match='no weights were given'):
        SegRefinerInferencer(tiny_model_cfg(), device='cpu')


def test_unknown_models_and_missing_weights():
    with pytest.raises(InputError, match="no model 'segrefiner-huge'"):
        SegRefinerInferencer('segrefiner-huge')
    with pytest.raises(InputError, match='not bundled'):
        SegRefinerInferencer('segrefiner-lr')
    with pytest.raises(CheckpointError, match='not found'):
        SegRefinerInferencer(weights='nothing.pth')
    with pytest.raises(InputError, match=r'not a refiner: .* DenoiseUNet'):
        SegRefinerInferencer(dict(type='DenoiseUNet'))


def test_weights_of_another_architecture():
    with pytest.raises(CheckpointError, match='does not fit this model'):
        SegRefinerInferencer(weights=GOLDEN / 'tiny_upstream.pth')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(windows='objects'), "got 'objects'"),
        (dict(windows=dict(type='Nothing')), 'Nothing'),
        (dict(windows=dict(type='ObjectWindows', padding=3)), 'padding'),
        (dict(num_steps=0), 'num_steps must be >= 1'),
        (dict(num_steps=9), '1 to 6'),
        (dict(num_steps=1, windows='tiled'), 'at least 2 steps'),
        (dict(batch_size=0), 'batch_size'),
        (dict(precision='fp8'), 'fp8'),
    ],
)
def test_wrong_options(refiner, scene, options, message):
    image, _, coarse = scene
    with pytest.raises(InputError, match=message):
        refiner(image, coarse, **options)


def test_wrong_inputs(refiner, scene):
    image, _, coarse = scene
    with pytest.raises(InputError, match='200 x 160, but its mask is'):
        refiner(image, coarse[:50])
    with pytest.raises(InputError, match='2 images need a list of 2 masks'):
        refiner([image, image], [coarse])


def test_none_is_what_the_model_says():
    cfg = tiny_model_cfg(windows=dict(type='segrefiner_mm.TiledWindows'))
    cfg['test_cfg'].update(num_steps=3, batch_size=5)
    refiner = SegRefinerInferencer(cfg, GOLDEN / 'tiny_upstream.pth', 'cpu')
    own = refiner.settings(windows=None)
    assert type(own.windows).__name__ == 'TiledWindows'
    assert (own.num_steps, own.batch_size, own.seed) == (3, 5, None)
    other = refiner.settings(windows='object', batch_size=2, seed=7)
    assert type(other.windows).__name__ == 'ObjectWindows'
    assert (other.num_steps, other.batch_size, other.seed) == (3, 2, 7)


def test_a_named_plan_keeps_the_options_of_the_model():
    plan = dict(type='segrefiner_mm.ObjectWindows', pad=3)
    cfg = tiny_model_cfg(windows=plan)
    refiner = SegRefinerInferencer(cfg, GOLDEN / 'tiny_upstream.pth', 'cpu')
    assert refiner.settings(windows='object').windows.pad == 3


def test_outputs_must_not_overwrite_each_other(refiner, scene, tmp_path):
    image, _, coarse = scene
    for folder in 'ab':
        (tmp_path / folder).mkdir()
        Image.fromarray(image).save(tmp_path / folder / 'x.png')
    paths = [tmp_path / folder / 'x.png' for folder in 'ab']
    with pytest.raises(InputError, match='several images named x'):
        refiner(paths, [coarse, coarse], out_dir=tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_refine_takes_a_model_config(scene):
    image, _, coarse = scene
    better = segrefiner_mm.refine(
        image,
        coarse,
        model=tiny_model_cfg(),
        weights=GOLDEN / 'tiny_upstream.pth',
        num_steps=1,
    )
    assert better.shape == coarse.shape


def test_global_random_state_is_left_alone(refiner, scene):
    image, _, coarse = scene
    torch.manual_seed(1)
    first = refiner(image, coarse, num_steps=2)['predictions'][0]['masks']
    state = torch.get_rng_state()
    second = refiner(image, coarse, num_steps=2)['predictions'][0]['masks']
    assert np.array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)
