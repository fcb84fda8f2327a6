"""Masks of a YOLO network, drawn so that its answers are known.

Prototypes are cells of 4 pixels that are high where the picture is red, so a
mask is the red area inside its box.
"""

import importlib

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from tests.helpers import ROOT

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

FOLDER = ROOT / 'tools' / 'dataset_tools'
SIDE, CELLS = 160, 40
# The network sees 160 x 120 pixels of the picture, with 20 rows above them.
RED = np.s_[30:90, 40:120]
BOX = 0.5, 0.5, 0.5, 0.375  # around it, on a scale of 0 to 1
LEFT_HALF = 0.375, 0.5, 0.25, 0.375


@pytest.fixture
def open_model(monkeypatch):
    """Of the tool."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module('mask_models').open_model


@pytest.fixture
def masks(open_model, tmp_path):
    """Masks of the red rectangle by a network with given rows."""
    image = np.zeros((120, 160, 3), np.uint8)
    image[RED][..., 2] = 255

    def run(rows):
        network = write_network(tmp_path / 'yolo.onnx', np.float32(rows))
        return open_model(network, [0] * 3, [1] * 3, 1)(image)

    return run


def write_network(file, rows):
    """Rows (1, ., .) whatever it sees; a prototype of what is red."""
    weight = np.zeros((1, 3, 4, 4), np.float32)
    weight[:, 0] = 20 / 16
    constants = {'table': rows, 'weight': weight, 'bias': np.float32([-10])}
    node = onnx.helper.make_node
    cells = [1, 1, CELLS, CELLS]
    shapes = {'rgb': [1, 3, SIDE, SIDE], 'rows': rows.shape, 'cells': cells}
    infos = {
        name: onnx.helper.make_tensor_value_info(name, 1, shape)
        for name, shape in shapes.items()
    }
    graph = onnx.helper.make_graph(
        [
            node('Identity', ['table'], ['rows']),
            node('Conv', ['rgb', 'weight', 'bias'], ['cells'], strides=[4, 4]),
        ],
        'yolo',
        [infos['rgb']],
        [infos['rows'], infos['cells']],
        [
            onnx.numpy_helper.from_array(a, name)
            for name, a in constants.items()
        ],
    )
    opset = onnx.helper.make_opsetid('', 17)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
    onnx.save(model, str(file))
    return file


def columns(*rows):
    """YOLOv8's layout, (1, 6, 10): box, one class, one weight."""
    table = np.zeros((1, 6, 10))
    table[0, :, : len(rows)] = np.transpose(rows)
    return table


def lines(*rows):
    """YOLOv5's layout, (1, 10, 7): box, its score, one class, one weight."""
    table = np.zeros((1, 10, 7))
    table[0, : len(rows)] = rows
    return table


@pytest.mark.parametrize(
    'rows', [columns((*BOX, 0.9, 1)), lines((*BOX, 0.9, 0.9, 1))]
)
def test_the_mask_is_where_the_prototype_is_high(rows, masks):
    [mask] = masks(rows)
    assert mask.shape == (120, 160)
    true = np.zeros_like(mask)
    true[RED] = True
    # The edges lie between cells, or in the middle of one.
    cell = np.ones((5, 5), np.uint8)
    assert not (mask & ~(cv2.dilate(np.uint8(true), cell) > 0)).any()
    assert not ((cv2.erode(np.uint8(true), cell) > 0) & ~mask).any()


def test_the_box_cuts_the_mask(masks):
    [mask] = masks(columns((*LEFT_HALF, 0.9, 1)))
    assert mask[60, 50]
    assert not mask[:, 84:].any()


def test_a_negative_weight_turns_the_mask_round(masks):
    [mask] = masks(columns((0.5, 0.5, 1, 1, 0.9, -1)))
    assert not mask[60, 80]
    assert mask[5, 5]


@pytest.mark.parametrize(
    ('second', 'count'),
    [
        ((*BOX, 0.8, 1), 1),  # the same box, less sure
        ((*LEFT_HALF, 0.8, 1), 2),  # IoU 0.5 with the first
        ((*LEFT_HALF, 0.2, 1), 1),  # not sure enough
    ],
)
def test_boxes_that_count(second, count, masks):
    assert len(masks(columns((*BOX, 0.9, 1), second))) == count


def test_the_score_of_a_box_counts_in_yolov5(masks):
    assert masks(lines((*BOX, 0.4, 0.5, 1))) == []  # 0.2 in all


@pytest.mark.parametrize('shapes', [[[1, 1, 8, 8]] * 2, [[1, 6, 10]] * 2])
def test_two_outputs_of_another_kind(open_model, shapes):
    open_yolo = importlib.import_module('yolo_masks').open_yolo
    with pytest.raises(InputError, match='not a YOLO segmentation network'):
        open_yolo(lambda batch: [batch], [1, 3, 8, 8], shapes)
