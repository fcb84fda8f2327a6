"""Options of the server."""

from dataclasses import dataclass
from pathlib import Path

from segrefiner_mm.runs.make_paths import make_paths

# Pixels of the largest image, unless --max-pixels gives another number.
SERVED_PIXELS = 50_000_000


@dataclass(frozen=True)
class ServeOptions:
    """Options of the server. Paths may be given as strings.

    Attributes:
        host (str): Address to listen on. Every address that is not a loopback
            address needs a token. Defaults to '127.0.0.1'.
        port (int): Port to listen on, up to 65535; 0 chooses a free port.
            Defaults to 8765.
        token_file (Path, optional): File with the token that clients must
            send. Defaults to None: the environment variable
            ``SEGREFINER_TOKEN``, and no token if it is not set.
        hosts (tuple[str, ...]): Further host names by which clients may call
            the server. Defaults to (): any name for a server with a token;
            loopback names and ``host`` for a server without a token.
        max_request_mb (int): Maximum size of a request, in megabytes of 10^6
            bytes, 1 to 2000. Defaults to 64.
        max_masks (int): Maximum number of masks per request, 1 to 100,000.
            Defaults to 1000.
        queue (int): Maximum number of requests in progress or waiting, 1 to
            1000; further requests get status 503. Defaults to 16.
        quiet (bool): Whether to log only errors. Defaults to False.
        label_studio (str, optional): Address of the Label Studio server whose
            images are fetched, such as ``'http://localhost:8080'``. Defaults
            to None: no images are fetched from Label Studio.
        label_studio_key (Path, optional): File with the access token of a
            user of that server. Defaults to None.
        image_dir (Path, optional): Folder of the images that Label Studio
            serves from its local storage. Defaults to None.
        image_hosts (tuple[str, ...]): Addresses that images are fetched from
            without a token, such as ``'https://images.example.org'``.
            Defaults to ().
    """

    host: str = '127.0.0.1'
    port: int = 8765
    token_file: Path | None = None
    hosts: tuple[str, ...] = ()
    max_request_mb: int = 64
    max_masks: int = 1000
    queue: int = 16
    quiet: bool = False
    label_studio: str | None = None
    label_studio_key: Path | None = None
    image_dir: Path | None = None
    image_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        make_paths(self, 'token_file', 'label_studio_key', 'image_dir')
