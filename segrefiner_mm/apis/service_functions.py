"""The functions behind ``serve`` and ``demo``."""

from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.services.demo.run_demo import run_demo
from segrefiner_mm.services.run_server import run_server
from segrefiner_mm.services.serve_options import ServeOptions


def serve(
    options: ServeOptions | None = None,
    refiner: RefinerOptions | None = None,
    max_pixels: int | None = None,
) -> None:
    """Serve refinement by HTTP; the function behind ``serve``.

    It returns when the process is stopped, after the requests in progress.

    Args:
        options (ServeOptions, optional): Options of the server.
        refiner (RefinerOptions, optional): The model and its settings.
        max_pixels (int, optional): Pixels of the largest image or mask.
            Defaults to None: 50,000,000.

    Raises:
        InputError: If an option cannot be used, the extra ``serve`` is not
            installed, or the address is taken.
    """
    run_server(options or ServeOptions(), refiner, max_pixels)


def demo(
    options: ServeOptions | None = None,
    refiner: RefinerOptions | None = None,
    max_pixels: int | None = None,
) -> None:
    """Serve a page to try a refiner; the function behind ``demo``.

    Args:
        options (ServeOptions, optional): Options of the server. Defaults to
            None: port 8766 of this machine.
        refiner (RefinerOptions, optional): The model and its settings.
        max_pixels (int, optional): See :func:`serve`.

    Raises:
        InputError: If an option cannot be used, the extra ``demo`` is not
            installed, or the address is taken.
    """
    run_demo(options or ServeOptions(port=8766), refiner, max_pixels)
