"""Real detectors of mmdet, bare and refined, in every entry point."""

import copy
import json
from contextlib import nullcontext

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner

from segrefiner_mm.errors import CheckpointError, InputError
from segrefiner_mm.evaluation import PanopticBoundaryMetric
from segrefiner_mm.windows import Box
from tests.test_integrations.hosts import (
    CHANGER,
    KEEPER,
    SIZE,
    mask2former,
    mask_rcnn,
    need_hosts,
    predictions,
    refined,
    solov2,
    write_scenes,
)

need_hosts()


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return write_scenes(tmp_path_factory.mktemp('scenes') / 'data')


@pytest.fixture(scope='module', params=[mask_rcnn, mask2former])
def bare(request, data):
    """A config, and a checkpoint with random weights for it."""
    init_default_scope('mmdet')
    cfg = request.param(data)
    torch.manual_seed(1)
    model = MODELS.build(cfg.model)
    file = data / f'{cfg.model.type}.pth'
    meta = dict(dataset_meta=dict(classes=('near', 'far')))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), file)
    return cfg, str(file)


def same(first, second):
    for a, b in zip(first, second, strict=True):
        for name in ('pred_instances', 'pred_panoptic_seg'):
            assert (name in a) == (name in b)
            for key, value in a.get(name, {}).items():
                other = getattr(b.get(name), key)
                assert value.dtype == other.dtype
                assert torch.equal(value, other), (name, key)


def test_a_refiner_that_keeps_all_changes_nothing(bare):
    cfg, checkpoint = bare
    wrapped = refined(cfg, 'RefinedDetector', KEEPER)
    same(predictions(cfg, checkpoint), predictions(wrapped, checkpoint))


def test_masks_come_back_as_they_went(bare):
    cfg, checkpoint = bare
    wrapped = refined(cfg, 'RefinedDetector', CHANGER)
    before, after = (predictions(c, checkpoint) for c in (cfg, wrapped))
    changed = 0
    for a, b in zip(before, after, strict=True):
        masks = b.pred_instances.masks
        assert masks.dtype == torch.bool
        assert masks.shape[1:] == SIZE
        changed += (masks != a.pred_instances.masks).any().item()
        b.pred_instances.masks = a.pred_instances.masks
        if 'pred_panoptic_seg' in a:
            ids = b.pred_panoptic_seg.sem_seg
            assert ids.shape == (1, *SIZE)
            assert ids.dtype == torch.int32
            known = a.pred_panoptic_seg.sem_seg.unique()
            assert torch.isin(ids, known).all()
            b.pred_panoptic_seg = a.pred_panoptic_seg
    assert changed
    same(before, after)  # all else


def test_both_are_counted_in_one_pass(data):
    """With ``keep_coarse``, as if the bare model had been counted too."""
    init_default_scope('mmdet')
    cfg = mask_rcnn(data)
    metric = dict(
        type='segrefiner_mm.CocoBoundaryMetric',
        ann_file=str(data / 'coco.json'),
    )
    cfg.test_evaluator = cfg.val_evaluator = metric
    torch.manual_seed(1)
    bare = Runner.from_cfg(copy.deepcopy(cfg))
    weights = data / 'bare.pth'
    torch.save(bare.model.state_dict(), weights)
    alone = bare.test()
    wrapped = refined(cfg, 'RefinedDetector', CHANGER, keep_coarse=True)
    runner = Runner.from_cfg(wrapped)
    runner.load_checkpoint(str(weights))
    both = runner.test()
    assert len(both) == 2 * len(alone)
    for name, value in alone.items():
        assert both[name.replace('/', '/coarse_')] == value


