"""Pictures of label maps: which pixel has which colour."""

from pathlib import Path

import cv2
import numpy as np

from segrefiner_mm.review.label_changes import label_changes
from segrefiner_mm.review.label_crops import FILL, FILL_CHANGED, draw_labels
from segrefiner_mm.review.label_pair import LabelPair
from segrefiner_mm.visualization.outlines import (
    COARSE_COLOUR,
    REFINED_COLOUR,
)


def draw(before, after, **given):
    image = np.full((*before.shape, 3), 90, np.uint8)
    ignore = given.get('ignore', ())
    pair = LabelPair(
        *('a.png', 'a.png', Path('a.jpg'), 'a.jpg', ''),
        lambda: (before, after),
        label_changes(before, after, ignore),
        **given,
    )
    crop = draw_labels(image, pair)
    layers = {
        name: cv2.imdecode(
            np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED
        )
        for name, content in crop.layers.items()
    }
    return crop, layers


def halves(edge, size=(700, 700), labels=(1, 2)):
    """Two labels side by side; the second begins at a column."""
    first, second = labels
    columns = np.where(np.arange(size[1]) < edge, first, second)
    return np.tile(columns.astype(np.int32), (size[0], 1))


def test_fills_outlines_and_changes():
    """The edge moves from column 300 to 320; nothing is scaled."""
    palette = bytes([0, 0, 0, 10, 20, 30, 200, 100, 50])  # RGB of 0, 1, 2
    before, after = halves(300), halves(320)
    before[:, :50] = after[:, :50] = 0
    crop, layers = draw(before, after, palette=palette, ignore=[0])
    assert crop.size == (700, 700)
    one, two = (30, 20, 10), (50, 100, 200)  # BGR
    for name, edge, colour in (
        ('coarse', 300, COARSE_COLOUR),
        ('refined', 320, REFINED_COLOUR),
    ):
        row = layers[name][350]
        assert (row[:49, 3] == 0).all()  # what is ignored stays clear
        np.testing.assert_array_equal(
            row[51 : edge - 1], np.tile((*one, FILL), (edge - 52, 1))
        )
        # Both sides of an edge belong to its outline.
        np.testing.assert_array_equal(
            row[edge - 1 : edge + 1], [(*colour, 255)] * 2
        )
        assert tuple(row[edge + 1]) == (*two, FILL)
    row = layers['changes'][350]
    assert (row[51:299, 3] == 0).all()
    assert tuple(row[299]) == (*COARSE_COLOUR, 255)
    np.testing.assert_array_equal(
        row[301:319], np.tile((*one, FILL_CHANGED), (18, 1))
    )
    assert tuple(row[320]) == (*REFINED_COLOUR, 255)
    assert (row[321:, 3] == 0).all()
    assert crop.details == [
        # 700 rows of 20 columns; before, 250 columns were 1 and 400 were 2.
        ['label 1', '#0a141e', 175000, 14000, 0, round(250 / 270, 4)],
        ['label 2', '#c86432', 280000, 0, 14000, round(380 / 400, 4)],
    ]


def test_small_maps_are_enlarged_and_large_ones_shrunk():
    crop, layers = draw(halves(30, (50, 64)), halves(31, (50, 64)))
    assert crop.size == (64, 50)
    assert layers['coarse'].shape == (500, 640, 4)  # ten times
    edge = (layers['coarse'][250] == (*COARSE_COLOUR, 255)).all(axis=1)
    assert np.flatnonzero(edge).tolist() == [299, 300]
    large = halves(1280, (64, 2560)), halves(1281, (64, 2560))
    crop, layers = draw(*large)
    assert crop.size == (1280, 32)
    assert layers['coarse'].shape == (32, 1280, 4)
    # One changed column of 2,560 is still marked, if only as an outline.
    assert layers['changes'][16, 638:642, 3].any()


def test_ids_of_segments_differ_in_colour():
    """As multiples of 1000 would not, in a sequence by the id itself."""
    before = np.zeros((40, 640), np.int32)
    for place in range(8):
        before[:, place * 80 :] = (place + 1) * 1000
    _, layers = draw(before, before)
    shown = layers['coarse'][20, 40::80, :3]
    hues = cv2.cvtColor(shown[None], cv2.COLOR_BGR2HSV)[0, :, 0].astype(int)
    steps = np.abs(np.diff(hues))
    assert np.minimum(steps, 180 - steps).min() > 30  # of 180


def test_a_thumbnail_of_the_whole_image():
    crop, _ = draw(halves(300), halves(320))
    thumb = cv2.imdecode(np.frombuffer(crop.thumb, np.uint8), 1)
    assert thumb.shape == (96, 96, 3)


def test_a_change_in_a_strip_of_one_row_is_not_lost():
    before = np.ones((1, 5120), np.int32)
    after = before.copy()
    after[0, 2561] = 2  # between the columns that the layers show
    _, layers = draw(before, after)
    assert np.flatnonzero(layers['changes'][0, :, 3]).tolist() == [640]
