"""Real segmentors of mmseg, bare and refined, in every entry point."""

import copy

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner

from segrefiner_mm.integrations.original_image import original_image
from segrefiner_mm.integrations.refined_segmentor import (
    mirror_probs,
    swap_logits,
)
from tests.test_integrations.hosts import (
    CHANGER,
    KEEPER,
    SIZE,
    need_hosts,
    predictions,
    refined,
    segmentor,
    write_scenes,
)

need_hosts()


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return write_scenes(tmp_path_factory.mktemp('scenes') / 'data')


@pytest.fixture(scope='module', params=['three classes', 'binary'])
def bare(request, data):
    """A config, and a checkpoint with random weights for it."""
    init_default_scope('mmseg')
    cfg = segmentor(data, binary=request.param == 'binary')
    torch.manual_seed(1)
    model = MODELS.build(cfg.model)
    torch.nn.init.normal_(model.decode_head.conv_seg.weight)
    file = data / f'{request.param}.pth'
    # About half of the pixels reach the threshold of the binary model.
    torch.nn.init.constant_(model.decode_head.conv_seg.bias, -0.85)
    classes = list(cfg.test_dataloader.dataset.metainfo.classes)
    palette = list(cfg.test_dataloader.dataset.metainfo.palette)
    meta = dict(dataset_meta=dict(classes=classes, palette=palette))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), file)
    return cfg, str(file)


def same(first, second):
    for a, b in zip(first, second, strict=True):
        for name in ('pred_sem_seg', 'seg_logits'):
            left, right = getattr(a, name).data, getattr(b, name).data
            assert left.dtype == right.dtype
            assert torch.equal(left, right), name


def test_a_refiner_that_keeps_all_changes_nothing(bare):
    cfg, checkpoint = bare
    wrapped = refined(cfg, 'RefinedSegmentor', KEEPER)
    before = predictions(cfg, checkpoint)
    assert len(before[0].pred_sem_seg.data.unique()) > 1
    same(before, predictions(wrapped, checkpoint))


def test_labels_and_logits_agree(bare):
    cfg, checkpoint = bare
    wrapped = refined(cfg, 'RefinedSegmentor', CHANGER)
    before, after = (predictions(c, checkpoint) for c in (cfg, wrapped))
    changed = 0
    for a, b in zip(before, after, strict=True):
        labels, logits = b.pred_sem_seg.data, b.seg_logits.data
        assert labels.shape == (1, *SIZE)
        assert labels.dtype == a.pred_sem_seg.data.dtype
        if len(logits) > 1:
            assert torch.equal(logits.argmax(0), labels[0])
        else:
            assert torch.equal((logits > 0.3).to(labels), labels)
        where = labels != a.pred_sem_seg.data
        stays = ~where.expand_as(logits)
        assert torch.equal(logits[stays], a.seg_logits.data[stays])
        changed += int(where.sum())
    assert changed


def test_validation_and_test_loops(data, bare):
    cfg, checkpoint = bare
    figures = []
    for run in (cfg, refined(cfg, 'RefinedSegmentor', KEEPER)):
        runner = Runner.from_cfg(copy.deepcopy(run))
        runner.load_checkpoint(checkpoint)
        figures.append([runner.test(), runner.val()])
    assert figures[0] == figures[1]


def test_both_are_counted_in_one_pass(bare):
    """The mIoU is mmseg's, which rounds it; coarse is the bare model's."""
    cfg, checkpoint = bare
    figures = []
    for wrap in (False, True):
        run = copy.deepcopy(cfg)
        if wrap:
            run = refined(run, 'RefinedSegmentor', CHANGER, keep_coarse=True)
        metric = dict(type='segrefiner_mm.SemanticBoundaryMetric')
        run.test_evaluator = [run.test_evaluator, metric]
        runner = Runner.from_cfg(run)
        runner.load_checkpoint(checkpoint)
        figures.append(runner.test())
    alone, both = figures
    for found in figures:
        mean = found['semantic/mIoU']
        assert 100 * mean == pytest.approx(found['mIoU'], abs=0.006)
    for name in ('mIoU', 'boundary_mIoU'):
        coarse = both[f'semantic/coarse_{name}']
        assert coarse == alone[f'semantic/{name}']
        assert coarse != both[f'semantic/{name}']


