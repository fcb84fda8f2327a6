"""Access to the server: its token, and the host names it answers to."""

import base64
import binascii
import hmac
import ipaddress
import os
from pathlib import Path

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.services.serve_options import ServeOptions

VARIABLE = 'SEGREFINER_TOKEN'
SHORTEST = 16
LOOPBACK = frozenset(['localhost', '127.0.0.1', '::1'])


def token_of(options: ServeOptions) -> str | None:
    """Return the token that clients must send.

    Args:
        options (ServeOptions): Options of the server.

    Returns:
        str | None: The token, from the file or else the environment variable
        ``SEGREFINER_TOKEN``; None if neither gives one and the host is a
        loopback address.

    Raises:
        InputError: If the file cannot be read, the token is too short or has
            spaces or characters that are not ASCII, or the host needs a token
            and none is given.
    """
    token, origin = os.environ.get(VARIABLE), VARIABLE
    if options.token_file is not None:
        token = read_secret(options.token_file)
        origin = str(options.token_file)
    if not token:
        if is_loopback(options.host):
            return None
        raise InputError(
            f'{options.host} can be reached from other machines: give a '
            f'token, with --token-file FILE or the variable {VARIABLE}'
        )
    if len(token) < SHORTEST or not token.isascii() or ' ' in token:
        raise InputError(
            f'{origin}: a token has at least {SHORTEST} characters of ASCII '
            'without spaces, such as the output of: openssl rand -hex 32'
        )
    return token


def read_secret(path: Path) -> str:
    """Read a file with a secret on its first line.

    Args:
        path (Path): The file.

    Returns:
        str: The secret, without surrounding whitespace.

    Raises:
        InputError: If the file cannot be read or is empty.
    """
    try:
        lines = path.read_text('utf-8').strip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error)
        raise InputError(f'cannot read {path}: {reason}') from None
    if not lines:
        raise InputError(f'{path} is empty: it should hold a token')
    return lines[0].strip()


def is_loopback(host: str) -> bool:
    """Return whether only programs on this machine can reach an address.

    Args:
        host (str): A name or an IP address.

    Returns:
        bool: True for ``localhost`` and loopback IP addresses; False for any
        other name.
    """
    if host == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_enter(authorization: str, token: str) -> bool:
    """Return whether a request has the token, compared in constant time.

    Args:
        authorization (str): Value of the ``Authorization`` header: ``Bearer
            TOKEN``, or ``Basic`` with the token as password, for browsers and
            Label Studio.
        token (str): The expected token.

    Returns:
        bool: Whether the request has this token.
    """
    scheme, _, given = authorization.partition(' ')
    if scheme.lower() == 'basic':
        try:
            given = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        given = given.partition(':')[2]
    elif scheme.lower() != 'bearer':
        return False
    return hmac.compare_digest(given.strip().encode(), token.encode())


def answers_to(header: str, options: ServeOptions, token: str | None) -> bool:
    """Return whether the server answers to the host name of a request.

    This prevents DNS rebinding: the page of another site can have a browser
    call a loopback address under a host name of that site, and a server
    without a token would answer.

    Args:
        header (str): Value of the ``Host`` header.
        options (ServeOptions): Options of the server.
        token (str, optional): Token of the server; None if it has none.

    Returns:
        bool: True for any name if there is a token and ``hosts`` of the
        options is empty; else for loopback names, ``host`` and ``hosts``.
    """
    if token is not None and not options.hosts:
        return True
    name = header.rsplit(':', 1)[0] if _has_port(header) else header
    name = name.strip('[]').lower()
    own = {host.lower() for host in (options.host, *options.hosts)}
    return name in LOOPBACK or name in own


def _has_port(header: str) -> bool:
    _, colon, port = header.rpartition(':')
    return bool(colon) and port.isdigit() and not header.endswith(']')
