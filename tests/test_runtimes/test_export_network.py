"""Exported files alone refine as the package does."""

import json

import numpy as np
import pytest
import torch

from segrefiner_mm.apis import ExportOptions, export_onnx
from segrefiner_mm.errors import InputError
from segrefiner_mm.models.build_refiner import build_refiner, resolve_model

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')


@pytest.fixture(scope='module')
def lite(tmp_path_factory):
    return export_onnx(tmp_path_factory.mktemp('lite') / 'exported')


def test_two_files_and_the_formulas_of_the_paper_refine_a_window(lite):
    """The reverse chain in NumPy, from what the files say, without noise."""
    encode, step = (onnxruntime.InferenceSession(path) for path in lite)
    about = json.loads(
        step.get_modelmeta().custom_metadata_map['segrefiner_mm']
    )
    assert about['channels'] == 'RGB'
    assert about['model_size'] % about['stride'] == 0
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (1, 3, 96, 64)).astype(np.float32)
    mean, std = (
        np.reshape(about[name], (3, 1, 1)) for name in ('mean', 'std')
    )
    images = ((pixels - mean) / std).astype(np.float32)
    coarse = np.zeros((1, 1, 96, 64), np.float32)
    coarse[..., 20:70, 10:50] = 1
    names = [output.name for output in encode.get_outputs()]
    context = dict(
        zip(
            names,
            encode.run(None, dict(images=images, coarse=coarse)),
            strict=True,
        )
    )
    needed = {i.name for i in step.get_inputs()} - {'masks', 'timestep'}
    context = {name: context[name] for name in needed}
    masks, fine = coarse, np.zeros_like(coarse)
    timesteps = about['timesteps']
    for at, following in zip(timesteps, [*timesteps[1:], -1], strict=True):
        t = np.array([at])
        [logits] = step.run(None, dict(context, masks=masks, timestep=t))
        sure = 2 * np.abs(1 / (1 + np.exp(-logits)) - 0.5)
        now = about['fine_probs'][at]
        then = 1.0 if following < 0 else about['fine_probs'][following]
        turns = sure * (then - now) / (1 - sure * now)
        fine = fine + (1 - fine) * turns
        masks = np.where(fine > 0.5, logits >= 0, coarse).astype(np.float32)

    model = build_refiner(*resolve_model('segrefiner-lite', None), 'cpu')
    rgb = torch.from_numpy(pixels)
    expected = model.head.sample(
        model.data_preprocessor.normalize(rgb.flip(1)),
        torch.from_numpy(coarse),
        model.head.scheduler.spread(model.settings().num_steps),
    )
    probs = torch.from_numpy(1 / (1 + np.exp(-logits)))
    assert len(timesteps) == 2
    assert about['edge_reach'] == model.settings().edge_reach
    torch.testing.assert_close(probs, expected.probs, rtol=0, atol=1e-3)


def test_a_file_has_its_encoder_beside_it(tmp_path, lite):
    paths = export_onnx(tmp_path / 'mine.onnx')
    assert [p.name for p in paths] == ['mine_encode.onnx', 'mine.onnx']
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in lite]


def test_a_network_of_one_part(tmp_path):
    options = ExportOptions('segrefiner-tiny')
    [path] = export_onnx(tmp_path / 'tiny.onnx', options)
    assert path.name == 'tiny.onnx'
    inputs = onnxruntime.InferenceSession(path).get_inputs()
    assert [i.name for i in inputs] == ['images', 'masks', 'timestep']
    with pytest.raises(InputError, match=r'tiny.onnx exists: overwrite it'):
        export_onnx(path, options)
    before = path.read_bytes()
    path.write_text('not this')
    export_onnx(path, ExportOptions('segrefiner-tiny', overwrite=True))
    assert path.read_bytes() == before


def test_the_encoder_of_another_network_does_not_stay_beside(tmp_path):
    (tmp_path / 'encode.onnx').write_text('of another network')
    options = ExportOptions('segrefiner-tiny', overwrite=True)
    with pytest.raises(InputError, match=r'encode.onnx is of another'):
        export_onnx(tmp_path, options)
    assert not (tmp_path / 'step.onnx').exists()


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / 'there').write_text('a file')
    with pytest.raises(InputError, match=r'name a folder, or a .onnx file'):
        export_onnx(tmp_path / 'there')
