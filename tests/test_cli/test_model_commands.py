"""``export``, ``env`` and ``--runtime``."""

import json
import sys

import cv2
import numpy as np
import pytest

from segrefiner_mm.cli.main import main
from tests.helpers import iou


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.delenv('SEGREFINER_RUNTIME')


def test_export(tmp_path, capsys):
    pytest.importorskip('onnx')
    assert main(['export', str(tmp_path / 'out')]) == 0
    encode, step = capsys.readouterr().out.splitlines()
    assert encode.startswith(f'{tmp_path}/out/encode.onnx: 13.')
    assert step.startswith(f'{tmp_path}/out/step.onnx: 0.')
    assert main(['export', str(tmp_path / 'out')]) == 2
    error = capsys.readouterr().err
    assert error.startswith('segrefiner: error: ')
    assert 'step.onnx exists' in error
    assert main(['export', str(tmp_path / 'out'), '--overwrite']) == 0


def test_export_without_the_package(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    assert main(['export', str(tmp_path / 'out')]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "pip install 'segrefiner_mm[onnx]'" in line
    assert not (tmp_path / 'out').exists()


def test_runtimes_refine_alike_and_env_tells_the_choice(
    tmp_path, scene, capsys
):
    for package in ('onnx', 'onnxruntime', 'openvino'):
        pytest.importorskip(package)
    image, _, coarse = scene
    cv2.imwrite(str(tmp_path / 'photo.png'), image)
    cv2.imwrite(str(tmp_path / 'mask.png'), coarse * np.uint8(255))
    masks = {}
    for runtime in ('torch', 'onnxruntime', 'openvino', 'auto'):
        out = tmp_path / f'{runtime}.png'
        files = [str(tmp_path / name) for name in ('photo.png', 'mask.png')]
        options = ['-o', str(out), '--runtime', runtime]
        assert main(['refine', *files, *options]) == 0
        masks[runtime] = cv2.imread(str(out), cv2.IMREAD_GRAYSCALE) > 0
        assert iou(masks[runtime], masks['torch']) >= 0.999
    assert iou(masks['torch'], coarse) < 0.98
    capsys.readouterr()
    assert main(['env', '--json']) == 0
    described = json.loads(capsys.readouterr().out)
    [choice] = described['runtimes']
    assert np.array_equal(masks['auto'], masks[choice['runtime']])
    assert set(choice['seconds']) == {'torch', 'onnxruntime', 'openvino'}
    assert described['versions']['python'] == sys.version.split()[0]
    assert main(['env']) == 0
    text = capsys.readouterr().out
    chosen = f'auto chose     {choice["runtime"]} for DenoiseLiteUNet (torch '
    assert chosen in text
    # Those of another processor, or of other packages, are not used, nor told.
    [file] = (tmp_path / 'cache/segrefiner_mm/runtimes').iterdir()
    processor = dict(choice['machine'], processor='Other')
    older = dict(choice['versions'], torch='0')
    fewer = {k: v for k, v in choice['versions'].items() if k != 'openvino'}
    for change in (
        dict(machine=processor),
        dict(versions=older),
        dict(versions=fewer),
    ):
        file.write_text(json.dumps(choice | change))
        assert main(['env']) == 0
        text = capsys.readouterr().out
        assert 'auto will time torch, onnxruntime, openvino, when a m' in text


def test_env_without_other_packages(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv('SEGREFINER_RUNTIME', 'torch')
    assert main(['env']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f'cache          {tmp_path}/cache/segrefiner_mm' in lines
    assert 'auto is set to torch' in lines
    assert not [line for line in lines if line.startswith('auto chose')]


def test_env_where_only_pytorch_is_installed(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    assert main(['env']) == 0
    assert (
        "\nauto chooses   torch; install '.[onnx]'" in capsys.readouterr().out
    )


def test_env_passes_over_a_damaged_choice(capsys, tmp_path):
    folder = tmp_path / 'cache' / 'segrefiner_mm' / 'runtimes'
    folder.mkdir(parents=True)
    (folder / 'a.json').write_text('{"runtime": "torch"}')
    assert main(['env']) == 0
    assert 'auto chose ' not in capsys.readouterr().out


def test_an_unknown_runtime(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(['refine', 'a', 'b', '-o', 'c', '--runtime', 'tensorrt'])
    assert stopped.value.code == 2
    assert 'tensorrt' in capsys.readouterr().err
