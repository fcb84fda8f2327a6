"""``segrefiner coco`` on files of other tools, from end to end.

The same two scenes in every format. What comes out is read back, and holds
the masks that ``refine`` returns.
"""

import base64
import io
import json

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from segrefiner_mm import refine
from segrefiner_mm.apis import (
    DatasetOptions,
    PredictionOptions,
    RefinerOptions,
    refine_dataset,
    refine_predictions,
)
from segrefiner_mm.cli import main as cli
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.outlines import outlines_of
from segrefiner_mm.io.rle import decode_mask, encode_mask
from segrefiner_mm.models.build_refiner import build_refiner, resolve_model
from segrefiner_mm.models.checkpoint import save_weights
from tests.helpers import draw_object, iou

NAMES = ('a', 'b')
SIZE = 96, 128


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    """Images in a folder, their coarse masks, and these masks refined."""
    folder = tmp_path_factory.mktemp('scenes') / 'img'
    folder.mkdir()
    rng = np.random.default_rng(4)
    coarse, refined = [], []
    for name in NAMES:
        image, mask = draw_object(rng, *SIZE)
        cv2.imwrite(str(folder / f'{name}.png'), image)
        coarse.append(np.roll(mask, (3, -4), (0, 1)))
        options = dict(num_steps=1, windows=None, device='cpu')
        refined.append(refine(image, coarse[-1], **options))
    changed = [iou(c > 0, r) for c, r in zip(coarse, refined, strict=True)]
    assert max(changed) < 0.98
    return folder, coarse, refined


def run(scenes, source, out, *options):
    argv = ['coco', source, '-o', out, '--device', 'cpu', '--steps', 1]
    return cli.main([str(arg) for arg in (*argv, *options)])


