"""What a journal notes of the part that may change."""

import cv2
import numpy as np
import pytest
import torch

from segrefiner_mm.runs.extras import Extras
from segrefiner_mm.runs.only_parts import OnlyParts

PARTS = np.zeros((2, 200, 200), bool)
PARTS[1, 80:120, 80:120] = True  # NumPy's text of both is the same


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        (None, 'errors'),
        ((0, 0, 9, 9), (0, 0, 9, 8)),
        (PARTS[0], PARTS[1]),
        ([PARTS[0]], [PARTS[1]]),
        ([(0, 0), (9, 0), (9, 9)], [(0, 0), (9, 0), (9, 8)]),
        (torch.from_numpy(PARTS[0]), torch.from_numpy(PARTS[1])),
    ],
)
def test_another_part_is_another_setting(first, second):
    for describe in (
        lambda part: OnlyParts(part).described(),
        lambda part: Extras(None, OnlyParts(part)).described(),
    ):
        assert describe(first) != describe(second)
        assert describe(second) == describe(second)


def test_a_part_in_a_file_is_described_by_its_content(tmp_path):
    def write(name, value):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.full((4, 4), value, np.uint8))
        return path

    file = write('part.png', 0)
    folder = write('parts/a.png', 0).parent
    write('parts/b.png', 255)
    for part in (file, folder):
        before = OnlyParts(part).described()
        assert before == OnlyParts(str(part)).described()
        write('part.png', 255)
        write('parts/b.png', 0)
        assert OnlyParts(part).described() != before
    # One of the folder's two files is named by the mask.
    parts = OnlyParts(folder)
    assert parts.file_of(tmp_path / 'm' / 'b.png') == folder / 'b.png'
    assert parts.file_of(tmp_path / 'm' / 'c.png') is None
