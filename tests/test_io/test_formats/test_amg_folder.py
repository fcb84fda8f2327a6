"""Folders as Segment Anything's ``scripts/amg.py`` writes them."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.formats.amg_folder import AmgFolder
from segrefiner_mm.io.rle import decode_mask, encode_mask

HEADER = (
    'id,area,bbox_x0,bbox_y0,bbox_w,bbox_h,point_input_x,point_input_y,'
    'predicted_iou,stability_score,crop_box_x0,crop_box_y0,crop_box_w,'
    'crop_box_h'
)
ROW = '{},150,5,5,14,9,8.5,8.0,0.98,0.97,0,0,40,30'


def square(y1, y2, x1, x2):
    mask = np.zeros((30, 40), np.uint8)
    mask[y1:y2, x1:x2] = 1
    return mask


@pytest.fixture
def folder(tmp_path):
    """``write_masks_to_folder`` of two images."""
    for name in ('cat', 'dog'):
        base = tmp_path / 'amg' / name
        base.mkdir(parents=True)
        for number in range(2):
            mask = square(5, 15, 5, 20 + number)
            cv2.imwrite(str(base / f'{number}.png'), mask * 255)
        table = '\n'.join([HEADER, ROW.format(0), ROW.format(1)])
        (base / 'metadata.csv').write_text(table)
    return tmp_path / 'amg'


def test_a_folder_has_the_name_of_its_image(folder):
    cat, dog = AmgFolder(folder).images()
    assert (cat.name, dog.name) == ('cat', 'dog')
    assert list(cat.masks) == [('cat', '0.png'), ('cat', '1.png')]
    mask = decode_mask(cat.masks['cat', '1.png'])
    np.testing.assert_array_equal(mask, square(5, 15, 5, 21))
    [alone] = AmgFolder(folder / 'dog').images()
    assert alone.name == 'dog'


@pytest.mark.parametrize('update', [False, True])
def test_all_but_the_masks_is_written_unchanged(folder, tmp_path, update):
    files = AmgFolder(folder, update_boxes=update)
    new = square(6, 16, 7, 20)
    files.replace(('cat', '1.png'), encode_mask(new))
    out = tmp_path / 'new'
    files.write(out)
    written = cv2.imread(str(out / 'cat' / '1.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written, new * 255)
    for name in ('cat/0.png', 'dog/0.png', 'dog/1.png'):
        assert (out / name).read_bytes() == (folder / name).read_bytes()
    table = (out / 'cat' / 'metadata.csv').read_text()
    before = (folder / 'cat' / 'metadata.csv').read_text()
    if update:
        row = '1,130,7,6,13,10,8.5,8.0,0.98,0.97,0,0,40,30'
        assert table.splitlines() == [*before.splitlines()[:2], row]
    else:
        assert table == before


def test_a_faulty_picture_fails_alone(folder):
    (folder / 'cat' / '0.png').write_bytes(b'no picture')
    faulty, cat, _ = AmgFolder(folder).images()
    assert 'not an image' in faulty.problem
    assert list(cat.masks) == [('cat', '1.png')]


@pytest.mark.parametrize('table', [b'', b'a,b\n1,2\n', b'\xff\xfe'])
def test_other_tables_are_refused(folder, table):
    (folder / 'cat' / 'metadata.csv').write_bytes(table)
    with pytest.raises(InputError, match=r'is not (of|text)'):
        AmgFolder(folder)


def test_boxes_are_updated_wherever_the_id_is(folder, tmp_path):
    table = folder / 'cat' / 'metadata.csv'
    table.write_text('area,id,bbox_x0\n150,0,5\n150,1,5\n')
    files = AmgFolder(folder, update_boxes=True)
    files.replace(('cat', '1.png'), encode_mask(square(6, 16, 7, 20)))
    files.write(tmp_path / 'new')
    written = (tmp_path / 'new' / 'cat' / 'metadata.csv').read_text()
    assert written == 'area,id,bbox_x0\n150,0,5\n130,1,7\n'
