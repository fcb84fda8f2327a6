"""A few bytes that ask for all the memory or all the time."""

import io
import json
import zipfile
import zlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from segrefiner_mm.io.rle import encode_mask

COCO = (
    'coco {} --img-dir img -o out/new.json --model model.py '
    '--weights weights.safetensors --device cpu'
)
ANNOTATIONS = COCO.format('annotations.json')
CONVERT = 'convert {} out/new.safetensors'


def put_mask(place, segmentation):
    """Into the only annotation."""
    path = place.folder / 'annotations.json'
    content = json.loads(path.read_text())
    [first, *_] = content['annotations']
    content['annotations'] = [dict(first, segmentation=segmentation)]
    path.write_text(json.dumps(content))


@pytest.mark.parametrize('side', [100_000, 2**20, 2**31, 2**63])
@pytest.mark.parametrize('listed', [True, False])
def test_run_lengths_of_a_huge_mask(place, side, listed):
    counts = encode_mask(np.ones((48, 64), np.uint8))['counts']
    counts = [side * side] if listed else counts
    put_mask(place, dict(size=[side, side], counts=counts))
    place.refuse(ANNOTATIONS, 'annotation 1 of image 1')


def test_results_of_a_huge_mask_that_nothing_knows(place):
    """Without annotations, only the picture says how large it may be."""
    mask = dict(size=[2**20, 2**20], counts=[0, 2**40])
    result = dict(image_id=1, category_id=1, score=0.5, segmentation=mask)
    (place.folder / 'results.json').write_text(json.dumps([result]))
    image = place.folder / 'img' / 'a.png'
    image.rename(image.with_name('000000000001.png'))
    place.refuse(COCO.format('results.json'), 'result 0 of image 1')


def test_run_lengths_that_a_size_belies(place):
    """More pixels than the size has, or fewer than none."""
    for counts in ([2**40], [-5, 3077], [1] * 10**6, 'o' * 10**6, '~' * 99):
        put_mask(place, dict(size=[48, 64], counts=counts))
        place.refuse(ANNOTATIONS, 'annotation 1 of image 1')


@pytest.mark.parametrize('reach', [63, 1e9, 1e300])
def test_polygon_of_200_000_points(place, reach):
    """Each of its edges crosses the picture, or much more than that."""
    x = np.tile([0.0, reach], 100_000)
    y = np.tile([0.0, 47.0, 47.0, 0.0], 50_000)
    put_mask(place, [np.stack([x, y], 1).ravel().tolist()])
    ran = place.run(ANNOTATIONS)
    assert ran.status in (0, 2), ran
    assert ran.status == 0 or 'annotation 1 of image 1' in ran.said


@pytest.mark.parametrize('opened', ['[', '{"a":'])
@pytest.mark.parametrize(
    'name',
    ['results', 'annotations', 'lvis', 'panoptic', 'preds/a'],
)
def test_json_that_is_nested_100_000_deep(place, name, opened):
    (place.folder / f'{name}.json').write_text(opened * 100_000)
    source = 'preds' if name == 'preds/a' else f'{name}.json'
    command = COCO.format(source).replace('new.json', 'new')
    place.refuse(command, f'{name}.json', 'nested')


def test_eval_of_json_that_is_nested_deep(place):
    (place.folder / 'results.json').write_text('[' * 100_000)
    for words in ('annotations.json results.json', 'results.json lvis.json'):
        place.refuse(f'eval {words}', 'results.json')


@pytest.mark.parametrize(
    'weights',
    [
        {'a': torch.zeros(1).expand(10**10)},
        {
            'a': torch.sparse_coo_tensor(
                torch.zeros(1, 1, dtype=torch.int64),
                torch.ones(1),
                (10**10,),
                check_invariants=False,
            )
        },
        {1: torch.zeros(2)},
        {'a': torch.zeros(2, device='meta')},
        {'a': 'b'},
        [torch.zeros(2)],
        {f'head.denoiser.{n}': torch.zeros(99).expand(9**5, 99) for n in 'ab'},
    ],
    ids=['wide', 'sparse', 'number', 'meta', 'text', 'list', 'many'],
)
@pytest.mark.parametrize('zipped', [True, False])
def test_checkpoint_that_is_not_what_it_seems(place, weights, zipped):
    path = place.folder / 'weights.pth'
    torch.save(
        dict(state_dict=weights),
        path,
        _use_new_zipfile_serialization=zipped,
    )
    assert path.stat().st_size < 5000
    place.refuse(CONVERT.format('weights.pth'), 'weights.pth')


def test_checkpoint_with_a_table_of_contents_of_exabytes(place):
    path = place.folder / 'weights.safetensors'
    for header in (2**63, 2**40, 2**24, path.stat().st_size):
        path.write_bytes(header.to_bytes(8, 'little') + b'{"a":1}' * 9)
        place.refuse(CONVERT.format(path.name), path.name)