def test_panoptic_maps_are_counted(data, tmp_path):
    """A perfect score where the truth is what mmdet has predicted."""
    init_default_scope('mmdet')
    cfg = mask2former(data)
    torch.manual_seed(1)
    model = MODELS.build(cfg.model)
    weights = tmp_path / 'weights.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), weights)
    samples = predictions(cfg, str(weights))
    names = 'near', 'far', 'ground'
    annotations = []
    (tmp_path / 'truth').mkdir()
    for sample in samples:
        ids = sample.pred_panoptic_seg.sem_seg[0].numpy()
        known = [i for i in np.unique(ids) if i % 1000 < len(names)]
        assert known
        picture = np.zeros((*ids.shape, 3), np.uint8)
        for number, ident in enumerate(known, 1):
            picture[ids == ident] = 0, 0, number  # red, the lowest byte
        file = f'{sample.img_id}.png'
        cv2.imwrite(str(tmp_path / 'truth' / file), picture)
        segments = [
            dict(id=number, category_id=int(ident % 1000) + 1)
            for number, ident in enumerate(known, 1)
        ]
        annotations.append(
            dict(
                image_id=sample.img_id, file_name=file, segments_info=segments
            )
        )
    categories = [
        dict(id=i, name=name, isthing=int(i < 3))
        for i, name in enumerate(names, 1)
    ]
    content = dict(annotations=annotations, categories=categories)
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    metric = PanopticBoundaryMetric(str(tmp_path / 'truth.json'))
    metric.process({}, [sample.to_dict() for sample in samples])
    figures = metric.evaluate(len(samples))
    assert figures['coco_panoptic/segm_PQ'] == 1
    assert figures['coco_panoptic/boundary_PQ'] == 1


def test_validation_and_test_loops_print_the_figures_of_the_bare_model(data):
    init_default_scope('mmdet')
    cfg = mask_rcnn(data)
    figures = []
    for wrapped in (False, True):
        run = refined(cfg, 'RefinedDetector', KEEPER) if wrapped else cfg
        torch.manual_seed(1)
        runner = Runner.from_cfg(copy.deepcopy(run))
        if not wrapped:
            weights = data / 'bare.pth'
            torch.save(runner.model.state_dict(), weights)
        runner.load_checkpoint(str(weights))
        figures.append([runner.test(), runner.val()])
    assert figures[0] == figures[1]
    assert 'coco/segm_mAP' in figures[0][0]


def test_mmdet_apis(bare, data):
    from mmdet.apis import DetInferencer, inference_detector, init_detector

    cfg, checkpoint = bare
    wrapped = refined(cfg, 'RefinedDetector', KEEPER)
    path = str(data / 'img' / '000.png')
    results = []
    for run in (cfg, wrapped):
        model = init_detector(copy.deepcopy(run), checkpoint, device='cpu')
        results.append([inference_detector(model, path)])
    same(*results)

    outputs = []
    for run in (cfg, wrapped):
        run = copy.deepcopy(run)
        run.visualizer = dict(type='DetLocalVisualizer', name=str(id(run)))
        inferencer = DetInferencer(run, checkpoint, device='cpu')
        for image in (path, cv2.imread(path)):
            expected = nullcontext()
            if run.model.get('refiner') and not isinstance(image, str):
                expected = pytest.warns(UserWarning, match='KeepOriginal')
            with expected:
                out = inferencer(image, return_datasamples=True)
            outputs.append(out['predictions'])
    same(outputs[0], outputs[2])
    same(outputs[1], outputs[3])


def wrapped_model(data, refiner=CHANGER, **options):
    init_default_scope('mmdet')
    cfg = refined(mask_rcnn(data), 'RefinedDetector', refiner, **options)
    torch.manual_seed(1)
    return cfg, MODELS.build(cfg.model).eval()


def first_batch(cfg):
    return next(iter(Runner.build_dataloader(cfg.test_dataloader)))


def test_only_what_was_asked_is_refined(data):
    cfg, bare_model = wrapped_model(data, KEEPER)
    before = bare_model.test_step(first_batch(cfg))[0].pred_instances
    scores = before.scores.sort(descending=True).values
    for options, count in (
        (dict(max_instances=0), 0),
        (dict(max_instances=2), 2),
        (dict(score_thr=scores[2].item()), 3),
    ):
        _, model = wrapped_model(data, CHANGER, **options)
        after = model.test_step(first_batch(cfg))[0].pred_instances
        assert torch.equal(after.scores, before.scores)
        same_mask = (after.masks == before.masks).flatten(1).all(1)
        best = before.scores.argsort(descending=True, stable=True)
        assert same_mask[best[count:]].all()
        assert not same_mask[best[:count]].any()


