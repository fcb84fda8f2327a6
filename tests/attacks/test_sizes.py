"""Few bytes that ask for a large memory, or for a deep stack."""

import json
import struct
import zipfile
import zlib

import numpy as np
import pytest

from tests.attacks.attack import refused, run
from tests.attacks.test_names import write_coco


def coco(folder, names=('coco.json', 'annotation 7')):
    return refused(
        folder,
        *('coco', 'coco.json', '--img-dir', 'img', '-o', 'out/c.json'),
        names=names,
        statuses=(2,),
    )


@pytest.mark.parametrize('side', [2**20, 100_000, 2**40])
def test_run_lengths_of_a_huge_mask(folder, side):
    write_coco(folder, 'a.png', dict(size=[side, side], counts=[0, side**2]))
    coco(folder)
    write_coco(folder, 'a.png', dict(size=[side, side], counts='PPPPYP14'))
    coco(folder)


def test_results_of_a_huge_mask_without_annotations(folder):
    mask = dict(size=[2**20, 2**20], counts=[0, 2**40])
    result = dict(image_id=1, category_id=1, score=0.5, segmentation=mask)
    (folder / 'results.json').write_text(json.dumps([result]))
    (folder / 'img' / 'a.png').rename(folder / 'img' / '000000000001.png')
    refused(
        folder,
        *('coco', 'results.json', '--img-dir', 'img', '-o', 'out/c.json'),
        names=['results.json', 'result 0', 'image 1'],
    )


def test_polygon_of_200_000_points(folder):
    """To and fro across the picture: its outline is 12.8 Mpx long."""
    points = [[0, i % 48, 63, i % 48] for i in range(100_000)]
    write_coco(folder, 'a.png', [[n for pair in points for n in pair]])
    coco(folder)


def test_polygon_of_huge_coordinates(folder):
    write_coco(folder, 'a.png', [[0, 0, 1e9, 0, 1e9, 1e9, 0, 1e9]])
    coco(folder)


@pytest.mark.parametrize('text', ['[', '{"a":', '[{"segmentation":['])
def test_deep_json(folder, text):
    (folder / 'deep.json').write_text(text * 100_000)
    (folder / 'preds').mkdir()
    (folder / 'preds' / 'deep.json').write_text(text * 100_000)
    write_coco(folder, 'a.png')
    img = ['--img-dir', 'img', '-o', 'out/c.json']
    for argv in (
        ['coco', 'deep.json', *img],
        ['coco', 'coco.json', *img, '--ann', 'deep.json'],
        ['coco', 'preds', '--img-dir', 'img', '-o', 'out/preds'],
        ['eval', 'deep.json', 'coco.json'],
        ['eval', 'coco.json', 'deep.json'],
        ['eval', 'deep.json', 'coco.json', '--lvis'],
    ):
        refused(folder, *argv, names='deep.json', statuses=(2,))


def test_deep_value_in_a_good_json(folder):
    """What is read must be possible to write again, before any work."""
    write_coco(folder, 'a.png')
    content = json.loads((folder / 'coco.json').read_text())
    text = json.dumps(dict(content, info='DEEP'))
    deep = '[' * 900 + ']' * 900
    (folder / 'coco.json').write_text(text.replace('"DEEP"', deep))
    argv = 'coco', 'coco.json', '--img-dir', 'img', '-o', 'out/c.json'
    outcome = run(folder, *argv)
    assert outcome.status in (0, 2), outcome
    assert 'Traceback' not in outcome.said


def png(width, height, rows):
    """A grey PNG with a valid sum for every chunk."""

    def chunk(kind, content):
        total = zlib.crc32(kind + content)
        size = struct.pack('>I', len(content))
        return size + kind + content + struct.pack('>I', total)

    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', header)
        + chunk(b'IDAT', rows)
        + chunk(b'IEND', b'')
    )


@pytest.mark.parametrize('place', ['img', 'mask'])
@pytest.mark.parametrize('labels', [[], ['--labels']])
def test_decompression_bomb(folder, place, labels):
    rows = zlib.compress(bytes(2**24), 9)
    bomb = folder / place / 'a.png'
    bomb.write_bytes(png(60_000, 60_000, rows))
    refused(
        folder,
        *('refine', 'img/a.png', 'mask/a.png', '-o', 'out/a.png', *labels),
        names=f'{place}/a.png',
        statuses=(2,),
    )


def test_array_of_any_shape(folder):
    """A header of 128 bytes that says 10^10 values, and a zip of zeros."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': %s}"
    text = header % '(100000, 100000)'
    text = text.ljust(117) + '\n'
    start = b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text))
    content = start + text.encode('latin1')
    (folder / 'mask' / 'a.npy').write_bytes(content)
    with zipfile.ZipFile(folder / 'mask' / 'a.npz', 'w', 8) as archive:
        archive.writestr('arr_0.npy', content + bytes(2**24))
    for name in ('mask/a.npy', 'mask/a.npz'):
        refused(
            folder,
            *('refine', 'img/a.png', name, '-o', 'out/a.png'),
            names=name,
            statuses=(2,),
        )


def test_zip_of_zeros_in_an_array(folder):
    """Within the limit of pixels, but compressed 1000 times."""
    np.savez_compressed(
        folder / 'mask' / 'a.npz', np.zeros((4000, 4000), np.float64)
    )
    refused(
        folder,
        *('refine', 'img/a.png', 'mask/a.npz', '-o', 'out/a.png'),
        names='mask/a.npz',
        statuses=(2,),
    )