def dump(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def polygon(mask):
    [outline] = outlines_of(encode_mask(mask), 0)
    return outline


def test_labelme(scenes, tmp_path, capsys):
    images, coarse, refined = scenes
    for name, mask in zip(NAMES, coarse, strict=True):
        flat = polygon(mask)
        shape = dict(
            label='cat',
            points=list(zip(flat[::2], flat[1::2], strict=True)),
            group_id=None,
            description='',
            shape_type='polygon',
            flags={},
            mask=None,
        )
        content = dict(
            version='5.5.0',
            flags={},
            shapes=[shape],
            imagePath=f'..\\img\\{name}.png',
            imageData=None,
            imageHeight=SIZE[0],
            imageWidth=SIZE[1],
        )
        dump(tmp_path / 'in' / f'{name}.json', content)
    out, tolerance = tmp_path / 'out', ['--tolerance', 0]
    status = run(scenes, tmp_path / 'in', out, '--img-dir', images, *tolerance)
    assert status == 0
    assert '2 refined' in capsys.readouterr().out
    for name, mask in zip(NAMES, refined, strict=True):
        content = json.loads((out / f'{name}.json').read_text())
        [shape] = content['shapes']
        np.testing.assert_array_equal(labelme_mask(shape), mask)
    one = tmp_path / 'one.json'
    source = tmp_path / 'in' / 'a.json'
    assert run(scenes, source, one, '--img-dir', images, *tolerance) == 0
    assert one.read_text() == (out / 'a.json').read_text()


def labelme_mask(shape):
    if shape['shape_type'] == 'polygon':
        flat = [side for point in shape['points'] for side in point]
        return decode_mask([flat], SIZE)
    picture = Image.open(io.BytesIO(base64.b64decode(shape['mask'])))
    (x1, y1), (x2, y2) = (map(int, point) for point in shape['points'])
    mask = np.zeros(SIZE, np.uint8)
    mask[y1 : y2 + 1, x1 : x2 + 1] = np.asarray(picture)
    return mask


def test_labelme_with_the_image_in_its_json(scenes, tmp_path, capsys):
    images, coarse, refined = scenes
    shape = dict(points=np.reshape(polygon(coarse[0]), (-1, 2)).tolist())
    picture = (images / 'a.png').read_bytes()
    content = dict(shapes=[shape], imagePath='gone.png')
    content['imageData'] = base64.b64encode(picture).decode()
    dump(tmp_path / 'a.json', content)
    source, out = tmp_path / 'a.json', tmp_path / 'new.json'
    assert run(scenes, source, out, '--tolerance', 0) == 0
    new = json.loads(out.read_text())
    assert new['imageData'] == content['imageData']
    [shape] = new['shapes']
    shape.setdefault('shape_type', 'polygon')
    np.testing.assert_array_equal(labelme_mask(shape), refined[0])
    nothing = '--only', '0,0,2,2', '--overwrite'
    assert run(scenes, source, out, *nothing) == 0
    assert json.loads(out.read_text()) == content
    content['imageData'] = 'no base64'
    dump(source, content)
    assert run(scenes, source, out, '--overwrite') == 2
    assert 'imageData is not an image in base64' in capsys.readouterr().err


def test_polygons_that_become_masks_are_counted(scenes, tmp_path, capsys):
    box = [[30.0, 20.0], [100.0, 20.0], [100.0, 80.0], [30.0, 80.0]]
    shape = dict(label='cat', points=box, shape_type='polygon')
    content = dict(shapes=[shape], imagePath='speckled.png')
    rng = np.random.default_rng(0)
    speckled = rng.integers(0, 256, (*SIZE, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'speckled.png'), speckled)
    dump(tmp_path / 'a.json', content)
    source, out = tmp_path / 'a.json', tmp_path / 'new.json'
    common = ['--no-guard', '--overwrite']
    assert run(scenes, source, out, *common) == 0
    kind = json.loads(out.read_text())['shapes'][0]['shape_type']
    assert kind == 'mask'
    assert 'polygons that became masks: 1, as' in capsys.readouterr().err
    common += ['--segmentation', 'polygon']
    assert run(scenes, source, out, *common) == 0
    [new] = json.loads(out.read_text())['shapes']
    assert {**new, 'points': box} == shape
    assert 'became masks' not in capsys.readouterr().err


def test_labelme_finds_images_beside_its_json(scenes, tmp_path):
    images, coarse, _ = scenes
    shape = dict(points=np.reshape(polygon(coarse[0]), (-1, 2)).tolist())
    dump(tmp_path / 'a.json', dict(shapes=[shape], imagePath='a.png'))
    (tmp_path / 'a.png').write_bytes((images / 'a.png').read_bytes())
    assert run(scenes, tmp_path / 'a.json', tmp_path / 'new.json') == 0
    assert (tmp_path / 'new.json').is_file()


def test_yolo(scenes, tmp_path, capsys):
    images, coarse, refined = scenes
    root = tmp_path / 'data'
    (root / 'labels').mkdir(parents=True)
    (root / 'images').symlink_to(images)
    (root / 'data.yaml').write_text('names: [cat]\n')
    for name, mask in zip(NAMES, coarse, strict=True):
        numbers = np.reshape(polygon(mask), (-1, 2)) / SIZE[::-1]
        words = ' '.join(f'{n:.6g}' for n in numbers.ravel())
        (root / 'labels' / f'{name}.txt').write_text(f'0 {words}\n')
    out = tmp_path / 'out'
    assert run(scenes, root, out, '--tolerance', 0) == 0
    assert (out / 'data.yaml').read_text() == 'names: [cat]\n'
    for name, mask in zip(NAMES, refined, strict=True):
        [line] = (out / 'labels' / f'{name}.txt').read_text().splitlines()
        corners = np.array(line.split()[1:], float).reshape(-1, 2)
        flat = (corners * SIZE[::-1]).round(3).ravel().tolist()
        assert iou(decode_mask([flat], SIZE) > 0, mask) > 0.99
    assert run(scenes, root, out) == 2
    assert '--overwrite' in capsys.readouterr().err


def test_files_of_yolo_are_named(scenes, tmp_path, capsys):
    (tmp_path / 'data.yaml').write_text('names: [cat]\n')
    assert run(scenes, tmp_path / 'data.yaml', tmp_path / 'out') == 2
    assert 'give the folder of the data set' in capsys.readouterr().err


def test_segment_anything(scenes, tmp_path):
    images, coarse, refined = scenes
    for name, mask in zip(NAMES, coarse, strict=True):
        record = dict(segmentation=encode_mask(mask), stability_score=0.9)
        dump(tmp_path / 'amg' / f'{name}.json', [record])
        image = dict(file_name=f'{name}.png', height=96, width=128)
        content = dict(image=image, annotations=[record])
        dump(tmp_path / 'sa1b' / f'{name}.json', content)
    for kind in ('amg', 'sa1b'):
        out = tmp_path / 'out' / kind
        assert run(scenes, tmp_path / kind, out, '--img-dir', images) == 0
        for name, mask in zip(NAMES, refined, strict=True):
            content = json.loads((out / f'{name}.json').read_text())
            [record] = content if kind == 'amg' else content['annotations']
            assert record['segmentation'] == encode_mask(mask)
            assert record['stability_score'] == 0.9


def test_folders_of_amg(scenes, tmp_path):
    images, coarse, refined = scenes
    for name, mask in zip(NAMES, coarse, strict=True):
        folder = tmp_path / 'amg' / name
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / '0.png'), mask * 255)
        (folder / 'metadata.csv').write_text('id,area\n0,9')
    out = tmp_path / 'out'
    assert run(scenes, tmp_path / 'amg', out, '--img-dir', images) == 0
    for name, mask in zip(NAMES, refined, strict=True):
        written = cv2.imread(str(out / name / '0.png'), 0)
        np.testing.assert_array_equal(written, mask * 255)
        assert (out / name / 'metadata.csv').read_text() == 'id,area\n0,9'
    # Masks of the user beside no table are not overwritten either.
    mine = tmp_path / 'mine' / NAMES[0]
    mine.mkdir(parents=True)
    (mine / '0.png').write_bytes(b'mine')
    taken = scenes, tmp_path / 'amg', mine.parent, '--img-dir', images
    assert run(*taken) == 2
    assert (mine / '0.png').read_bytes() == b'mine'


