"""Requests that want too much, or something else: refused in words."""

import base64
import http.client
import io
import json
import socket
import struct
import sys
import threading
import zipfile
import zlib

import numpy as np
import pytest

from segrefiner_mm.cli.main import main
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.services.access import (
    answers_to,
    is_loopback,
    may_enter,
    token_of,
)
from segrefiner_mm.services.refine_service import Choice
from segrefiner_mm.services.serve_options import ServeOptions
from segrefiner_mm.services.uploads import items_of
from tests.test_services.conftest import TOKEN

HUGE = dict(size=[2**20, 2**20], counts=[0, 2**40])


@pytest.fixture(scope='module')
def guarded(serve):
    return serve(TOKEN)


def refused(answer, *words, status=400):
    assert answer.status == status, answer.body
    for word in words:
        assert word in answer.detail


def png_of_zeros(side):
    """A valid grey PNG of side x side, of a few kilobytes."""

    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return (
            struct.pack('>I', len(data)) + kind + data + struct.pack('>I', crc)
        )

    head = struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b''.join(packer.compress(bytes(side + 1)) for _ in range(side))
    data = rows + packer.flush()
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        [chunk(b'IHDR', head), chunk(b'IDAT', data), chunk(b'IEND', b'')]
    )


def zeros_npz(shape):
    """A .npz of a few kilobytes whose array has the shape."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, dict(descr='|u1', fortran_order=False, shape=shape)
    )
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as archive,
        archive.open('a.npy', 'w') as file,
    ):
        file.write(header.getvalue())
        left = int(np.prod(shape))
        while left > 0:
            file.write(bytes(min(left, 2**20)))
            left -= 2**20
    return packed.getvalue()


def test_a_body_that_says_it_is_large(client, photo):
    body = photo[0] + bytes(2_000_001)
    answer = client.ask('POST', '/refine', body, content_type='image/png')
    refused(answer, '2,000,000 bytes', '--max-request-mb', status=413)


def test_a_body_that_does_not_say_how_large_it_is(client):
    """Chunks, without a length: those beyond the limit are dropped."""
    link = http.client.HTTPConnection('127.0.0.1', client.port, timeout=60)
    link.putrequest('POST', '/refine/json')
    link.putheader('Transfer-Encoding', 'chunked')
    link.putheader('Content-Type', 'application/json')
    link.endheaders()
    part = bytes(100_000)
    for _ in range(40):
        link.send(b'%x\r\n%s\r\n' % (len(part), part))
    got = link.getresponse()
    assert got.status == 413
    assert '2,000,000 bytes' in json.loads(got.read())['detail']
    link.close()


def test_a_picture_that_expands(client, photo):
    bomb = png_of_zeros(8_000)
    assert len(bomb) < 200_000
    for files in (
        [('image', bomb), ('masks', photo[1])],
        [('image', photo[0]), ('masks', bomb)],
    ):
        answer = client.post('/refine', files)
        refused(answer, '8000 x 8000', 'more than the 1,000,000 pixels')


def test_an_array_that_expands(client, photo):
    bomb = zeros_npz((500, 1000, 1000))
    assert len(bomb) < 1_000_000
    files = [('image', photo[0]), ('masks', bomb)]
    refused(client.post('/refine', files), 'more than the 1,000,000 pixels')


def test_an_array_of_objects(client, photo):
    stored = io.BytesIO()
    np.save(stored, np.array([print], object), allow_pickle=True)
    files = [('image', photo[0]), ('masks', stored.getvalue())]
    refused(client.post('/refine', files), 'does not hold numbers')


@pytest.mark.parametrize(
    'masks',
    [
        '/etc/passwd',
        ['/etc/passwd'],
        [['/etc/passwd']],
        [dict(segmentation='/etc/passwd')],
        [dict(size=[160, 200], counts='/etc/passwd')],
        [dict(size='/etc/passwd', counts=[32000])],
        dict(path='/etc/passwd'),
    ],
)
def test_names_of_files_are_no_masks(client, photo, masks):
    """JSON may name nothing on the server."""
    content = json.dumps(masks).encode()
    files = [('image', photo[0]), ('masks', content)]
    answer = client.post('/refine', files)
    assert answer.status == 400, answer.body
    assert 'root:' not in answer.detail
    image = base64.b64encode(photo[0]).decode()
    answer = client.post_json('/refine/json', dict(image=image, masks=masks))
    assert answer.status in (400, 422)
    assert 'root:' not in answer.detail


def test_an_image_is_no_name_either(client, photo, tmp_path):
    path = tmp_path / 'photo.png'
    path.write_bytes(photo[0])
    for name in (str(path), path.as_uri(), '../' * 9 + str(path)):
        files = [('image', name.encode()), ('masks', photo[1])]
        refused(client.post('/refine', files), 'not an image')
        content = dict(image=name, masks=[])
        answer = client.post_json('/refine/json', content)
        refused(answer, 'base64')


def test_names_of_uploads_are_not_used(client, photo, tmp_path):
    """Files are told by content, and nothing is written."""
    files = [('image', photo[0]), ('masks', photo[1])]
    name = f'../../../{tmp_path}/evil.npy'
    assert client.post('/refine', files, filename=name).status == 200
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    'mask',
    [
        HUGE,
        dict(size=[160, 200], counts=[1]),
        dict(size=[160, 200], counts=[-1, 32001]),
        dict(size=[160, 200], counts='~~~~'),
        dict(size=[0, 0], counts=[]),
        dict(size=[160, 200], counts={}),
        [[0, 0, 1e300, 0, 5, 5]],
        [[0, 0, 1]],
        [[None] * 6],
        [],
        {},
    ],
)
def test_encodings_that_are_none(client, photo, mask):
    content = json.dumps([mask]).encode()
    files = [('image', photo[0]), ('masks', content)]
    refused(client.post('/refine', files), 'mask 0')


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'[' * 100_000, 'nested'),
        (b'{"a":' * 100_000, 'nested'),
        (b'[1, 2', 'not valid json'),
        (b'{"size": NaN}', 'mask 0'),
        (b'\x93NUMPY\x09\x09', 'unknown version'),
        (b'PK\x03\x04', 'cannot read the array'),
        (b'', 'not an image'),
        (b'%!PS-Adobe-3.0 EPSF-3.0', 'not an image'),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 'not an image'),
    ],
)
def test_files_that_are_no_masks(client, photo, content, words):
    files = [('image', photo[0]), ('masks', content)]
    refused(client.post('/refine', files), words)


def test_too_many_masks(client, photo, scene):
    many = json.dumps([encode_mask(scene[2])] * 21).encode()
    files = [('image', photo[0]), ('masks', many)]
    refused(client.post('/refine', files), '21 masks', 'several requests')


def test_masks_that_cover_too_much(client, photo, monkeypatch):
    from segrefiner_mm.services import uploads

    monkeypatch.setattr(uploads, 'MAX_DECODED', 3 * 160 * 200)
    full = dict(size=[160, 200], counts=[0, 32000])
    files = [('image', photo[0])]
    three, four = (json.dumps([full] * n).encode() for n in (3, 4))
    assert client.post('/refine', [*files, ('masks', three)]).status == 200
    answer = client.post('/refine', [*files, ('masks', four)])
    refused(answer, 'several requests')


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        ('steps', 'many'),
        ('steps', '0'),
        ('steps', '1e9'),
        ('threshold', 'nan'),
        ('threshold', '-1'),
        ('guard', 'perhaps'),
        ('format', '../../etc'),
    ],
)
def test_fields_of_the_wrong_kind(client, photo, field, value):
    files = [('image', photo[0]), ('masks', photo[1])]
    answer = client.post('/refine', files, **{field: value})
    refused(answer, field, status=422)


def test_more_steps_than_there_are(client, photo):
    files = [('image', photo[0]), ('masks', photo[1])]
    refused(client.post('/refine', files, steps='7'), '6')


def test_requests_of_the_wrong_kind(client):
    assert client.ask('GET', '/refine').status == 405
    assert client.ask('POST', '/nothing', b'{}').status == 404
    refused(client.post_json('/refine', {}), 'image', status=422)
    assert client.ask('GET', '/../../etc/passwd').status == 404
    path = '/static-offline-docs/..%2f..%2f..%2fetc%2fpasswd'
    assert client.ask('GET', path).status == 404


def test_a_request_that_is_not_http(client):
    with socket.create_connection(('127.0.0.1', client.port)) as link:
        link.sendall(b'\x00\xff\r\n\r\n')
        assert link.recv(100).startswith(b'HTTP/1.1 400')


def test_pages_of_other_sites(client, photo):
    """A browser tells where a page is from, and by which name it calls."""
    for headers in (
        dict(Origin='https://evil.example'),
        dict(Origin='null'),
    ):
        answer = client.post_json('/refine/json', {}, **headers)
        refused(answer, 'other sites', status=403)
    answer = client.ask('GET', '/openapi.json', Host='evil.example:8765')
    refused(answer, 'host', status=421)
    own = f'http://localhost:{client.port}'
    answer = client.ask(
        'GET', '/docs', Host=f'localhost:{client.port}', Origin=own
    )
    assert answer.status == 200


@pytest.mark.parametrize(
    'given',
    [
        '',
        'Bearer',
        f'Bearer {TOKEN[:-1]}',
        f'Bearer {TOKEN}x',
        f'Token {TOKEN}',
        'Bearer \xff',
        'Basic !!!',
        'Basic ' + base64.b64encode(f'{TOKEN}:'.encode()).decode(),
        'Basic ' + base64.b64encode(b'\xff:\xff').decode(),
    ],
)
def test_a_wrong_token(guarded, given):
    bare = guarded._replace(headers={})
    for path in ('/refine', '/docs', '/openapi.json', '/predict', '/nothing'):
        answer = bare.ask('POST', path, b'x', Authorization=given)
        refused(answer, 'token', status=401)
        assert 'basic' in answer.headers['www-authenticate'].lower()
    assert bare.ask('GET', '/health').status == 200


def test_the_right_token(guarded, photo):
    files = [('image', photo[0]), ('masks', photo[1])]
    assert guarded.post('/refine', files).status == 200
    basic = base64.b64encode(f'anyone:{TOKEN}'.encode()).decode()
    answer = guarded._replace(headers={}).ask(
        'GET', '/docs', Authorization=f'Basic {basic}'
    )
    assert answer.status == 200


def test_the_token_is_read_before_the_body(guarded):
    bare = guarded._replace(headers={})
    answer = bare.ask('POST', '/refine', bytes(3_000_000))
    refused(answer, 'token', status=401)


def test_tokens_are_compared_whole():
    assert may_enter(f'Bearer {TOKEN}', TOKEN)
    assert may_enter(f'bearer  {TOKEN} ', TOKEN)
    assert not may_enter('Bearer ', TOKEN)


@pytest.mark.parametrize('host', ['0.0.0.0', '::', '192.168.0.4', 'a.org'])
def test_other_hosts_need_a_token(host, monkeypatch, tmp_path):
    monkeypatch.delenv('SEGREFINER_TOKEN', raising=False)
    with pytest.raises(InputError, match='--token-file'):
        token_of(ServeOptions(host=host))
    monkeypatch.setenv('SEGREFINER_TOKEN', 'short')
    with pytest.raises(InputError, match='at least 16'):
        token_of(ServeOptions(host=host))
    monkeypatch.setenv('SEGREFINER_TOKEN', TOKEN)
    assert token_of(ServeOptions(host=host)) == TOKEN
    (tmp_path / 'token').write_text('another-token-of-the-tests\n')
    options = ServeOptions(host=host, token_file=tmp_path / 'token')
    assert token_of(options) == 'another-token-of-the-tests'


def test_names_of_hosts_have_no_case():
    options = ServeOptions(hosts=('Refiner.Local',))
    assert answers_to('refiner.local:8765', options, TOKEN)
    assert answers_to('REFINER.LOCAL', options, None)
    assert not answers_to('other.local', options, TOKEN)


def test_addresses_of_this_machine():
    own = ('127.0.0.1', '127.8.9.1', '::1', 'localhost')
    assert all(map(is_loopback, own))
    assert not any(map(is_loopback, ('localhost.evil.example', '10.0.0.1')))


def test_masks_are_decoded_when_it_is_their_turn(service, photo):
    decoded = threading.Event()

    def read_items():
        decoded.set()
        return items_of(photo[1])

    served = []
    given = photo[0], read_items, Choice()
    run = threading.Thread(
        target=lambda: served.extend(service.refine(*given))
    )
    with service.turn:
        run.start()
        assert not decoded.wait(0.5)
    run.join(60)
    assert len(served) == 1


def test_the_queue_is_short(serve, photo):
    """A second request beside one in progress has to try again later."""
    client = serve(queue=1)
    link = http.client.HTTPConnection('127.0.0.1', client.port, timeout=60)
    link.putrequest('POST', '/refine/json')
    link.putheader('Content-Length', '10')
    link.endheaders()
    link.send(b'{')
    while True:  # until the first has arrived
        answer = client.post_json('/refine/json', {})
        if answer.status == 503:
            break
        assert answer.status == 422
    refused(answer, 'try again later', status=503)
    assert answer.headers['retry-after'] == '5'
    link.close()


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--host', '0.0.0.0'], 'give a token'),
        (['--port', '99999'], '--port must be from 0 to 65535'),
        (['--queue', '0'], '--queue must be'),
        (['--token-file', 'nothing.txt'], 'cannot read nothing.txt'),
        (['--host', '203.0.113.7'], 'cannot listen'),
        (['--weights', 'nothing.pth'], 'nothing.pth'),
    ],
)
def test_options_that_cannot_be_used(
    client, tmp_path, monkeypatch, capsys, arguments, words
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('SEGREFINER_TOKEN', raising=False)
    if 'cannot listen' in words:
        monkeypatch.setenv('SEGREFINER_TOKEN', TOKEN)
    assert main(['serve', '--device', 'cpu', *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ('command', 'package'),
    [('serve', 'fastapi_offline'), ('demo', 'gradio')],
)
def test_a_missing_extra_is_named(command, package, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, package, None)
    assert main([command]) == 2
    told = capsys.readouterr().err
    assert f'{package} is not installed: pip install' in told
    assert f'segrefiner_mm[{command}]' in told
