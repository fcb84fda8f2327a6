"""``segrefiner refine --labels`` as a user runs it."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.cli import main as cli
from tests.helpers import blocky, draw_object, iou

PALETTE = [*(0, 0, 0), *(255, 0, 0), *(0, 255, 0), *(0, 0, 255)]


@pytest.fixture
def scenes(tmp_path):
    """Blocky label maps with an ignored stripe, in folders below."""
    rng = np.random.default_rng(1)
    truth = {}
    for index, name in enumerate(('a', 'sub/a', 'sub/b')):
        image, mask = draw_object(rng)
        coarse = blocky(mask)
        coarse *= 3 - index
        coarse[:, :6] = 255
        truth[name] = mask > 0, coarse
        image_file = tmp_path / 'img' / f'{name}.jpg'
        label_file = tmp_path / 'lab' / f'{name}.png'
        for file in (image_file, label_file):
            file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(image_file), image)
        picture = Image.fromarray(coarse)
        picture.putpalette(PALETTE + [9] * 756)  # 256 colours
        picture.save(label_file)
    return tmp_path, truth


def run(*argv):
    argv = ['refine', *argv, '--labels', '--device', 'cpu', '--steps', 1]
    return cli.main([str(arg) for arg in argv])


def test_folders_of_label_maps(scenes, capsys):
    folder, truth = scenes
    out = folder / 'out'
    argv = folder / 'img', folder / 'lab', '-o', out, '--overlay'
    assert run(*argv) == 0
    for name, (true, coarse) in truth.items():
        picture = Image.open(out / f'{name}.png')
        assert picture.getpalette()[: len(PALETTE)] == PALETTE
        refined = np.array(picture)
        assert set(np.unique(refined)) == set(np.unique(coarse))
        np.testing.assert_array_equal(refined == 255, coarse == 255)
        known = coarse != 255
        before, after = (
            iou((labels > 0) & known, true & known)
            for labels in (coarse, refined)
        )
        assert after > before
    assert (out / 'sub' / 'overlays' / 'b.jpg').is_file()
    assert '3 refined' in capsys.readouterr().out

    assert run(*argv) == 0
    assert '3 done before' in capsys.readouterr().out
    assert run(*argv, '--ignore', 0, 255) == 0  # nothing is free to move
    assert '3 kept' in capsys.readouterr().out
    lines = (out / '.segrefiner-run.jsonl').read_text().splitlines()
    assert {json.loads(line)['out'] for line in lines} == {
        'a.png',
        'sub/a.png',
        'sub/b.png',
    }


def test_one_pair_and_many_labels(scenes, capsys):
    folder, truth = scenes
    _, coarse = truth['a']
    many = folder / 'many.png'
    Image.fromarray(coarse.astype(np.uint16) * 100).save(many)
    out = folder / 'refined.png'
    assert run(folder / 'img' / 'a.jpg', many, '-o', out) == 0
    refined = np.array(Image.open(out))
    assert refined.max() == 25500
    assert 'labels' in capsys.readouterr().out


def test_mistakes(scenes, capsys):
    folder, _ = scenes
    image = folder / 'img' / 'a.jpg'
    out = folder / 'x.png'
    assert run(image, image, '-o', out) == 2
    assert 'not a label map' in capsys.readouterr().err
    labels = folder / 'lab' / 'a.png'
    assert run(image, labels, '-o', folder / 'x.bmp') == 2
    assert run(image, labels, '-o', out, '--threshold', 1) == 2
    assert '--threshold' in capsys.readouterr().err
    assert not out.exists()
    (folder / 'img' / 'sub' / 'a.jpg').unlink()
    assert run(folder / 'img', folder / 'lab', '-o', folder / 'o') == 1
    assert 'no image for the mask' in capsys.readouterr().err


def test_flat_label_maps_find_their_images_below(scenes, capsys):
    """As mmseg writes them, without the folders of the images."""
    folder, _ = scenes
    flat = folder / 'flat'
    flat.mkdir()
    for name in ('a', 'b'):
        (folder / 'lab' / 'sub' / f'{name}.png').rename(flat / f'{name}.png')
    out = folder / 'out'
    assert run(folder / 'img', flat, '-o', out) == 1  # a appears twice
    assert 'several files named a' in capsys.readouterr().err
    assert (out / 'b.png').is_file()
    assert run(folder / 'img', flat, '-o', flat / 'new') == 2
    assert 'is an input' in capsys.readouterr().err
