"""A data set as the documentation of YOLO segmentation lays it out."""

import shutil

import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.outlines import outlines_of
from segrefiner_mm.io.formats.yolo_folder import YoloFolder
from segrefiner_mm.io.rle import decode_mask, encode_mask

SIZE = 40, 80
BOX = '1 0.5 0.5 0.25 0.25'
# x from 8 to 24, y from 10 to 30
SQUARE = '0 0.1 0.25 0.3 0.25 0.3 0.75 0.1 0.75'
YAML = 'path: .\ntrain: images/train\nnames: {0: cat, 1: dog}  # mine\n'


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / 'data'
    for part in ('labels', 'images'):
        (root / part / 'train').mkdir(parents=True)
    picture = Image.new('RGB', SIZE[::-1])
    picture.save(root / 'images' / 'train' / 'a.jpg')
    picture.save(root / 'images' / 'train' / 'b.png')
    (root / 'data.yaml').write_text(YAML)
    train = root / 'labels' / 'train'
    (train / 'a.txt').write_text(f'{SQUARE}\n{BOX}\n\n{SQUARE} 0.875\n')
    (train / 'b.txt').write_bytes(f'{SQUARE}\r\n{SQUARE}'.encode())
    (train / 'classes.txt').write_text('cat\ndog\n')
    return root


def square(y1=10, y2=30, x1=8, x2=24):
    mask = np.zeros(SIZE, np.uint8)
    mask[y1:y2, x1:x2] = 1
    return mask


def test_fractions_become_pixels(folder):
    files = YoloFolder(folder)
    first, second = files.images()
    assert (first.name, first.size) == ('images/train/a', SIZE)
    assert list(first.masks) == [('labels/train/a.txt', n) for n in (0, 3)]
    for polygons in (*first.masks.values(), *second.masks.values()):
        mask = decode_mask(polygons, SIZE)
        np.testing.assert_array_equal(mask, square())
    assert files.untouched() == {'line 2 of labels/train/a.txt': 'box'}


def test_what_is_not_refined_stays_to_the_byte(folder, tmp_path):
    files = YoloFolder(folder)
    list(files.images())
    out = tmp_path / 'new'
    files.write(out)
    for name in ('data.yaml', 'labels/train/a.txt', 'labels/train/b.txt'):
        assert (out / name).read_bytes() == (folder / name).read_bytes()


def test_refined_lines(folder, tmp_path):
    files = YoloFolder(folder)
    first, second = files.images()
    new = encode_mask(square(12, 34, 4, 20))
    files.replace(list(first.masks)[1], new)
    files.replace(next(iter(second.masks)), new)
    files.write(tmp_path / 'new')
    train = tmp_path / 'new' / 'labels' / 'train'
    *same, changed = (train / 'a.txt').read_text().splitlines()
    assert same == [SQUARE, BOX, '']
    words = changed.split()
    assert (words[0], words[-1]) == ('0', '0.875')
    corners = np.array(words[1:-1], float).reshape(-1, 2) * (80, 40)
    assert sorted(corners.tolist()) == [[4, 12], [4, 34], [20, 12], [20, 34]]
    with_end, without = (train / 'b.txt').read_bytes().split(b'\r\n')
    assert without == SQUARE.encode()
    assert with_end != without


def test_parts_are_joined(folder, tmp_path):
    """One polygon per line; lines between the parts have no area."""
    mask = square() | square(4, 12, 40, 70)
    files = YoloFolder(folder)
    first, _ = files.images()
    files.replace(next(iter(first.masks)), encode_mask(mask))
    files.write(tmp_path / 'new')
    again, _ = YoloFolder(
        tmp_path / 'new', folder / 'images' / 'train'
    ).images()
    polygons = next(iter(again.masks.values()))
    drawn = decode_mask(polygons, SIZE)
    assert np.count_nonzero(drawn != mask) <= 40  # the line between them
    assert len(polygons) == 1


def test_outlines_are_fractions_within_the_image(folder, tmp_path):
    full = np.ones(SIZE, np.uint8)
    files = YoloFolder(folder)
    first, _ = files.images()
    files.replace(next(iter(first.masks)), encode_mask(full))
    files.write(tmp_path / 'new')
    line = (tmp_path / 'new/labels/train/a.txt').read_text().splitlines()[0]
    numbers = np.array(line.split()[1:], float)
    assert (numbers.min(), numbers.max()) == (0, 1)
    assert len(outlines_of(encode_mask(full))[0]) == len(numbers)


@pytest.mark.parametrize(
    ('line', 'words'),
    [
        ('0 0.1 0.2', 'has 3 values'),
        ('0 a b c d e f', 'other than numbers'),
        ('0 nan 0 0 0 1 1', 'far outside'),
        ('0 10 10 300 10 300 300', 'far outside'),
        pytest.param(f'{SQUARE} 0.5 {"9" * 5000}', 'far outside', id='digits'),
    ],
)
def test_a_faulty_line_fails_alone(folder, line, words):
    (folder / 'labels/train/a.txt').write_text(f'{line}\n{SQUARE}\n')
    faulty, fine, _ = YoloFolder(folder).images()
    assert words in faulty.problem
    assert list(fine.masks) == [('labels/train/a.txt', 1)]