def test_checkpoint_of_values_that_are_not_there(place):
    path = place.folder / 'weights.safetensors'
    shape = dict(dtype='F32', shape=[2**20, 2**20], data_offsets=[0, 2**42])
    header = json.dumps(dict(a=shape)).encode()
    path.write_bytes(len(header).to_bytes(8, 'little') + header + bytes(64))
    place.refuse(CONVERT.format(path.name), path.name)


def test_checkpoint_whose_tensors_overlap(place):
    path = place.folder / 'weights.safetensors'
    save_file({'a': torch.zeros(2), 'b': torch.zeros(2)}, path)
    content = path.read_bytes().replace(b'[8,16]', b'[0,16]')
    path.write_bytes(content)
    place.refuse(CONVERT.format(path.name), path.name)


def png(width, height, bits=1):
    """A black picture: a row takes next to nothing."""
    from fuzzing.containers import png_of

    head = width.to_bytes(4, 'big') + height.to_bytes(4, 'big')
    packer = zlib.compressobj(9)
    row = bytes(1 + (width * bits + 7) // 8)
    data = b''.join(packer.compress(row) for _ in range(height))
    chunks = [
        (b'IHDR', head + bytes([bits, 0, 0, 0, 0])),
        (b'IDAT', data + packer.flush()),
        (b'IEND', b''),
    ]
    return png_of(chunks)


def test_picture_of_400_million_pixels(place):
    content = png(20_000, 20_000)
    assert len(content) < 100_000
    for name in ('img/a.png', 'masks/mask.png'):
        valid = (place.folder / name).read_bytes()
        (place.folder / name).write_bytes(content)
        ran = place.refuse(
            'refine img/a.png masks/mask.png -o out/new.png',
            str(place.folder / name),
            'max-pixels',
        )
        assert ran.peak < 2**29
        (place.folder / name).write_bytes(valid)


def test_text_of_a_picture_that_expands(place):
    """Pillow reads compressed texts of a PNG along with it."""
    from fuzzing.containers import png_of

    bomb = b'x\0\0' + zlib.compress(bytes(2**28), 9)
    head = b'\0\0\0\x40\0\0\0\x30\x08\0\0\0\0'
    pixels = zlib.compress(bytes(65 * 48))
    chunks = [(b'IHDR', head), (b'zTXt', bomb), (b'IDAT', pixels)]
    image = place.folder / 'img' / 'a.png'
    image.write_bytes(png_of([*chunks, (b'IEND', b'')]))
    ran = place.run(
        'refine img/a.png masks/mask.png -o out/new.png --model model.py '
        '--weights weights.safetensors --device cpu'
    )
    assert ran.peak < 2**30
    assert ran.status == 0 or str(image) in ran.said


@pytest.mark.parametrize('shape', ['(100000, 100000)', '(-1, 5)', '(2, "a")'])
def test_array_whose_header_lies(place, shape):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n"
    size = len(header).to_bytes(2, 'little')
    mask = place.folder / 'masks' / 'mask.npy'
    mask.write_bytes(b'\x93NUMPY\x01\x00' + size + header.encode() + b'1' * 99)
    place.refuse('refine img/a.png masks/mask.npy -o out/new.png', str(mask))


def test_archive_that_expands_to_gigabytes(place):
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        array, dict(descr='|u1', fortran_order=False, shape=(50000, 80000))
    )
    mask = place.folder / 'masks' / 'mask.npz'
    with zipfile.ZipFile(mask, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a.npy', array.getvalue() + bytes(2**26))
    place.refuse('refine img/a.png masks/mask.npz -o out/new.png', str(mask))


def test_label_map_in_which_jpeg_made_up_labels(place):
    labels = place.folder / 'pictures' / 'image.jpg'
    command = 'refine img/a.png pictures/image.jpg -o out/new.png --labels'
    place.refuse(command, str(labels), 'JPEG')


def test_notes_of_a_camera_that_are_damaged(place):
    """Pillow reads them when a picture is turned, long after it is opened."""
    from fuzzing.containers import png_of

    head = b'\0\0\0\x40\0\0\0\x30\x08\0\0\0\0'
    pixels = zlib.compress(bytes(65 * 48))
    chunks = [(b'IHDR', head), (b'eXIf', b'\xa3'), (b'IDAT', pixels)]
    for name in ('img/a.png', 'masks/mask.png', 'labels/labels.png'):
        path = place.folder / name
        valid = path.read_bytes()
        path.write_bytes(png_of([*chunks, (b'IEND', b'')]))
        labels = 'labels/labels.png -o out/new.png --labels'
        mask = 'masks/mask.png -o out/new.png'
        given = labels if 'labels' in name else mask
        place.refuse(f'refine img/a.png {given}', str(path))
        path.write_bytes(valid)
