"""The backend of Label Studio, on requests as the tool sends them.

The stream of a brush is pinned by bytes that ``label-studio-sdk`` 2.1.2 wrote
(``converter.brush.encode_rle``), whose decoder reads ours as well.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.rle import decode_mask
from segrefiner_mm.services.label_studio.brush_rle import (
    decode_brush,
    encode_brush,
)
from segrefiner_mm.services.label_studio.image_source import ImageSource
from segrefiner_mm.services.label_studio.regions import mask_of
from segrefiner_mm.services.serve_options import ServeOptions
from tests.helpers import iou
from tests.test_services.conftest import png

KEY = 'key-of-a-user'
THEIRS = [0, 0, 0, 24, 57, 27, 252, 96, 17, 255, 223, 0, 0]
CONFIG = (
    '<View><!-- a comment --><Image name="img" value="$photo"/>'
    '<BrushLabels name="tag" toName="img"><Label value="Cup"/></BrushLabels>'
    '</View>'
)


@pytest.fixture(scope='module')
def site():
    """A site with an image for those who have the key, and its log."""

    class Site(BaseHTTPRequestHandler):
        pictures: dict = {}
        asked: list = []

        def do_GET(self):
            path = urlsplit(self.path).path
            self.asked.append((path, self.headers.get('Authorization')))
            if path.startswith('/jump/'):
                self.send_response(302)
                self.send_header('Location', self.path[len('/jump/') :])
                self.end_headers()
            elif path in self.pictures:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(self.pictures[path])
            else:
                self.send_error(404)

        def log_message(self, *_):
            pass

    server = HTTPServer(('127.0.0.1', 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Site.address = f'http://127.0.0.1:{server.server_port}'
    yield Site
    server.shutdown()
    server.server_close()


@pytest.fixture
def options(site, tmp_path, photo):
    (tmp_path / 'key').write_text(f'{KEY}\n')
    (tmp_path / 'local').mkdir()
    (tmp_path / 'local' / 'a.png').write_bytes(photo[0])
    (tmp_path / 'secret.png').write_bytes(photo[0])
    (tmp_path / 'local' / 'link.png').symlink_to(tmp_path / 'secret.png')
    site.pictures['/data/upload/1/a.png'] = photo[0]
    site.asked.clear()
    return dict(
        label_studio=site.address,
        label_studio_key=tmp_path / 'key',
        image_dir=tmp_path / 'local',
    )


@pytest.fixture
def backend(serve, options):
    return serve(**options)


def brush(mask, **value):
    height, width = mask.shape
    return dict(
        id='abc',
        from_name='tag',
        to_name='img',
        type='brushlabels',
        original_width=width,
        original_height=height,
        image_rotation=0,
        value=dict(
            format='rle',
            rle=encode_brush(mask),
            brushlabels=['Cup'],
            **value,
        ),
    )


def polygon(points, size=(160, 200), **fields):
    region = dict(
        id='abc',
        from_name='tag',
        to_name='img',
        type='polygonlabels',
        original_width=size[1],
        original_height=size[0],
        value=dict(points=points, polygonlabels=['Cup'], closed=True),
    )
    return dict(region, **fields)


def request_for(regions, photo='/data/upload/1/a.png', **task):
    return dict(
        tasks=[dict(id=1, data=dict(photo=photo, text='x'), **task)],
        project='1.1700000000',
        label_config=CONFIG,
        params=dict(
            login=None,
            password=None,
            context=None if regions is None else dict(result=regions),
        ),
    )


def masks_of(answer):
    assert answer.status == 200, answer.body
    [prediction] = answer.json['results']
    assert prediction['model_version'] == answer.json['model_version']
    return prediction['result'], prediction['score']


def test_a_brush_stroke_is_refined(backend, site, scene):
    answer = backend.post_json('/predict', request_for([brush(scene[2])]))
    [region], score = masks_of(answer)
    refined = decode_brush(region['value']['rle'], (160, 200))
    assert iou(refined, scene[1]) > iou(scene[2], scene[1]) + 0.05
    assert region['value']['brushlabels'] == ['Cup']
    assert (region['from_name'], region['type']) == ('tag', 'brushlabels')
    assert region['id'] != 'abc'
    assert 0 < score <= 1
    assert site.asked == [('/data/upload/1/a.png', f'Token {KEY}')]


def test_a_polygon_is_refined(backend, scene):
    """A square about the disk, of which two parts come back as polygons."""
    points = [[27, 25], [68, 25], [68, 75], [27, 75]]
    answer = backend.post_json('/predict', request_for([polygon(points)]))
    regions, _ = masks_of(answer)
    assert len(regions) >= 1
    for region in regions:
        assert region['value']['polygonlabels'] == ['Cup']
        assert region['value']['closed'] is True
        array = np.array(region['value']['points'])
        assert array.shape[1] == 2
        assert array.min() >= 0
        assert array.max() <= 100


def test_masks_that_a_task_has_already(backend, scene):
    """The newest annotation, else a prediction of another model."""
    other = dict(result=[brush(scene[2])], model_version='yolo')
    request = request_for(None, predictions=[other], annotations=[])
    regions, _ = masks_of(backend.post_json('/predict', request))
    assert len(regions) == 1
    own = backend.post_json('/setup', dict(hostname='http://evil')).json
    ours = dict(result=[brush(scene[2])], **own)
    request = request_for(None, predictions=[ours])
    assert masks_of(backend.post_json('/predict', request)) == ([], 0)
    two = dict(result=[brush(scene[2])] * 2)
    request = request_for(None, annotations=[two], predictions=[other])
    assert len(masks_of(backend.post_json('/predict', request))[0]) == 2


def test_regions_that_are_no_masks(backend):
    box = dict(type='rectanglelabels', value=dict(x=1, y=1, width=9, height=9))
    for regions in ([], [box], [None], [dict(value=None)]):
        answer = backend.post_json('/predict', request_for(regions))
        assert masks_of(answer) == ([], 0)


def test_an_image_of_the_local_storage(backend, scene, site):
    name = '/data/local-files/?d=a.png'
    request = request_for([brush(scene[2])], photo=name)
    assert len(masks_of(backend.post_json('/predict', request))[0]) == 1
    assert site.asked == []


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('/data/local-files/?d=../secret.png', 'leads out'),
        ('/data/local-files/?d=%2e%2e/secret.png', 'leads out'),
        ('/data/local-files/?d=/etc/passwd', 'leads out'),
        ('/data/local-files/?d=link.png', 'leads out'),
        ('/data/local-files/', 'not a file name'),
        ('file:///etc/passwd', 'not the address'),
        ('ftp://127.0.0.1/a.png', 'not the address'),
        ('http://169.254.169.254/latest/meta-data', 'not fetched from'),
        ('//169.254.169.254/latest', 'not fetched from'),
        ('http://127.0.0.1:1/a.png', 'not fetched from'),
        ('http://127.0.0.1@evil.example/a.png', 'not fetched from'),
        ('/jump/http://evil.example/a.png', 'not fetched from'),
        ('/jump/jump/jump/jump/jump/jump/x', 'redirects too often'),
        ('/jump/file:///etc/passwd', 'not the address'),
        ('/data/upload/1/nothing.png', 'status 404'),
        ('http://[', 'not an address'),
        ('s3://bucket/a.png', 'not the address'),
        (None, 'is null'),
        (['a'], 'a list of 1'),
    ],
)
def test_images_from_elsewhere(backend, scene, name, words):
    request = request_for([brush(scene[2])], photo=name)
    answer = backend.post_json('/predict', request)
    assert answer.status == 400, answer.body
    assert words in answer.detail


def test_the_key_goes_to_label_studio_alone(options, site, serve, photo):
    """Another host that is allowed does not see it, nor by a redirection."""
    port = site.address.rpartition(':')[2]
    other = f'http://localhost:{port}'
    source = ImageSource(ServeOptions(**options, image_hosts=(other,)))
    path = '/data/upload/1/a.png'
    assert source.read(f'{other}{path}') == photo[0]
    assert source.read(f'/jump/{other}{path}') == photo[0]
    assert [key for way, key in site.asked if way == path] == [None, None]


def test_an_image_that_is_too_large(options, site):
    site.pictures['/large'] = bytes(1_000_001)
    source = ImageSource(ServeOptions(**options, max_request_mb=1))
    with pytest.raises(InputError, match='--max-request-mb'):
        source.read('/large')


def test_without_options_nothing_is_fetched(client, scene):
    request = request_for([brush(scene[2])], photo='http://127.0.0.1/a.png')
    answer = client.post_json('/predict', request)
    assert (answer.status, '--image-host' in answer.detail) == (400, True)
    request = request_for([brush(scene[2])], photo='/data/local-files/?d=a')
    assert '--image-dir' in client.post_json('/predict', request).detail


@pytest.mark.parametrize(
    ('config', 'words'),
    [
        ('<View>', 'not XML'),
        (
            '<!DOCTYPE v [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><v>&b;</v>',
            'entities',
        ),
        ('<View><Image name="other" value="$photo"/></View>', 'no image'),
        ('<View><Image name="img" value="$none"/></View>', 'no image'),
    ],
)
def test_labelling_interfaces_that_do_not_fit(backend, scene, config, words):
    request = dict(request_for([brush(scene[2])]), label_config=config)
    answer = backend.post_json('/predict', request)
    assert answer.status == 400, answer.body
    assert words in answer.detail


@pytest.mark.parametrize(
    'fields',
    [
        dict(original_width=0),
        dict(original_width=10**9, original_height=10**9),
        dict(original_width=100),
        dict(original_width='wide'),
        dict(value=dict(format='rle', rle='text')),
        dict(value=dict(format='rle', rle=[256])),
        dict(value=dict(format='rle', rle=[])),
        dict(value=dict(format='rle', rle=[255] * 50)),
        dict(value=dict(points=[[0, 0], [1, 1]])),
        dict(value=dict(points=[[0, 0], [1, 1], ['x', 1]])),
        dict(value=dict(points=[[0, 0], [1, 1], [1e300, 1]])),
        dict(value=dict(points='circle')),
    ],
)
def test_regions_that_are_damaged(backend, scene, fields):
    request = request_for([{**brush(scene[2]), **fields}])
    answer = backend.post_json('/predict', request)
    assert answer.status == 400, answer.body
    assert answer.detail


def test_many_brushes_are_not_decoded_and_do_not_pile_up(backend, scene):
    """A brush takes bytes that say nothing of the memory of its image."""
    damaged = dict(brush(scene[2]), value=dict(format='rle', rle=[]))
    answer = backend.post_json('/predict', request_for([damaged] * 21))
    assert answer.status == 400
    assert '21 masks, more than the 20' in answer.detail
    kept = mask_of(brush(np.ones((1000, 1000), bool)))
    assert len(json.dumps(kept)) < 100  # and not a megabyte
    np.testing.assert_array_equal(
        decode_mask(mask_of(brush(scene[2]))), scene[2]
    )


def test_the_stream_is_that_of_the_tool():
    """``encode_rle`` of a 2 x 3 mask with one foreground pixel."""
    mask = np.array([[False, True, False], [False] * 3])
    np.testing.assert_array_equal(decode_brush(THEIRS, (2, 3)), mask)
    np.testing.assert_array_equal(
        decode_brush(encode_brush(mask), (2, 3)), mask
    )


@pytest.mark.parametrize('size', [(1, 1), (7, 5), (300, 401)])
def test_brushes_come_back(size):
    rng = np.random.default_rng(0)
    for mask in (
        np.zeros(size, bool),
        np.ones(size, bool),
        rng.random(size) > 0.5,
    ):
        back = decode_brush(encode_brush(mask), size)
        np.testing.assert_array_equal(back, mask)


def test_values_in_full_are_read():
    """Blocks without repetition, which other encoders write."""
    values = [0, 0, 0, 0, 9, 9, 9, 200]
    bits = f'{8:032b}{7:05b}' + ''.join(f'{s - 1:04b}' for s in (3, 4, 8, 16))
    bits += '0' + '00' + f'{7:03b}' + ''.join(f'{v:08b}' for v in values)
    ones = np.array([int(bit) for bit in bits], np.uint8)
    stream = np.packbits(ones).tolist()
    np.testing.assert_array_equal(
        decode_brush(stream, (1, 2)), [[False, True]]
    )


def test_options_that_are_no_addresses(tmp_path):
    with pytest.raises(InputError, match='not the address'):
        ImageSource(ServeOptions(label_studio='localhost:8080'))
    with pytest.raises(InputError, match='no such folder'):
        ImageSource(ServeOptions(image_dir=tmp_path / 'nothing'))


def test_the_picture_of_the_tests_is_a_picture(photo, scene):
    assert png(scene[0]) == photo[0]