def test_mmseg_apis(bare, data):
    from mmseg.apis import MMSegInferencer, inference_model, init_model

    cfg, checkpoint = bare
    path = str(data / 'img' / '000.png')
    results = []
    for run in (cfg, refined(cfg, 'RefinedSegmentor', KEEPER)):
        model = init_model(copy.deepcopy(run), checkpoint, device='cpu')
        results.append([inference_model(model, path)])
    same(*results)

    outputs = []
    for run in (cfg, refined(cfg, 'RefinedSegmentor', KEEPER)):
        run = copy.deepcopy(run)
        run.visualizer = dict(type='SegLocalVisualizer', name=str(id(run)))
        inferencer = MMSegInferencer(run, checkpoint, device='cpu')
        for image in (path, cv2.imread(path)):
            outputs.append([inferencer(image, return_datasamples=True)])
    same(outputs[0], outputs[2])
    same(outputs[1], outputs[3])


@pytest.mark.parametrize('refiner', [KEEPER, CHANGER])
def test_time_augmentation(bare, data, refiner):
    """As ``tools/test.py --tta`` of mmseg wraps a model."""
    cfg, checkpoint = bare
    merged = []
    for run in (cfg, refined(cfg, 'RefinedSegmentor', refiner)):
        run = copy.deepcopy(run)
        dataset = run.test_dataloader.dataset
        dataset.pipeline = [
            dict(type='LoadImageFromFile'),
            dict(
                type='TestTimeAug',
                transforms=[
                    [dict(type='Resize', scale=(160, 120), keep_ratio=True)],
                    [
                        dict(type='RandomFlip', prob=0.0),
                        dict(type='RandomFlip', prob=1.0),
                    ],
                    [dict(type='PackSegInputs')],
                ],
            ),
        ]
        run.model = ConfigDict(type='SegTTAModel', module=run.model)
        run.load_from = None
        run.test_evaluator = run.val_evaluator = []
        runner = Runner.from_cfg(run)
        runner.model.module.load_state_dict(
            torch.load(checkpoint)['state_dict']
        )
        loader = runner.build_dataloader(run.test_dataloader)
        runner.model.eval()
        with torch.no_grad():
            merged.append(runner.model.test_step(next(iter(loader))))
    pairs = zip(*merged, strict=True)
    equal = [
        torch.equal(a.pred_sem_seg.data, b.pred_sem_seg.data) for a, b in pairs
    ]
    if cfg.model.decode_head.get('out_channels') == 1:
        return  # mmseg takes the sigmoid twice: all is foreground
    assert all(equal) == (refiner is KEEPER)


def test_flipped_views_are_refined_upright(data):
    """The prediction of a flipped view is upright, so is its image."""
    from mmseg.structures import SegDataSample

    image = cv2.imread(str(data / 'img' / '000.png'))
    meta = dict(
        img_path=str(data / 'img' / '000.png'),
        ori_shape=SIZE,
        flip=True,
        flip_direction='horizontal',
    )
    for flipped, expected in ((False, image), (True, image[:, ::-1])):
        sample = SegDataSample(metainfo=meta)
        seen = torch.zeros(3, *SIZE)
        found = original_image(sample, seen, torch.nn.Identity(), flipped)
        np.testing.assert_array_equal(found, expected)


def test_swapped_logits_keep_their_values():
    logits = torch.tensor([3.0, 1.0, 2.0])[:, None, None].repeat(1, 1, 2)
    before, after = torch.tensor([[0, 0]]), torch.tensor([[2, 0]])
    swap_logits(logits, before, after)
    assert logits[:, 0].T.tolist() == [[2, 1, 3], [3, 1, 2]]


def test_mirrored_probabilities_cross_the_threshold():
    probs = torch.tensor([[0.0, 0.15, 0.3, 1.0, 0.65, 0.31]])
    before = (probs > 0.3).long()
    mirrored = probs.clone()
    mirror_probs(mirrored, before, 1 - before, 0.3)
    assert torch.equal((mirrored > 0.3).long(), 1 - before)
    expected = torch.tensor([[1.0, 0.65, 0.3, 0.0, 0.15]])
    torch.testing.assert_close(mirrored[:, :5], expected)
    mirror_probs(probs, before, before, 0.3)
    assert probs[0, 1] == 0.15


def test_soft_maps_and_parts(bare, data):
    cfg, checkpoint = bare
    plain, soft, held = (
        predictions(
            refined(cfg, 'RefinedSegmentor', CHANGER, **more), checkpoint
        )
        for more in (
            {},
            dict(refine_cfg=dict(soft=True)),
            dict(only=(0, 0, 64, 96)),
        )
    )
    coarse = predictions(cfg, checkpoint)
    for before, after, probs, part in zip(
        coarse, plain, soft, held, strict=True
    ):
        seg = probs.pred_sem_seg
        assert torch.equal(seg.data, after.pred_sem_seg.data)
        labels = torch.tensor(seg.soft_labels)
        highest = labels[seg.soft.argmax(0)]
        assert torch.equal(highest, seg.data[0].long())
        old, new = before.pred_sem_seg.data, part.pred_sem_seg.data
        assert torch.equal(old[..., 64:], new[..., 64:])
