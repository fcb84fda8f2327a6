"""The server, which is one process with one model at one address."""

import socket
import sys
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.limits import set_max_pixels
from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.runtimes.installed import need
from segrefiner_mm.services.access import token_of
from segrefiner_mm.services.refine_service import RefineService
from segrefiner_mm.services.serve_options import SERVED_PIXELS, ServeOptions

GRACE = 30  # seconds for the requests in progress at the end


def serve(
    options: ServeOptions | None = None,
    refiner: RefinerOptions | None = None,
    max_pixels: int | None = None,
) -> None:
    """Serve refinement by HTTP; the function behind ``serve``.

    This returns when the process gets the signal to stop and the requests in
    progress are done, after at most 30 seconds. The address is printed.

    Args:
        options (ServeOptions, optional): Options of the server. Defaults to
            None: the defaults of :class:`ServeOptions`.
        refiner (RefinerOptions, optional): The model and its settings.
            Defaults to None: the defaults of :class:`RefinerOptions`.
        max_pixels (int, optional): Maximum number of pixels of an image or a
            mask, for the whole process. Defaults to None: 50,000,000.

    Raises:
        InputError: If an option or the model cannot be used, the extra
            ``serve`` is not installed, or the address cannot be used.
        CheckpointError: If the weights cannot be used.
    """
    options = options or ServeOptions()
    for package in (
        'fastapi',
        'fastapi_offline',
        'python_multipart',
        'uvicorn',
    ):
        need(package, 'serve')
    from segrefiner_mm.services.web_app import build_app

    token, service = start_service(
        options, refiner, max_pixels, options.max_masks
    )
    listen(build_app(service, options), options, token, '/docs')


def start_service(
    options: ServeOptions,
    refiner: RefinerOptions | None,
    max_pixels: int | None,
    max_masks: int,
) -> tuple[str | None, RefineService]:
    """Check the options, set the limit of pixels, and load the model.

    Args:
        options (ServeOptions): Options of the server.
        refiner (RefinerOptions, optional): The model and its settings; see
            :func:`serve`.
        max_pixels (int, optional): See :func:`serve`.
        max_masks (int): Maximum number of masks per request.

    Returns:
        tuple[str | None, RefineService]: The token that clients must send,
        None if they need none, and the service.

    Raises:
        InputError: If an option or the model cannot be used.
        CheckpointError: If the weights cannot be used.
    """
    token = token_of(check(options))
    set_max_pixels(SERVED_PIXELS if max_pixels is None else max_pixels)
    service = RefineService(refiner, max_masks)
    service.start()
    return token, service


def listen(
    app: Any, options: ServeOptions, token: str | None, page: str
) -> None:
    """Serve an application behind a :class:`Gate` until the process stops.

    The address is printed, unless ``quiet`` is set.

    Args:
        app (Callable): The ASGI application.
        options (ServeOptions): Options of the server.
        token (str, optional): Token that clients must send; None: no token is
            needed.
        page (str): Path of a page, such as ``'/docs'``, for the printed
            address.

    Raises:
        InputError: If the address cannot be used.
    """
    import uvicorn

    from segrefiner_mm.services.gate import Gate

    config = uvicorn.Config(
        Gate(app, options, token),
        options.host,
        options.port,
        log_level='error' if options.quiet else 'info',
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE,
        proxy_headers=False,
    )
    listening = _bound(options.host, options.port)
    if not options.quiet:
        host, port = listening.getsockname()[:2]
        guarded = 'a token is needed' if token else 'for this machine alone'
        host = f'[{host}]' if ':' in host else host
        print(f'segrefiner: http://{host}:{port}{page} ({guarded})')
        sys.stdout.flush()
    try:
        uvicorn.Server(config).run([listening])
    except KeyboardInterrupt:
        pass  # the signal that ended it, once everything is closed
    finally:
        listening.close()


def check(options: ServeOptions) -> ServeOptions:
    """Check that the numbers of the options are in their ranges.

    Args:
        options (ServeOptions): Options of the server.

    Returns:
        ServeOptions: The options, unchanged.

    Raises:
        InputError: If a number is out of its range.
    """
    least = dict(
        port=(options.port, 0, 65535),
        max_request_mb=(options.max_request_mb, 1, 2000),
        max_masks=(options.max_masks, 1, 100_000),
        queue=(options.queue, 1, 1000),
    )
    for name, (value, low, high) in least.items():
        if not low <= value <= high:
            flag = name.replace('_', '-')
            raise InputError(
                f'--{flag} must be from {low} to {high}, got {value}'
            )
    return options


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = reason_of(error)
        raise InputError(
            f'cannot listen on {host}, port {port}: {reason}'
        ) from None