def test_videos(scenes, tmp_path, capsys):
    images, coarse, refined = scenes
    frames = [f'{name}.png' for name in NAMES]
    videos = [dict(id=1, width=128, height=96, length=2, file_names=frames)]
    masks = [encode_mask(mask) for mask in coarse]
    track = dict(id=1, video_id=1, category_id=1, segmentations=masks)
    content = dict(videos=videos, annotations=[track], categories=[])
    dump(tmp_path / 'in.json', content)
    source, out = tmp_path / 'in.json', tmp_path / 'out.json'
    assert run(scenes, source, out) == 2
    assert '--img-dir' in capsys.readouterr().err
    assert run(scenes, source, out, '--img-dir', images) == 0
    track['segmentations'] = [encode_mask(mask) for mask in refined]
    assert json.loads(out.read_text()) == content


@pytest.mark.parametrize('tool', ['cvat', 'label studio'])
def test_coco_of_other_tools_keeps_its_keys(scenes, tmp_path, tool):
    """CVAT adds attributes; Label Studio names images by paths of its own."""
    images, coarse, refined = scenes
    entries = [
        dict(id=n, width=128, height=96, file_name=f'{name}.png')
        for n, name in enumerate(NAMES)
    ]
    annotations = [
        dict(
            id=n,
            image_id=n,
            category_id=0,
            segmentation=[polygon(mask)],
            bbox=[1.5, 2.0, 3.0, 4.0],
            area=12.5,
            iscrowd=0,
        )
        for n, mask in enumerate(coarse)
    ]
    if tool == 'cvat':
        for entry in entries:
            entry |= dict(license=0, flickr_url='', coco_url='')
            entry |= dict(date_captured=0)
        for annotation in annotations:
            annotation['attributes'] = dict(occluded=False, track_id=3)
        info = dict(contributor='', date_created='', version='')
        extra = dict(licenses=[dict(name='', id=0, url='')], info=info)
    else:
        for entry, name in zip(entries, NAMES, strict=True):
            entry['file_name'] = f'../../label-studio/images/{name}.png'
        for annotation in annotations:
            annotation['ignore'] = 0
        extra = dict(info=dict(year=2026, contributor='Label Studio'))
    content = dict(images=entries, annotations=annotations, **extra)
    dump(tmp_path / 'in.json', content)
    out = tmp_path / 'out.json'
    options = ['--img-dir', images, '--segmentation', 'rle']
    assert run(scenes, tmp_path / 'in.json', out, *options) == 0
    for annotation, mask in zip(annotations, refined, strict=True):
        annotation['segmentation'] = encode_mask(mask)
    assert json.loads(out.read_text()) == content


def test_other_forms_are_refused(scenes, tmp_path, capsys):
    images, coarse, _ = scenes
    record = dict(segmentation=encode_mask(coarse[0]), stability_score=0.9)
    dump(tmp_path / 'a.json', [record])
    dump(tmp_path / 'b.json', dict(shapes=[], imagePath='a.png'))
    for name, form in (('a', 'polygon'), ('b', 'rle')):
        options = ['--img-dir', images, '--segmentation', form]
        out = tmp_path / 'o.json'
        assert run(scenes, tmp_path / f'{name}.json', out, *options) == 2
        assert 'is for COCO json' in capsys.readouterr().err


