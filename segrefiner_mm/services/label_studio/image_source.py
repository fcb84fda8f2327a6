"""The images of tasks, from the addresses in the options only."""

import json
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, parse_qs, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.confine import confined
from segrefiner_mm.io.json_files.json_file import shown, shown_name
from segrefiner_mm.services.access import read_secret
from segrefiner_mm.services.serve_options import ServeOptions

LOCAL_FILES = '/data/local-files/'
PATIENCE = 30  # seconds
MOST_JUMPS = 5


class ImageSource:
    """Fetches the images of tasks.

    A task may name any address, but only the addresses ``label_studio`` and
    ``image_hosts`` of the options are contacted, also after a redirect. The
    key is sent only to ``label_studio``.

    Args:
        options (ServeOptions): Options of the server.

    Raises:
        InputError: If an address in the options is invalid, the image folder
            does not exist, or the key cannot be read.
    """

    def __init__(self, options: ServeOptions) -> None:
        self._home = options.label_studio
        self._own = _origin(self._home) if self._home else None
        self._others = {_origin(host) for host in options.image_hosts}
        self._folder = options.image_dir
        if self._folder is not None and not self._folder.is_dir():
            raise InputError(f'no such folder: {self._folder}')
        self._key = (
            None
            if options.label_studio_key is None
            else read_secret(options.label_studio_key)
        )
        self._most = options.max_request_mb * 1_000_000
        self._opener = build_opener(_NoRedirect)

    def read(self, name: Any) -> bytes:
        """Read an image.

        Args:
            name (object): Value from a task: an address, or a path on the
                Label Studio server.

        Returns:
            bytes: Content of the file.

        Raises:
            InputError: If the address is invalid, not allowed or does not
                answer, redirects too often, or rejects the key, or if the
                image is missing or larger than ``max_request_mb``.
        """
        if not isinstance(name, str):
            raise InputError(f'the image of a task is {shown(name)}')
        parts = _split(name)
        if not parts.scheme and parts.path == LOCAL_FILES:
            return self._local(parse_qs(parts.query).get('d', [''])[0])
        if not parts.scheme and self._home:
            name = urljoin(self._home, name)
        for _ in range(MOST_JUMPS):
            content, following = self._ask(name)
            if following is None:
                return content
            name = urljoin(name, following)
        raise InputError(f'{shown_name(name)} redirects too often')

    def _local(self, name: str) -> bytes:
        if self._folder is None:
            raise InputError(
                'the image is in the local storage of Label Studio: give '
                'its folder with --image-dir'
            )
        path = confined(self._folder, name)
        try:
            with path.open('rb') as file:
                return self._within(file, name)
        except OSError as error:
            reason = reason_of(error)
            raise InputError(
                f'cannot read {shown_name(name)}: {reason}'
            ) from None

    def _ask(self, address: str) -> tuple[bytes, str | None]:
        """Return the content and None, or b'' and the target of a redirect."""
        origin = _origin(address)
        if origin != self._own and origin not in self._others:
            raise InputError(
                f'images are not fetched from {shown_name(origin)}: allow it '
                'with --label-studio or --image-host'
            )
        headers = self._headers() if origin == self._own else {}
        request = Request(address, headers=headers)
        try:
            with self._opener.open(request, timeout=PATIENCE) as file:
                return self._within(file, address), None
        except HTTPError as error:
            following = error.headers.get('Location')
            if 300 <= error.code < 400 and following:
                return b'', following
            why = f'status {error.code}'
            if error.code in (401, 403):
                why += ': --label-studio-key names a file with a token'
        except (URLError, HTTPException, OSError, ValueError) as error:
            why = reason_of(error)
        raise InputError(f'cannot fetch {shown_name(address)}: {why}')

    def _within(self, file: IO[bytes], name: str) -> bytes:
        content = file.read(self._most + 1)
        if len(content) > self._most:
            raise InputError(
                f'{shown_name(name)} has more than {self._most:,} bytes: '
                '--max-request-mb allows more'
            )
        return content

    def _headers(self) -> dict[str, str]:
        if self._key is None:
            return {}
        if self._key.count('.') != 2:
            return dict(Authorization=f'Token {self._key}')
        # A personal access token only gets access tokens of five minutes.
        request = Request(
            urljoin(str(self._home), '/api/token/refresh'),
            json.dumps(dict(refresh=self._key)).encode(),
            {'Content-Type': 'application/json'},
        )
        try:
            with self._opener.open(request, timeout=PATIENCE) as file:
                access = json.loads(file.read(100_000))['access']
        except (HTTPException, OSError, ValueError, LookupError, TypeError):
            raise InputError(
                'Label Studio rejects the token of --label-studio-key'
            ) from None
        return dict(Authorization=f'Bearer {access}')


class _NoRedirect(HTTPRedirectHandler):
    """Leaves redirects to the caller, which checks their target."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        return None


def _origin(address: str) -> str:
    """Return the scheme, host and port of an address."""
    parts = _split(address)
    if parts.scheme not in ('http', 'https') or not parts.hostname:
        raise InputError(
            f'{shown_name(address)} is not the address of an image: it must '
            'begin with http://HOST or https://HOST'
        )
    standard = dict(http=80, https=443)[parts.scheme]
    return (
        f'{parts.scheme}://{parts.hostname.lower()}:{parts.port or standard}'
    )


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port  # read, as only reading checks it
    except ValueError as error:
        raise InputError(
            f'{shown_name(address)} is not an address: {error}'
        ) from None
    return parts
