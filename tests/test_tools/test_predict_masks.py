"""Masks that networks of one layer predict."""

import importlib

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from tests.helpers import ROOT

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

TOOL = ROOT / 'tools' / 'dataset_tools' / 'predict_masks.py'
SIDE = 32


@pytest.fixture
def run(monkeypatch):
    """The command, in this process."""
    monkeypatch.syspath_prepend(TOOL.parent)
    tool = importlib.import_module('predict_masks')
    return lambda *options: tool.main(list(map(str, options)))


def write_network(file, weight):
    """A convolution of 1 x 1: a weight per output and colour, (C, 3)."""
    weight = np.asarray(weight, np.float32)[:, :, None, None]
    shapes = [1, 3, SIDE, SIDE], [1, len(weight), SIDE, SIDE]
    entry, exit_ = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in zip(('rgb', 'map'), shapes, strict=True)
    )
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node('Conv', ['rgb', 'weight'], ['map'])],
        'one_layer',
        [entry],
        [exit_],
        [onnx.numpy_helper.from_array(weight, 'weight')],
    )
    opset = onnx.helper.make_opsetid('', 17)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
    onnx.save(model, str(file))
    return file


@pytest.fixture
def pairs(tmp_path):
    """A red square, a blue one, and a red one whose true mask is elsewhere."""
    for folder in ('images', 'masks'):
        (tmp_path / folder).mkdir()
    text = []
    square = np.s_[30:90, 40:120]
    for name, channel in (('red', 2), ('blue', 0), ('elsewhere', 2)):
        image, mask = np.zeros((120, 160, 3), np.uint8), np.zeros((120, 160))
        image[square][..., channel] = 255
        mask[np.s_[:20, :20] if name == 'elsewhere' else square] = 255
        cv2.imwrite(str(tmp_path / 'images' / f'{name}.png'), image)
        cv2.imwrite(str(tmp_path / 'masks' / f'{name}.png'), mask)
        text.append(f'images/{name}.png\tmasks/{name}.png\n')
    file = tmp_path / 'pairs.tsv'
    file.write_text(''.join(text))
    return file


@pytest.mark.parametrize(
    ('weight', 'expected'),
    [
        ([[1, 0, 0]], {'red'}),  # a map that is high where it is red
        ([[1, 0, 1]], {'red', 'blue'}),
        ([[1, 0, 0], [0, 0, 1]], {'blue'}),  # classes: red, blue
        ([[0, 0, 0], [0, 1, 0]], set()),  # nothing is green
    ],
)
def test_masks_of_the_object_are_written(
    weight, expected, run, pairs, tmp_path
):
    out, listed = tmp_path / 'out', tmp_path / 'lists' / 'with_masks.tsv'
    network = write_network(tmp_path / 'network.onnx', weight)
    zero = ['--mean', 0, 0, 0, '--std', 1, 1, 1]
    status = run(pairs, network, out, '--list', listed, *zero)
    assert status == (0 if expected else 2)
    assert {path.stem for path in out.glob('*.png')} == expected
    for name in expected:
        mask = cv2.imread(str(out / f'{name}.png'), cv2.IMREAD_UNCHANGED)
        true = cv2.imread(str(pairs.parent / 'masks' / f'{name}.png'), 0)
        assert mask.shape == true.shape
        assert set(np.unique(mask)) == {0, 255}
        # It saw 32 x 32 pixels, so an edge may be off by two or three.
        assert np.mean(mask == true) > 0.93
    rows = [line.split('\t') for line in listed.read_text().splitlines()]
    for row, name in zip(rows, ('red', 'blue', 'elsewhere'), strict=True):
        assert row[:2] == [f'../images/{name}.png', f'../masks/{name}.png']
        assert row[2:] == [f'../out/{name}.png'] * (name in expected)


def test_mean_and_std_come_before_the_network(run, pairs, tmp_path):
    # Red is 1 and black 0; with these it is -1 and 1: the background is high.
    network = write_network(tmp_path / 'network.onnx', [[1, 0, 0]])
    out = tmp_path / 'out'
    run(pairs, network, out, '--mean', *[0.5] * 3, '--std', *[-0.5] * 3)
    assert not list(out.glob('red.png'))


def test_masks_unlike_the_true_one_can_be_written_too(run, pairs, tmp_path):
    network = write_network(tmp_path / 'network.onnx', [[1, 0, 0]])
    zero = ['--mean', 0, 0, 0, '--std', 1, 1, 1]
    out = tmp_path / 'out'
    assert run(pairs, network, out, *zero, '--min-iou', 0) == 0
    expected = {'red', 'blue', 'elsewhere'}
    assert {path.stem for path in out.glob('*.png')} == expected


def test_masks_of_other_options_are_not_mixed(run, pairs, tmp_path):
    network = write_network(tmp_path / 'network.onnx', [[1, 0, 1]])
    out = tmp_path / 'out'
    run(pairs, network, out)
    with pytest.raises(InputError, match='choose another folder'):
        run(pairs, network, out, '--min-iou', 0.65)
    write_network(network, [[1, 0, 0]])
    with pytest.raises(InputError, match='choose another folder'):
        run(pairs, network, out)


def test_it_goes_on_where_it_was_stopped(run, pairs, tmp_path, capsys):
    network = write_network(tmp_path / 'network.onnx', [[1, 0, 1]])
    out = tmp_path / 'out'
    assert run(pairs, network, out, '--limit', 1) == 0
    assert [path.name for path in out.glob('*.png')] == ['red.png']
    (out / 'red.png').write_bytes(b'mine')
    capsys.readouterr()
    assert run(pairs, network, out) == 0
    assert capsys.readouterr().out.startswith('2 masks for 3 photographs')
    assert (out / 'red.png').read_bytes() == b'mine'
    assert (out / 'blue.png').is_file()


@pytest.mark.parametrize(
    ('name', 'message'),
    [('none.onnx', 'no such file'), ('pairs.tsv', 'neither .onnx nor')],
)
def test_a_model_that_cannot_be_used(name, message, run, pairs, tmp_path):
    with pytest.raises(InputError, match=message):
        run(pairs, tmp_path / name, tmp_path / 'out')