def test_without_images(folder, tmp_path):
    (folder / 'images').rename(tmp_path / 'elsewhere')
    with pytest.raises(InputError, match='--img-dir'):
        list(YoloFolder(folder).images())
    first, _ = YoloFolder(folder, tmp_path / 'elsewhere').images()
    assert not first.problem
    (tmp_path / 'elsewhere/train/a.jpg').unlink()
    first, second = YoloFolder(folder, tmp_path / 'elsewhere').images()
    assert 'no image images/train/a' in first.problem
    assert not second.problem


def test_a_folder_for_every_part(folder, tmp_path):
    """Roboflow's layout: train/labels beside train/images."""
    root = tmp_path / 'export'
    for part in ('train', 'valid'):
        for kind in ('labels', 'images'):
            target = root / part / kind
            shutil.copytree(folder / kind / 'train', target)
    (root / 'README.roboflow.txt').write_text('Provided by a user')
    entries = list(YoloFolder(root).images())
    assert [entry.name for entry in entries] == [
        f'{part}/images/{name}' for part in ('train', 'valid') for name in 'ab'
    ]
    assert not any(entry.problem for entry in entries)


def test_images_beside_the_label_files(folder, tmp_path):
    flat = tmp_path / 'flat'
    shutil.copytree(folder / 'labels' / 'train', flat)
    with pytest.raises(InputError, match='no image beside them'):
        list(YoloFolder(flat).images())
    shutil.copy(folder / 'images/train/a.jpg', flat / 'a.JPG')
    first, second = YoloFolder(flat).images()
    assert (first.name, first.size, first.problem) == ('a', SIZE, '')
    assert 'no image b in' in second.problem


@pytest.mark.parametrize('place', ['labels', 'train/labels'])
def test_images_in_the_folder_labels(folder, tmp_path, place):
    """With the label files, and not in a folder images/ beside it."""
    shutil.copytree(folder / 'labels' / 'train', tmp_path / 'in' / place)
    shutil.copy(folder / 'images/train/a.jpg', tmp_path / 'in' / place)
    first, second = YoloFolder(tmp_path / 'in').images()
    assert (first.name, first.size) == (f'{place}/a', SIZE)
    assert 'no image' in second.problem


def test_pictures_that_a_prediction_leaves_beside_labels(folder, tmp_path):
    """They have the masks drawn on them, and must not be refined on."""
    predict = tmp_path / 'predict'
    shutil.copytree(folder / 'labels' / 'train', predict / 'labels')
    shutil.copy(folder / 'images/train/a.jpg', predict / 'a.jpg')
    with pytest.raises(InputError, match='--img-dir'):
        list(YoloFolder(predict).images())


def test_identities_of_tracks_stay(folder, tmp_path):
    """Tracking writes a confidence and an identity, counted from 1."""
    train = folder / 'labels' / 'train'
    (train / 'a.txt').write_text(f'{SQUARE} 0.875 1\n{SQUARE} 0.5 17\n')
    (train / 'b.txt').write_text(f'{SQUARE} 0.25 1\n{SQUARE} 1 1 0 1\n')
    files = YoloFolder(folder)
    first, second = files.images()
    new = encode_mask(square(12, 34, 4, 20))
    for entry in (first, second):
        np.testing.assert_array_equal(
            decode_mask(next(iter(entry.masks.values())), SIZE), square()
        )
        for key in entry.masks:
            files.replace(key, new)
    files.write(tmp_path / 'new')
    ends = {
        name: [line.split()[9:] for line in text.splitlines()]
        for name in ('a', 'b')
        for text in [(tmp_path / f'new/labels/train/{name}.txt').read_text()]
    }
    assert ends == dict(
        a=[['0.875', '1'], ['0.5', '17']], b=[['0.25', '1'], ['0', '1']]
    )


def test_a_corner_at_the_border_is_no_identity(folder):
    """Without identities above 1, x 1 is a corner at the lower border."""
    line = f'{SQUARE} 0.1 1\n'
    (folder / 'labels/train/a.txt').write_text(line)
    first, _ = YoloFolder(folder).images()
    [[polygon]] = first.masks.values()
    assert polygon[-2:] == [8, 40]


def test_a_link_out_of_the_data_set_is_not_copied(folder, tmp_path):
    secret = tmp_path / 'secret'
    secret.write_text('key')
    (folder / 'other.yaml').symlink_to(secret)
    YoloFolder(folder).write(tmp_path / 'new')
    assert (tmp_path / 'new' / 'data.yaml').is_file()
    assert not (tmp_path / 'new' / 'other.yaml').exists()


def test_text_of_another_kind(folder):
    (folder / 'labels/train/b.txt').write_bytes(b'\xff\xfe0')
    with pytest.raises(InputError, match='not text in UTF-8'):
        YoloFolder(folder)


def test_an_empty_mask_is_refused(folder, tmp_path):
    files = YoloFolder(folder)
    first, _ = files.images()
    with pytest.raises(InputError, match='cannot be empty'):
        files.replace(next(iter(first.masks)), encode_mask(square(0, 0)))
    files.write(tmp_path / 'new')
    for name in ('a', 'b'):
        path = f'labels/train/{name}.txt'
        assert (tmp_path / 'new' / path).read_bytes() == (
            folder / path
        ).read_bytes()
