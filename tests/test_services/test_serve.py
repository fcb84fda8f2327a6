"""What the server answers equals what ``refine()`` returns."""

import base64
import io
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request

import cv2
import numpy as np
import pytest

import segrefiner_mm
from segrefiner_mm.io.rle import decode_mask, encode_mask
from segrefiner_mm.services.serve_options import ServeOptions
from tests.helpers import ROOT, iou
from tests.test_services.conftest import TOKEN, png


@pytest.fixture(scope='module')
def refine(refiner_options):
    """The plain function, with the settings of the server."""

    def run(image, mask, **options):
        return segrefiner_mm.refine(
            image,
            mask,
            device='cpu',
            runtime='torch',
            windows=None,
            num_steps=options.pop('steps', refiner_options.steps),
            **options,
        )

    return run


def decoded(answer):
    assert answer.status == 200, answer.body
    return [decode_mask(m['segmentation']) > 0 for m in answer.json['masks']]


def test_a_picture_of_a_mask(client, scene, photo, refine):
    image, mask = photo
    answer = client.post('/refine', [('image', image), ('masks', mask)])
    [refined] = decoded(answer)
    expected = refine(scene[0], scene[2])
    np.testing.assert_array_equal(refined, expected)
    assert iou(refined, scene[1]) > iou(scene[2], scene[1])
    [told] = answer.json['masks']
    assert told['verdict'] == 'refined'
    assert 0 < told['confidence'] <= 1
    assert {'belief', 'edge_gain'} <= told['evidence'].keys()
    assert (answer.json['height'], answer.json['width']) == (160, 200)


@pytest.mark.parametrize(
    'only',
    [
        [0, 0, 100, 160],
        [0, 0, 100, 0, 100, 160, 0, 160],  # the same, as a polygon
        'errors',
    ],
)
def test_only_a_part_may_change(client, scene, photo, refine, only):
    expected = refine(scene[0], scene[2], only=only)
    assert (expected != scene[2]).sum() > 0
    text = only if isinstance(only, str) else ','.join(map(str, only))
    files = [('image', photo[0]), ('masks', photo[1])]
    [refined] = decoded(client.post('/refine', files, only=text))
    np.testing.assert_array_equal(refined, expected)
    image = base64.b64encode(photo[0]).decode()
    request = dict(image=image, masks=[encode_mask(scene[2])], only=only)
    [refined] = decoded(client.post_json('/refine/json', request))
    np.testing.assert_array_equal(refined, expected)


def test_the_part_that_may_change_as_run_lengths(client, scene, photo, refine):
    left = np.zeros((160, 200), bool)
    left[:, :100] = True
    request = dict(
        image=base64.b64encode(photo[0]).decode(),
        masks=[encode_mask(scene[2])],
        only=encode_mask(left),
    )
    [refined] = decoded(client.post_json('/refine/json', request))
    expected = refine(scene[0], scene[2], only=left)
    np.testing.assert_array_equal(refined, expected)
    np.testing.assert_array_equal(refined[:, 100:], scene[2][:, 100:])


@pytest.mark.parametrize(
    ('only', 'message'),
    [
        ('mask.png', 'expected x1,y1,x2,y2'),  # no file of the server
        ('1,2,3', '4 numbers'),
        ('300,0,400,10', 'outside the image'),
        ('nan,0,5,5', 'x1 < x2'),
    ],
)
def test_a_part_that_cannot_be_used(client, photo, only, message):
    files = [('image', photo[0]), ('masks', photo[1])]
    answer = client.post('/refine', files, only=only)
    assert answer.status == 400
    assert message in answer.detail


def test_a_path_is_no_part(client, scene, photo):
    image = base64.b64encode(photo[0]).decode()
    request = dict(image=image, masks=[encode_mask(scene[2])])
    for only in ('mask.png', ['mask.png'], [[1, 2], [3, 4]]):
        answer = client.post_json('/refine/json', {**request, 'only': only})
        assert answer.status == 422


def forms_of(coarse):
    """The same two masks in every form."""
    two = np.stack([coarse, coarse.T.copy().T])
    stored = io.BytesIO()
    np.savez_compressed(stored, two)
    plain = io.BytesIO()
    np.save(plain, two)
    rle = encode_mask(coarse)
    runs = [rle, dict(id=7, category_id=1, segmentation=rle)]
    return dict(
        npz=[stored.getvalue()],
        npy=[plain.getvalue()],
        pictures=[png(coarse * np.uint8(255))] * 2,
        json=[json.dumps(runs).encode()],
        mixed=[png(coarse * np.uint8(1)), json.dumps(rle).encode()],
    )


@pytest.mark.parametrize('form', ['npz', 'npy', 'pictures', 'json', 'mixed'])
def test_every_form_of_masks(client, scene, photo, refine, form):
    files = [('masks', content) for content in forms_of(scene[2])[form]]
    answer = client.post('/refine', [('image', photo[0]), *files])
    first, second = decoded(answer)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, refine(scene[0], scene[2]))


