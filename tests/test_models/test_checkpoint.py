"""Weights files: every form that must load, every one that must not."""

import logging
import pickle
import zipfile

import numpy as np
import pytest
import torch
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from safetensors.torch import load_file
from torch.utils.data import Dataset

from segrefiner_mm.errors import CheckpointError
from segrefiner_mm.models import checkpoint
from segrefiner_mm.models.checkpoint import (
    holds_weights,
    load_weights,
    read_state_dict,
    save_weights,
)
from segrefiner_mm.models.model_zoo import model_cfg
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.structures import RefineDataSample
from tests.helpers import GOLDEN, tiny_model_cfg

OFFICIAL = GOLDEN / 'tiny_upstream.pth'


@pytest.fixture
def fresh():
    return build_child(MODELS, tiny_model_cfg())


def same_weights(model, other):
    torch.testing.assert_close(
        dict(model.state_dict()), dict(other.state_dict()), rtol=0, atol=0
    )


@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
def test_round_trip(tiny_model, fresh, tmp_path, suffix):
    path = tmp_path / f'ours{suffix}'
    save_weights(tiny_model.state_dict(), path)
    load_weights(fresh, path)
    same_weights(fresh, tiny_model)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_constructor_loads_weights(tiny_model):
    cfg = dict(tiny_model_cfg(), checkpoint=str(OFFICIAL))
    same_weights(build_child(MODELS, cfg), tiny_model)


def test_official_weights_load_through_load_state_dict(tiny_model, fresh):
    stored = torch.load(OFFICIAL, weights_only=True)['state_dict']
    fresh.load_state_dict(stored)
    same_weights(fresh, tiny_model)


class TwoWindows(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        masks = torch.zeros(1, 32, 32, dtype=torch.bool)
        masks[:, :16] = True
        sample = RefineDataSample(metainfo=dict(noise_seed=index))
        sample.gt_instances = InstanceData(masks=masks)
        sample.coarse_instances = InstanceData(masks=masks.roll(3, 1))
        image = torch.full((3, 32, 32), 100, dtype=torch.uint8)
        return dict(inputs=image, data_samples=sample)


def test_checkpoint_of_the_runner(tiny_model, fresh, tmp_path):
    """An official checkpoint loads by ``load_from``; what a real training run
    then stores, its logs included, loads without executing code.
    """
    runner = Runner(
        model=build_child(MODELS, tiny_model_cfg()),
        work_dir=str(tmp_path),
        train_dataloader=dict(
            batch_size=2,
            dataset=TwoWindows(),
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        train_cfg=dict(by_epoch=False, max_iters=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=2, by_epoch=False)
        ),
        load_from=str(OFFICIAL),
        default_scope='segrefiner_mm',
        experiment_name='weights',
    )
    runner.train()
    load_weights(fresh, tmp_path / 'iter_2.pth')
    same_weights(fresh, tiny_model)


def test_half_precision_file_fills_a_float32_model(
    tiny_model, fresh, tmp_path
):
    half = {n: t.half() for n, t in tiny_model.state_dict().items()}
    save_weights(half, tmp_path / 'half.safetensors')
    load_weights(fresh, tmp_path / 'half.safetensors')
    weight = fresh.head.denoiser.time_embed.weight
    assert weight.dtype == torch.float32
    expected = tiny_model.head.denoiser.time_embed.weight
    torch.testing.assert_close(weight, expected, rtol=1e-3, atol=1e-4)


def test_bundled_weights_load_by_name():
    names = read_state_dict('segrefiner-tiny')
    assert 'head.denoiser.time_embed.weight' in names


def test_other_keys_are_named(fresh, tmp_path):
    state_dict = dict(fresh.state_dict())
    state_dict['backbone.conv1.weight'] = torch.zeros(1)
    del state_dict['head.denoiser.time_embed.weight']
    state_dict['head.denoiser.out.2.bias'] = torch.zeros(7)
    torch.save(dict(state_dict=state_dict), tmp_path / 'other.pth')
    with pytest.raises(CheckpointError) as caught:
        load_weights(fresh, tmp_path / 'other.pth')
    message = str(caught.value)
    assert 'missing: head.denoiser.time_embed.weight' in message
    assert 'unknown: backbone.conv1.weight' in message
    assert 'head.denoiser.out.2.bias: (7,) in the file, (1,)' in message


def test_weights_of_another_model_are_refused_by_the_runner(fresh):
    with pytest.raises(CheckpointError, match=r'missing: .* in all'):
        fresh.load_state_dict({'backbone.conv1.weight': torch.zeros(1)})


def test_as_a_part_of_another_model(fresh):
    """Its weights may be absent; if they are there, they must fit."""
    whole = torch.nn.ModuleDict(
        dict(base=torch.nn.Linear(1, 1), refiner=fresh)
    )
    base = {f'base.{n}': t for n, t in whole['base'].state_dict().items()}
    missing, _ = whole.load_state_dict(base, strict=False)
    assert all(name.startswith('refiner.') for name in missing)
    odd = {**base, 'refiner.nonsense': torch.zeros(1)}
    assert whole.load_state_dict(odd, strict=False).unexpected_keys == [
        'refiner.nonsense'
    ]
    whole.load_state_dict(whole.state_dict())
    with pytest.raises(CheckpointError, match='unknown: nonsense'):
        whole.load_state_dict(odd)


@pytest.mark.parametrize('length', [0, 10, 2000, 1_000_000])
@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_truncated_files_are_refused(
    tiny_model, fresh, tmp_path, suffix, length
):
    path = tmp_path / f'whole{suffix}'
    save_weights(tiny_model.state_dict(), path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CheckpointError, match='whole'):
        load_weights(fresh, path)


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), 'w')