def test_boxes_follow_the_masks_if_asked(data):
    cfg, model = wrapped_model(data, update_boxes=True)
    found = model.test_step(first_batch(cfg))[0].pred_instances
    for mask, box in zip(found.masks, found.bboxes, strict=True):
        if mask.any():
            y, x = mask.nonzero(as_tuple=True)
            tight = Box(x.min(), y.min(), x.max() + 1, y.max() + 1)
            assert box.tolist() == [int(side) for side in tight]


def test_the_base_is_seen_through(data):
    _, model = wrapped_model(data)
    assert model.backbone is model.base.backbone
    assert model.with_mask
    assert model.roi_head is model.base.roi_head
    assert model.data_preprocessor is model.base.data_preprocessor
    with pytest.raises(AttributeError, match='nonsense'):
        _ = model.nonsense


def test_training_trains_the_base_alone(data):
    _, model = wrapped_model(data)
    model.train()
    assert model.base.training
    assert not model.refiner.training
    assert not any(p.requires_grad for p in model.refiner.parameters())
    assert any(p.requires_grad for p in model.base.parameters())
    before = {k: v.clone() for k, v in model.refiner.state_dict().items()}
    model.init_weights()
    for name, tensor in model.refiner.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_losses_are_those_of_the_base(data):
    cfg, model = wrapped_model(data)
    pipeline = cfg.test_dataloader.dataset.pipeline
    pipeline[3] = dict(type='PackDetInputs')
    cfg.test_dataloader.dataset.test_mode = False
    batch = first_batch(cfg)
    losses = []
    for part in (model, model.base):
        part.train()
        torch.manual_seed(0)
        seen = part.data_preprocessor(copy.deepcopy(batch), True)
        losses.append(part(**seen, mode='loss'))
    assert losses[0].keys() == losses[1].keys()
    assert losses[0]['loss_mask'] == losses[1]['loss_mask']


def test_checkpoints_of_both_kinds_load(data):
    _, model = wrapped_model(data)
    bare = model.base.state_dict()
    report = model.load_state_dict(dict(bare), strict=True)
    assert not report.missing_keys
    assert not report.unexpected_keys
    whole = {name: tensor + 1 for name, tensor in model.state_dict().items()}
    model.load_state_dict(whole)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, whole[name])


def test_a_refiner_without_weights_is_refused(data):
    cfg, model = wrapped_model(data, dict(KEEPER, checkpoint=None))
    with pytest.raises(InputError, match='no weights'):
        model.test_step(first_batch(cfg))
    model.load_state_dict(model.state_dict())  # now it has some
    model.test_step(first_batch(cfg))


@pytest.mark.parametrize(
    ('refiner', 'options', 'error', 'message'),
    [
        ('no-such-model', {}, InputError, 'segrefiner-tiny'),
        (dict(KEEPER, checkpoint='gone.pth'), {}, CheckpointError, 'gone.pth'),
        (
            dict(type='mmengine.ToyModel'),
            {},
            (InputError, KeyError),
            'SegRefiner|ToyModel',
        ),
        (KEEPER, dict(max_instances=-1), InputError, 'max_instances'),
        (KEEPER, dict(refine_cfg=dict(steps=3)), ValueError, 'steps'),
    ],
)
def test_mistakes_are_named(data, refiner, options, error, message):
    with pytest.raises(error, match=message):
        wrapped_model(data, refiner, **options)


def test_the_named_model_has_its_weights(data):
    cfg, model = wrapped_model(data, 'segrefiner-tiny')
    assert model.settings.guard is not None
    assert len(model.test_step(first_batch(cfg))) == 2


def test_a_detector_of_boxes_is_refused(data):
    init_default_scope('mmdet')
    cfg = mask_rcnn(data)
    cfg.model.type = 'FasterRCNN'
    cfg.model.roi_head.mask_head = cfg.model.roi_head.mask_roi_extractor = None
    cfg = refined(cfg, 'RefinedDetector', KEEPER)
    model = MODELS.build(cfg.model).eval()
    with pytest.raises(InputError, match='FasterRCNN predicts no masks'):
        model.test_step(first_batch(cfg))


@pytest.mark.parametrize('host', [mask_rcnn, solov2])
def test_images_without_detections(data, host):
    init_default_scope('mmdet')
    cfg = host(data)
    if host is mask_rcnn:
        cfg.model.test_cfg.rcnn.score_thr = 1.1
    cfg = refined(cfg, 'RefinedDetector', CHANGER)
    model = MODELS.build(cfg.model).eval()
    for sample in model.test_step(first_batch(cfg)):
        assert sample.pred_instances.masks.shape == (0, *SIZE)