def test_polygons_in_and_out(client, scene, photo, refine):
    [outline], _ = cv2.findContours(
        scene[2].astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    polygon = outline[:, 0].ravel().tolist()
    files = [('image', photo[0]), ('masks', json.dumps([[polygon]]).encode())]
    answer = client.post('/refine', files, format='polygon')
    [told] = answer.json['masks']
    drawn = decode_mask(told['segmentation'], (160, 200)) > 0
    assert iou(drawn, refine(scene[0], [[polygon]])[0]) > 0.98


def test_json_in_png_out(client, scene, photo, refine):
    request = dict(
        image=base64.b64encode(photo[0]).decode(),
        masks=[encode_mask(scene[2])],
        format='png',
        steps=2,
        guard=False,
    )
    answer = client.post_json('/refine/json', request)
    [told] = answer.json['masks']
    content = np.frombuffer(base64.b64decode(told['png']), np.uint8)
    refined = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) > 0
    expected = refine(scene[0], scene[2], steps=2, guard=False)
    np.testing.assert_array_equal(refined, expected)
    assert told['segmentation'] is None


def test_one_picture_in_one_out(client, scene, photo, refine):
    image, mask = photo
    answer = client.post('/refine/png', [('image', image), ('mask', mask)])
    assert answer.headers['content-type'] == 'image/png'
    assert answer.headers['x-segrefiner-verdict'] == 'refined'
    assert float(answer.headers['x-segrefiner-confidence']) > 0
    assert 'belief' in json.loads(answer.headers['x-segrefiner-evidence'])
    content = np.frombuffer(answer.body, np.uint8)
    refined = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    assert set(np.unique(refined)) == {0, 255}
    np.testing.assert_array_equal(refined > 0, refine(scene[0], scene[2]))


def test_soft_masks_and_those_of_another_size(client, scene, photo):
    soft = cv2.GaussianBlur(scene[2] * np.uint8(255), (9, 9), 0)
    files = [('image', photo[0]), ('masks', png(soft))]
    assert 'not binary' in client.post('/refine', files).detail
    assert client.post('/refine', files, threshold='128').status == 200
    small = scene[2][::2, ::2] * np.uint8(255)
    files = [('image', photo[0]), ('masks', png(small))]
    assert 'must be equal' in client.post('/refine', files).detail
    answer = client.post('/refine', files, resize_masks='true')
    [refined] = decoded(answer)
    assert iou(refined, scene[1]) > 0.9


def test_a_request_without_masks(client, photo):
    files = [('image', photo[0]), ('masks', b'[]')]
    answer = client.post('/refine', files)
    assert (answer.status, answer.json['masks']) == (200, [])


def test_the_page_loads_nothing_from_elsewhere(client):
    page = client.ask('GET', '/docs').body.decode()
    assert 'swagger' in page
    assert 'https://' not in page
    script = client.ask('GET', '/static-offline-docs/swagger-ui-bundle.js')
    assert script.status == 200
    paths = client.ask('GET', '/openapi.json').json['paths']
    assert {'/health', '/refine', '/refine/png', '/refine/json'} <= set(paths)


def test_parallel_clients_get_their_own_answers(client, scene, photo):
    """Each asks for another mask, and each request takes its turn."""
    masks = [np.roll(scene[2], shift, axis=1) for shift in (-9, 0, 9, 18)]
    alone = [ask(client, photo[0], mask) for mask in masks]
    together = [None] * len(masks)

    def run(place):
        together[place] = ask(client, photo[0], masks[place])

    threads = [threading.Thread(target=run, args=[i]) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def ask(client, image, mask):
    files = [('image', image), ('masks', png(mask * np.uint8(255)))]
    [refined] = decoded(client.post('/refine', files))
    return refined


def test_options_take_strings():
    options = ServeOptions(token_file='a', image_dir='b')
    assert options.token_file.name == 'a'
    assert options.image_dir.name == 'b'


@pytest.mark.parametrize('ending', [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_when_told(tmp_path, serve, photo, ending):
    """It says where it listens, needs its token, and ends with status 0."""
    token = tmp_path / 'token.txt'
    token.write_text(TOKEN + '\n')
    command = [sys.executable, '-m', 'segrefiner_mm', 'serve', '--port', '0']
    command += ['--device', 'cpu', '--token-file', str(token)]
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), *sys.path]))
    with subprocess.Popen(
        command, env=env, text=True, stdout=-1, stderr=-1
    ) as process:
        line = process.stdout.readline()
        assert 'a token is needed' in line
        address = line.split()[1].removesuffix('/docs')
        with urllib.request.urlopen(f'{address}/health') as answer:
            assert json.load(answer)['status'] == 'UP'
        with pytest.raises(urllib.error.HTTPError, match='401'):
            urllib.request.urlopen(f'{address}/docs')
        process.send_signal(ending)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert 'Traceback' not in told
    assert TOKEN not in line + told