class EvilGetattr:
    """Walks to the builtins over the one class that logs need."""

    def __reduce__(self):
        from mmengine.logging.history_buffer import HistoryBuffer

        return getattr, (HistoryBuffer, '__init__')


@pytest.mark.parametrize('legacy', [True, False])
def test_code_in_a_checkpoint_is_not_executed(fresh, tmp_path, legacy):
    path, trace = tmp_path / 'evil.pth', tmp_path / 'executed'
    content = dict(state_dict={'a': torch.zeros(1)}, meta=Evil(trace))
    if legacy:
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path)
    with pytest.raises(CheckpointError, match='without executing'):
        load_weights(fresh, path)
    assert not trace.exists()


def test_getattr_in_a_checkpoint_is_confined(fresh, tmp_path):
    torch.save(dict(state_dict={}, x=EvilGetattr()), tmp_path / 'evil.pth')
    with pytest.raises(CheckpointError, match='without executing'):
        load_weights(fresh, tmp_path / 'evil.pth')


@pytest.mark.parametrize('core', [b'numpy.core', b'numpy._core'])
def test_numpy_scalars_of_every_numpy(tiny_model, fresh, tmp_path, core):
    """Best scores that hooks keep, under the names of numpy 1 and 2."""
    content = dict(
        state_dict=tiny_model.state_dict(), meta=dict(best=np.float64(0.5))
    )
    torch.save(content, tmp_path / 'new.pth')
    with zipfile.ZipFile(tmp_path / 'new.pth') as old:
        parts = {name: old.read(name) for name in old.namelist()}
    [pickled] = [name for name in parts if name.endswith('data.pkl')]
    parts[pickled] = parts[pickled].replace(b'numpy._core', core)
    with zipfile.ZipFile(tmp_path / 'best.pth', 'w') as file:
        for name, part in parts.items():
            file.writestr(name, part)
    load_weights(fresh, tmp_path / 'best.pth')
    same_weights(fresh, tiny_model)


@pytest.mark.parametrize(
    'content', [dict(), [1, 2], dict(state_dict=dict(epoch=3))]
)
def test_files_without_weights_are_refused(fresh, tmp_path, content):
    torch.save(content, tmp_path / 'empty.pth')
    with pytest.raises(
        CheckpointError, match=r'(holds no|does not hold) weights'
    ):
        load_weights(fresh, tmp_path / 'empty.pth')


def test_weights_that_are_no_numbers_are_refused_whatever_the_way(fresh):
    weights = fresh.state_dict()
    weights['head.denoiser.out.2.bias'].fill_(float('inf'))
    for strict in (True, False):
        with pytest.raises(CheckpointError, match=r'in: .*out\.2\.bias'):
            fresh.load_state_dict(weights, strict=strict)


def test_not_strict_reports_what_differs(tiny_model, fresh):
    """As PyTorch says; official names are translated all the same."""
    stored = torch.load(OFFICIAL, weights_only=True)['state_dict']
    del stored['denoise_model.out.2.weight']
    left_out = 'head.denoiser.out.2.weight'
    stored['backbone.conv1.weight'] = torch.zeros(1)
    missing, unknown = fresh.load_state_dict(stored, strict=False)
    assert missing == [left_out]
    assert unknown == ['backbone.conv1.weight']
    expected = dict(tiny_model.state_dict())
    expected[left_out] = fresh.state_dict()[left_out]
    torch.testing.assert_close(dict(fresh.state_dict()), expected)
    with pytest.raises(CheckpointError, match='unknown: backbone'):
        fresh.load_state_dict(stored)
    stored['denoise_model.out.2.bias'] = torch.zeros(7)
    with pytest.raises(RuntimeError, match='size mismatch'):
        fresh.load_state_dict(stored, strict=False)


def test_a_runner_is_strict(fresh):
    """Where mmengine itself would only log what is missing."""
    from mmengine.runner.checkpoint import load_state_dict

    with pytest.raises(CheckpointError, match=r'missing: .* in all'):
        load_state_dict(fresh, {'a.b': torch.zeros(1)}, strict=False)


def test_missing_file(fresh, tmp_path):
    with pytest.raises(CheckpointError, match=r'not found: .*nothing\.pth'):
        load_weights(fresh, tmp_path / 'nothing.pth')


def test_other_suffixes_are_not_written(tiny_model, tmp_path):
    with pytest.raises(CheckpointError, match=r'\.safetensors or \.pth'):
        save_weights(tiny_model.state_dict(), tmp_path / 'weights.bin')
    assert not list(tmp_path.iterdir())


def test_bundled_file_holds_float16_tensors():
    from segrefiner_mm.models.checkpoint import BUNDLED

    tensors = load_file(BUNDLED['segrefiner-tiny'])
    assert {t.dtype for t in tensors.values()} == {torch.float16}


def test_the_bundled_weights_are_known_by_their_values():
    """Wherever they were loaded from, and no longer after a change."""
    model = build_child(MODELS, model_cfg('segrefiner-tiny'))
    assert holds_weights(model, 'segrefiner-tiny')
    assert not holds_weights(model, 'segrefiner-lr')
    with torch.no_grad():
        next(model.head.parameters()).view(-1)[0] += 1e-3
    assert not holds_weights(model, 'segrefiner-tiny')


def test_the_licence_of_bundled_weights_is_logged_once(caplog):
    checkpoint._tell_licence.cache_clear()
    with caplog.at_level(logging.INFO, logger='segrefiner_mm'):
        read_state_dict('segrefiner-lite')
        read_state_dict('segrefiner-tiny')
    [record] = [r for r in caplog.records if r.name == 'segrefiner_mm']
    assert 'non-commercial' in record.getMessage()