def test_results_among_the_inputs_are_refused(scenes, tmp_path, capsys):
    dump(tmp_path / 'a.json', dict(shapes=[], imagePath='a.png'))
    assert run(scenes, tmp_path, tmp_path / 'refined') == 2
    assert 'take it for an input' in capsys.readouterr().err


@pytest.mark.parametrize('name', ['annotations.xml', 'export.zip'])
def test_other_exports_are_named(scenes, tmp_path, capsys, name):
    (tmp_path / name).write_bytes(b'<annotations>')
    assert run(scenes, tmp_path / name, tmp_path / 'out.json') == 2
    assert 'export as COCO' in capsys.readouterr().err


def test_labelme_in_folders_of_the_same_names(scenes, tmp_path, capsys):
    images, coarse, _ = scenes
    shape = dict(points=np.reshape(polygon(coarse[0]), (-1, 2)).tolist())
    for part in ('train', 'val'):
        content = dict(shapes=[shape], imagePath='a.png')
        dump(tmp_path / 'in' / part / 'a.json', content)
        copy = tmp_path / 'in' / part / 'a.png'
        copy.write_bytes((images / 'a.png').read_bytes())
    assert run(scenes, tmp_path / 'in', tmp_path / 'out') == 0
    assert '2 refined' in capsys.readouterr().out


@pytest.mark.parametrize('kind', ['above', 'absolute', 'link'])
def test_images_elsewhere_are_not_read(scenes, tmp_path, capsys, kind):
    """Neither those that a json names nor those that a link leads to."""
    images, coarse, _ = scenes
    secret = tmp_path / 'secret.png'
    secret.write_bytes((images / 'a.png').read_bytes())
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in' / 'link.png').symlink_to(secret)
    names = dict(above='../secret.png', absolute=str(secret), link='link.png')
    shape = dict(points=np.reshape(polygon(coarse[0]), (-1, 2)).tolist())
    content = dict(shapes=[shape], imagePath=names[kind])
    dump(tmp_path / 'in' / 'a.json', content)
    assert run(scenes, tmp_path / 'in', tmp_path / 'out') == 2
    error = capsys.readouterr().err
    assert 'a.json' in error
    assert 'no image' in error or 'leads out' in error
    assert not (tmp_path / 'out').exists()


def test_a_mask_that_its_format_cannot_hold_is_rolled_back(scenes, tmp_path):
    """A network that sees no object anywhere, without a guard."""
    images, coarse, _ = scenes
    data = tmp_path / 'data'
    for name, mask in zip(NAMES, coarse, strict=True):
        numbers = np.reshape(polygon(mask), (-1, 2)) / SIZE[::-1]
        line = ' '.join(['0', *(f'{n:.6f}' for n in numbers.ravel())])
        file = data / 'labels' / f'{name}.txt'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{line}\n')
    model = build_refiner(*resolve_model('segrefiner-lite', None), 'cpu')
    with torch.no_grad():
        model.head.denoiser.step.out.bias.fill_(-100)
        model.head.denoiser.error_head[-1].bias.fill_(100)
    weights = tmp_path / 'blind.safetensors'
    save_weights(model.state_dict(), weights)
    refiner = RefinerOptions(
        weights=weights, device='cpu', steps=1, guard=False
    )
    options = PredictionOptions(img_dir=images)
    out = tmp_path / 'out'
    summary = refine_predictions(data, out, options, refiner)
    assert [row.verdict for row in summary.rows] == ['rolled back'] * 2
    for name in NAMES:
        path = f'labels/{name}.txt'
        assert (out / path).read_bytes() == (data / path).read_bytes()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(tolerance=-1.0), '--tolerance must be 0 or more, got -1.0'),
        (dict(segmentation='foo'), "--segmentation must be .* got 'foo'"),
    ],
)
def test_forms_that_there_are_not(scenes, tmp_path, changes, message):
    file = tmp_path / 'results.json'
    entry = dict(image_id=1, segmentation=encode_mask(scenes[1][0]))
    dump(file, [entry])
    out = tmp_path / 'out.json'
    options = PredictionOptions(img_dir=scenes[0], **changes)
    with pytest.raises(InputError, match=message):
        refine_predictions(file, out, options)
    pytest.importorskip('pyarrow')
    with pytest.raises(InputError, match=message):
        refine_dataset(file, out, DatasetOptions(img_dir=scenes[0], **changes))