def test_the_kept_image_is_used_and_not_stored(data):
    """With another picture in its place the refined masks differ."""
    cfg, model = wrapped_model(data)
    from_file = model.test_step(first_batch(cfg))
    pipeline = cfg.test_dataloader.dataset.pipeline
    pipeline.insert(1, dict(type='segrefiner_mm.KeepOriginalImage'))
    pipeline[-1]['meta_keys'] = (*pipeline[-1]['meta_keys'], 'ori_img')
    batch = first_batch(Config(dict(test_dataloader=cfg.test_dataloader)))
    swapped = copy.deepcopy(batch)
    kept = model.test_step(batch)
    same(from_file, kept)
    assert all('ori_img' not in sample for sample in kept)
    for sample in swapped['data_samples']:
        noise = np.random.default_rng(0).integers(0, 255, (*SIZE, 3))
        sample.set_metainfo(dict(ori_img=noise.astype(np.uint8)))
    other = model.test_step(swapped)
    assert not torch.equal(
        other[0].pred_instances.masks, kept[0].pred_instances.masks
    )


def test_padding_is_no_part_of_the_image():
    """As RTMDet-Ins pads: the shape counts the padding, the scale does not."""
    from mmengine.structures import BaseDataElement

    from segrefiner_mm.integrations.original_image import original_image

    image = np.full((50, 100, 3), 200, np.uint8)
    seen = torch.zeros(3, 256, 256)
    seen[:, :128, :256] = 200
    meta = dict(
        ori_shape=(50, 100), img_shape=(256, 256), scale_factor=(2.56, 2.56)
    )
    with pytest.warns(UserWarning, match='KeepOriginalImage'):
        found = original_image(
            BaseDataElement(metainfo=meta), seen, torch.nn.Identity(), True
        )
    np.testing.assert_array_equal(found, image)


def test_soft_maps_are_those_of_the_masks(bare):
    cfg, checkpoint = bare
    plain, soft = (
        predictions(
            refined(cfg, 'RefinedDetector', CHANGER, **more), checkpoint
        )
        for more in ({}, dict(refine_cfg=dict(soft=True)))
    )
    same(plain, [without_soft(sample) for sample in soft])
    assert soft[0].pred_instances.soft_masks.shape[1:] == SIZE


def without_soft(sample):
    """Check the soft maps of a sample; the sample without them."""
    sample = copy.deepcopy(sample)
    instances = sample.pred_instances
    values = instances.pop('soft_masks')
    assert values.dtype == torch.float32
    assert torch.equal(values >= 0.5, instances.masks)
    if 'pred_panoptic_seg' in sample:
        segments = sample.pred_panoptic_seg
        labels = torch.tensor(segments.soft_labels)
        highest = labels[segments.pop('soft').argmax(0)]
        assert torch.equal(highest, segments.sem_seg[0].long())
    return sample


def test_outside_nothing_changes(bare):
    cfg, checkpoint = bare
    free, held = (
        refined(cfg, 'RefinedDetector', CHANGER, only=only)
        for only in (None, (0, 0, 64, 96))
    )
    changed = 0
    for before, after, all_of_it in zip(
        *(predictions(c, checkpoint) for c in (cfg, held, free)), strict=True
    ):
        for name in ('pred_instances', 'pred_panoptic_seg'):
            if name not in before:
                continue
            field = 'masks' if name == 'pred_instances' else 'sem_seg'
            old, new, other = (
                getattr(sample.get(name), field)
                for sample in (before, after, all_of_it)
            )
            assert torch.equal(old[..., 64:], new[..., 64:])
            changed += (other[..., 64:] != old[..., 64:]).any().item()
    assert changed  # without the part


def test_errors_need_an_error_map(data):
    cfg = mask_rcnn(data)
    wrapped = refined(cfg, 'RefinedDetector', CHANGER, only='errors')
    init_default_scope('segrefiner_mm')
    with pytest.raises(InputError, match='segrefiner-lite'):
        MODELS.build(wrapped.model)
