"""The gate in front of an application: host names, token, sizes, queue."""

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segrefiner_mm.services.access import answers_to, may_enter
from segrefiner_mm.services.serve_options import ServeOptions

PATIENCE = 30  # seconds until the next part of a request
OPEN = frozenset(['/health'])  # so that a watchdog needs no token


class Gate:
    """Passes requests on to an ASGI application, or refuses them.

    The host name, the origin, the token and the declared length are checked
    before the body is read. Requests other than GET take a place in the queue.
    Reading stops when a body exceeds ``max_request_mb``, whatever its header
    declares, or stalls for 30 seconds.

    Args:
        app (Callable): The ASGI application.
        options (ServeOptions): Options of the server.
        token (str, optional): Token that clients must send; None: no token is
            needed.
    """

    def __init__(
        self, app: ASGIApp, options: ServeOptions, token: str | None
    ) -> None:
        self._app = app
        self._options = options
        self._token = token
        self._most = options.max_request_mb * 1_000_000
        self._busy = 0

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Handle a connection.

        Args:
            scope (dict): See the ASGI specification.
            receive (Callable): See the ASGI specification.
            send (Callable): See the ASGI specification.
        """
        if scope['type'] == 'lifespan':
            await self._app(scope, receive, send)
            return
        if scope['type'] != 'http':
            await send(dict(type='websocket.close'))
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if scope['method'] == 'GET':
            await self._app(scope, receive, send)
            return
        if self._busy >= self._options.queue:
            problem = f'{self._busy} requests are waiting: try again later'
            full = _problem(503, problem)
            full.headers['Retry-After'] = '5'
            await full(scope, receive, send)
            return
        self._busy += 1
        try:
            await _Body(self._app, self._most)(scope, receive, send)
        finally:
            self._busy -= 1

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = {
            name.decode('latin-1').lower(): value.decode('latin-1')
            for name, value in scope['headers']
        }
        host = headers.get('host', '')
        if not answers_to(host, self._options, self._token):
            return _problem(
                421, 'this server does not answer to the host of the request'
            )
        origin = headers.get('origin')
        if origin is not None and origin.partition('://')[2] != host:
            return _problem(403, 'other sites may not call this server')
        if self._token is not None and scope['path'] not in OPEN:
            given = headers.get('authorization', '')
            if not may_enter(given, self._token):
                wrong = _problem(401, 'the token is missing or wrong')
                wrong.headers['WWW-Authenticate'] = 'Basic realm="segrefiner"'
                return wrong
        length = headers.get('content-length', '0')
        if not length.isdigit():
            return _problem(400, 'the length of the request is not a number')
        if int(length[:20]) > self._most:
            return too_large(self._most)
        return None


class _Body:
    """Passes on one request, and limits the size and time of its body."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._left = most
        self._most = most
        self._whole = False
        self._started = False
        self._answer: JSONResponse | None = None

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def counted() -> Message:
            return await self._next(receive)

        async def unless_refused(message: Message) -> None:
            if self._answer is None or self._started:
                self._started = True
                await send(message)

        try:
            await self._app(scope, counted, unless_refused)
        except Exception:
            if self._answer is None:
                raise
        if self._answer is not None and not self._started:
            await self._answer(scope, receive, send)

    async def _next(self, receive: Receive) -> Message:
        if self._whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), PATIENCE)
        except asyncio.TimeoutError:
            self._answer = _problem(408, 'the request stalled')
            return dict(type='http.disconnect')
        self._left -= len(message.get('body', b''))
        self._whole = not message.get('more_body', False)
        if self._left < 0:
            self._answer = too_large(self._most)
            return dict(type='http.disconnect')
        return message


def too_large(most: int) -> JSONResponse:
    """Return the answer to a request that is too large.

    Args:
        most (int): Maximum number of bytes.

    Returns:
        JSONResponse: Status 413.
    """
    return _problem(
        413, f'a request may have {most:,} bytes: --max-request-mb allows more'
    )


def _problem(status: int, detail: str) -> JSONResponse:
    return JSONResponse(dict(detail=detail), status)
