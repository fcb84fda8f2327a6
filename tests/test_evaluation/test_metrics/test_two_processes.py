"""Two gloo processes give what one gives, bit by bit."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from mmengine.dataset import DefaultSampler, pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData, PixelData
from torch.utils.data import DataLoader

from segrefiner_mm.evaluation import (
    CocoBoundaryMetric,
    LVISBoundaryMetric,
    MaskQualityMetric,
    PanopticBoundaryMetric,
    SemanticBoundaryMetric,
)
from segrefiner_mm.io.rle import encode_mask
from tests.helpers import blocky, draw_object
from tests.test_evaluation.test_metrics import (
    test_panoptic_boundary_metric as panoptic,
)

IMAGES = 5  # of which the second process gets two, and the first again
CLASSES = ('cat', 'dog', 'grass')


def make_samples():
    """Masks, label maps and panoptic maps of every image."""
    rng = np.random.default_rng(1)
    samples = []
    for index in range(IMAGES):
        true = [draw_object(rng, 60, 90)[1] for _ in range(2)]
        coarse = [blocky(mask) for mask in true]
        sample = panoptic.sample(index, coarse=index, pred=index // 2)
        for name, masks in (('gt', true), ('coarse', coarse), ('pred', true)):
            found = InstanceData(
                masks=torch.from_numpy(np.stack(masks) > 0).roll(index, 1)
            )
            found.scores = torch.tensor([0.9, 0.3 + 0.1 * index])
            found.labels = torch.tensor([0, index % 2])
            sample.set_field(found, f'{name}_instances')
            labels = found.masks.sum(0, keepdim=True)
            sample.set_field(PixelData(data=labels), f'{name}_sem_seg')
        samples.append(sample)
    return samples


def write_annotations(folder, samples):
    """The true masks in COCO's format, with what LVIS adds."""
    panoptic.write(folder, 'panoptic', dict.fromkeys(range(IMAGES), 0))
    content = dict(images=[], annotations=[])
    content['categories'] = [
        dict(id=i, name=n, frequency='f') for i, n in enumerate(CLASSES)
    ]
    lists = dict(neg_category_ids=[], not_exhaustive_category_ids=[])
    for sample in samples:
        found = sample.gt_instances
        content['images'].append(
            dict(id=sample.img_id, height=60, width=90, **lists)
        )
        for mask, label in zip(found.masks, found.labels, strict=True):
            content['annotations'].append(
                dict(
                    id=len(content['annotations']) + 1,
                    image_id=sample.img_id,
                    category_id=int(label),
                    iscrowd=0,
                    area=int(mask.sum()),
                    bbox=[0, 0, 90, 60],
                    segmentation=encode_mask(mask.numpy()),
                )
            )
    (folder / 'coco.json').write_text(json.dumps(content))


def evaluate(folder):
    """Figures of the process group that this process is in."""
    samples = make_samples()
    annotations = str(folder / 'coco.json')
    metrics = [
        CocoBoundaryMetric(annotations, classwise=True),
        LVISBoundaryMetric(annotations),
        MaskQualityMetric(dis=find_spec('py_sod_metrics') is not None),
        SemanticBoundaryMetric(classwise=True),
        PanopticBoundaryMetric(str(folder / 'panoptic.json')),
    ]
    evaluator = Evaluator(metrics)
    evaluator.dataset_meta = dict(classes=CLASSES)
    loader = DataLoader(
        range(IMAGES),
        batch_size=2,
        sampler=DefaultSampler(range(IMAGES), shuffle=False, round_up=True),
        collate_fn=pseudo_collate,
    )
    for batch in loader:
        evaluator.process([samples[index].clone() for index in batch])
    return evaluator.evaluate(IMAGES)


def run_process(rank, folder):
    torch.distributed.init_process_group(
        'gloo', f'file://{folder}/meeting', rank=rank, world_size=2
    )
    figures = evaluate(folder)
    (folder / f'{rank}.json').write_text(json.dumps(figures))
    torch.distributed.destroy_process_group()


@pytest.fixture
def folder(tmp_path):
    write_annotations(tmp_path, make_samples())
    return tmp_path


def test_two_processes_give_what_one_gives(folder):
    alone = json.loads(json.dumps(evaluate(folder)))
    mp.spawn(run_process, (folder,), nprocs=2)
    for rank in (0, 1):
        found = json.loads((folder / f'{rank}.json').read_text())
        assert found == alone
    prefixes = {name.partition('/')[0] for name in alone}
    assert prefixes == {'coco', 'lvis', 'refine', 'semantic', 'coco_panoptic'}
