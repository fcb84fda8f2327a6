"""``--soft`` and ``--only`` as a user runs them."""

import json

import cv2
import numpy as np
import pytest

from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.rle import decode_mask, encode_mask
from tests.helpers import blocky, write_folder


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Four images, coarse masks, and ``results.json`` of them."""
    folder = write_folder(tmp_path_factory.mktemp('data'), 4)
    results = []
    (folder / 'coarse').mkdir()
    for index, path in enumerate(sorted((folder / 'masks').iterdir())):
        coarse = blocky(cv2.imread(str(path), 0)) >> 7
        cv2.imwrite(str(folder / 'coarse' / path.name), coarse * 255)
        results.append(
            dict(
                image_id=index,
                category_id=1,
                score=0.5,
                segmentation=encode_mask(coarse),
            )
        )
    images = [
        dict(id=i, file_name=f'{i:03d}.jpg', height=96, width=128)
        for i in range(4)
    ]
    (folder / 'ann.json').write_text(
        json.dumps(dict(images=images, annotations=[], categories=[]))
    )
    (folder / 'results.json').write_text(json.dumps(results))
    return folder


def run(*argv):
    argv = [*argv, '--device', 'cpu', '--steps', 1, '--quiet']
    return cli.main([str(arg) for arg in argv])


def grey(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_a_folder_with_soft_maps_of_every_format(data, tmp_path):
    for kind, half in (('uint8', 128), ('uint16', 32768), ('float32', 0.5)):
        out = tmp_path / kind
        given = data / 'images', data / 'coarse', '-o', out
        more = '--soft', '--soft-format', kind, '--no-guard'
        assert run('refine', *given, *more) == 0
        for index in range(4):
            file = out / 'soft' / f'{index:03d}'
            if kind == 'float32':
                values = np.load(f'{file}.npy')
            else:
                values = grey(f'{file}.png')
            assert values.dtype == kind
            mask = grey(out / f'{index:03d}.png') > 0
            np.testing.assert_array_equal(values >= half, mask)
            assert len(np.unique(values)) > 20
    # A lost file is made again, and the folder is no folder of masks.
    lost = tmp_path / 'uint8' / 'soft' / '001.png'
    content = lost.read_bytes()
    lost.unlink()
    out = tmp_path / 'uint8'
    given = data / 'images', data / 'coarse', '-o', out
    more = '--soft', '--soft-format', 'uint8', '--no-guard'
    assert run('refine', *given, *more) == 0
    assert lost.read_bytes() == content
    assert run('refine', data / 'images', out, '-o', tmp_path / 'again') == 0


def test_one_file(data, tmp_path):
    given = data / 'images' / '000.jpg', data / 'coarse' / '000.png'
    out = tmp_path / 'a.png'
    box = '--only', '0,0,64,96'
    assert run('refine', *given, '-o', out, '--soft', *box) == 0
    soft, mask, coarse = (
        grey(tmp_path / 'a_soft.png'),
        grey(out),
        grey(given[1]),
    )
    np.testing.assert_array_equal(soft >= 32768, mask > 0)
    np.testing.assert_array_equal(mask[:, 64:], coarse[:, 64:])
    assert (mask != coarse).any()


def test_a_folder_of_parts(data, tmp_path, capsys):
    parts = tmp_path / 'parts'
    parts.mkdir()
    brush = np.zeros((96, 128), np.uint8)
    brush[:, 64:] = 255
    for index in range(3):  # one is missing
        cv2.imwrite(str(parts / f'{index:03d}.png'), brush)
    out = tmp_path / 'out'
    given = data / 'images', data / 'coarse', '-o', out, '--only', parts
    assert run('refine', *given, '--no-guard') == 1
    assert '003' in capsys.readouterr().err
    assert not (out / '003.png').exists()
    changed = 0
    for index in range(3):
        name = f'{index:03d}.png'
        after, before = grey(out / name), grey(data / 'coarse' / name)
        np.testing.assert_array_equal(after[:, :64], before[:, :64])
        changed += (after != before).any()
    assert changed
    # A part that changes is refined again; the others are not.
    first = out / '000.png'
    stamp = (out / '001.png').stat().st_mtime_ns
    cv2.imwrite(str(parts / '000.png'), brush * 0)
    assert run('refine', *given, '--no-guard') == 1
    np.testing.assert_array_equal(
        grey(first), grey(data / 'coarse' / '000.png')
    )
    assert (out / '001.png').stat().st_mtime_ns == stamp


def test_label_maps(data, tmp_path):
    labels = tmp_path / 'labels'
    labels.mkdir()
    for path in sorted((data / 'coarse').iterdir()):
        cv2.imwrite(str(labels / path.name), grey(path) // 255 * 7)
    out = tmp_path / 'out'
    given = data / 'images', labels, '-o', out, '--labels'
    box = '--only', '0,0,64,96'
    assert run('refine', *given, '--soft', '--no-guard', *box) == 0
    changed = 0
    for index in range(4):
        refined = grey(out / f'{index:03d}.png')
        with np.load(out / 'soft' / f'{index:03d}.npz') as stored:
            planes, names = stored['probs'], stored['labels']
        assert planes.dtype == np.uint16
        np.testing.assert_array_equal(names[planes.argmax(0)], refined)
        coarse = grey(labels / f'{index:03d}.png')
        np.testing.assert_array_equal(refined[:, 64:], coarse[:, 64:])
        changed += (refined != coarse).any()
    assert changed


def coco(data, out, *more):
    given = data / 'results.json', '--ann', data / 'ann.json'
    images = '--img-dir', data / 'images'
    return run('coco', *given, *images, '-o', out, '--no-guard', *more)


def test_results_have_a_folder_of_soft_maps(data, tmp_path, capsys):
    out = tmp_path / 'refined.json'
    box = '--only', '0,0,64,96'
    assert coco(data, out, '--soft', *box) == 0
    before = json.loads((data / 'results.json').read_text())
    after = json.loads(out.read_text())
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        coarse, mask = (decode_mask(r['segmentation']) for r in (old, new))
        np.testing.assert_array_equal(mask[:, 64:], coarse[:, 64:])
        soft = grey(tmp_path / 'refined_soft' / f'{index:06d}.png')
        np.testing.assert_array_equal(soft >= 32768, mask > 0)
    out.unlink()
    assert coco(data, out, '--soft') == 2  # the folder is not ours to fill
    assert 'refined_soft' in capsys.readouterr().err


def test_formats_without_room_for_soft_maps_are_named(data, tmp_path, capsys):
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels' / '000.txt').write_text('0 .1 .1 .9 .1 .9 .9 .1 .9\n')
    out, images = tmp_path / 'out', data / 'images'
    given = tmp_path / 'labels', '--img-dir', images, '-o', out
    assert run('coco', *given, '--soft') == 2
    assert '--soft is for COCO json' in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ('only', 'message'),
    [
        ('9,9,1,1', 'x1 < x2'),
        ('nowhere/', 'no such file or folder'),
        ('900,0,910,9', 'outside the image'),
    ],
)
def test_mistakes_are_named(data, tmp_path, capsys, only, message):
    given = data / 'images' / '000.jpg', data / 'coarse' / '000.png'
    out = tmp_path / 'a.png'
    assert run('refine', *given, '-o', out, '--only', only) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_format_goes_with_soft_maps(data, tmp_path, capsys):
    given = data / 'images' / '000.jpg', data / 'coarse' / '000.png'
    more = '--soft-format', 'uint8'
    assert run('refine', *given, '-o', tmp_path / 'a.png', *more) == 2
    assert coco(data, tmp_path / 'a.json', *more) == 2
    assert capsys.readouterr().err.count('needs --soft') == 2


def test_errors_need_an_error_map(data, tmp_path, capsys):
    given = data / 'images' / '000.jpg', data / 'coarse' / '000.png'
    more = '--only', 'errors', '--model', 'segrefiner-tiny'
    assert run('refine', *given, '-o', tmp_path / 'a.png', *more) == 2
    assert 'segrefiner-lite' in capsys.readouterr().err
    assert coco(data, tmp_path / 'a.json', *more) == 2
    assert list(tmp_path.iterdir()) == []
