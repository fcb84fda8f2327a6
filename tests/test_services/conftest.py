"""A server in this process, and a client that speaks plain HTTP."""

import http.client
import json
import threading
import time
from typing import Any, NamedTuple

import cv2
import pytest

from segrefiner_mm.io.limits import set_max_pixels
from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.services.serve_options import ServeOptions

BOUNDARY = 'a-line-that-no-file-has'
MOST_PIXELS = 1_000_000
TOKEN = 'a-token-of-the-tests-0123456789'


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """Why it was refused, in words and without Python's."""
        detail = self.json['detail']
        assert isinstance(detail, str)
        assert 'Traceback' not in detail
        return detail


class Client(NamedTuple):
    port: int
    headers: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> Answer:
        names = {k.replace('_', '-'): v for k, v in headers.items()}
        connection = http.client.HTTPConnection(
            '127.0.0.1', self.port, timeout=120
        )
        try:
            connection.request(method, path, body, {**self.headers, **names})
            got = connection.getresponse()
            heads = {k.lower(): v for k, v in got.getheaders()}
            return Answer(got.status, heads, got.read())
        finally:
            connection.close()

    def post_json(self, path: str, content: Any, **headers: str) -> Answer:
        headers = dict(content_type='application/json', **headers)
        return self.ask('POST', path, json.dumps(content), **headers)

    def post(
        self,
        path: str,
        files: list[tuple[str, bytes]],
        filename: str = 'file',
        **fields: str,
    ) -> Answer:
        """POST a form: files, then fields."""
        parts = [
            f'Content-Disposition: form-data; name="{name}"; '
            f'filename="{filename}"\r\n'
            'Content-Type: application/octet-stream\r\n\r\n'.encode()
            + content
            for name, content in files
        ]
        parts += [
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n'
            f'{value}'.encode()
            for name, value in fields.items()
        ]
        body = b''.join(
            f'--{BOUNDARY}\r\n'.encode() + part + b'\r\n' for part in parts
        )
        kind = f'multipart/form-data; boundary={BOUNDARY}'
        whole = body + f'--{BOUNDARY}--\r\n'.encode()
        return self.ask('POST', path, whole, content_type=kind)


@pytest.fixture(scope='session')
def refiner_options():
    return RefinerOptions(device='cpu', steps=1, runtime='torch')


@pytest.fixture(scope='session')
def service(refiner_options):
    from segrefiner_mm.services.refine_service import RefineService

    service = RefineService(refiner_options, max_masks=20)
    service.start()
    return service


@pytest.fixture(scope='session')
def serve(service):
    """Starts servers: ``serve(token=None, **options)`` gives a client."""
    pytest.importorskip('fastapi')
    pytest.importorskip('fastapi_offline')
    pytest.importorskip('python_multipart')
    uvicorn = pytest.importorskip('uvicorn')

    from segrefiner_mm.services.gate import Gate
    from segrefiner_mm.services.web_app import build_app

    servers = []

    def start(token: str | None = None, **options: Any) -> Client:
        given = ServeOptions(max_request_mb=2, quiet=True, **options)
        config = uvicorn.Config(
            Gate(build_app(service, given), given, token),
            '127.0.0.1',
            0,
            log_level='error',
            lifespan='off',
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        servers.append((server, thread))
        [sockets] = [s.sockets for s in server.servers]
        headers = {'Authorization': f'Bearer {token}'} if token else {}
        return Client(sockets[0].getsockname()[1], headers)

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope='session')
def client(serve):
    return serve()


@pytest.fixture(autouse=True)
def _most_pixels():
    set_max_pixels(MOST_PIXELS)
    yield
    set_max_pixels(None)


def png(picture: Any) -> bytes:
    return cv2.imencode('.png', picture)[1].tobytes()


@pytest.fixture
def photo(scene):
    """The bytes of an image and of its coarse mask."""
    image, _, coarse = scene
    return png(image), png(coarse.astype('uint8') * 255)
