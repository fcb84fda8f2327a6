"""The demo page, served behind the gate of the server."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.runtimes.installed import need
from segrefiner_mm.services.demo.demo_refiner import DemoRefiner
from segrefiner_mm.services.refine_service import RefineService
from segrefiner_mm.services.run_server import listen, start_service
from segrefiner_mm.services.serve_options import ServeOptions

# The page loads nothing from other servers, whatever the Gradio version.
POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "frame-ancestors 'self'"
)


def demo(
    options: ServeOptions | None = None,
    refiner: RefinerOptions | None = None,
    max_pixels: int | None = None,
) -> None:
    """Serve a page for trying a refiner; the function behind ``demo``.

    This returns as :func:`serve` does. Uploads and results are deleted then.

    Args:
        options (ServeOptions, optional): Options of the server. Defaults to
            None: port 8766 of this machine.
        refiner (RefinerOptions, optional): The model and its settings.
            Defaults to None: the defaults of :class:`RefinerOptions`.
        max_pixels (int, optional): See :func:`serve`. Defaults to None.

    Raises:
        InputError: If an option or the model cannot be used, the extra
            ``demo`` is not installed, or the address cannot be used.
        CheckpointError: If the weights cannot be used.
    """
    options = options or ServeOptions(port=8766)
    need('gradio', 'demo')
    token, service = start_service(options, refiner, max_pixels, max_masks=1)
    with TemporaryDirectory(prefix='segrefiner-demo-') as folder:
        app = build_demo(service, options, Path(folder))
        listen(app, options, token, '/')


def build_demo(
    service: RefineService, options: ServeOptions, folder: Path
) -> Any:
    """Build the application of the demo.

    This sets environment variables of Gradio, which must not be imported yet.

    Args:
        service (RefineService): Refines the masks.
        options (ServeOptions): Options of the server.
        folder (Path): Folder for uploads and results.

    Returns:
        FastAPI: The application, without the gate.
    """
    # Before the import: Gradio reads them once.
    os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
    os.environ['GRADIO_TEMP_DIR'] = str(folder)
    os.environ['HF_HUB_OFFLINE'] = '1'
    import gradio as gr
    from fastapi import FastAPI, Request, Response

    from segrefiner_mm.services.demo.page import FONTS, STYLE, build_page

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware('http')
    async def add_policy(request: Request, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        answer.headers['Content-Security-Policy'] = POLICY
        return answer

    mounted = gr.mount_gradio_app(
        app,
        build_page(DemoRefiner(service), folder),
        '/',
        allowed_paths=[str(folder)],
        max_file_size=options.max_request_mb * 1_000_000,
        show_error=False,
        ssr_mode=False,
        theme=gr.themes.Default(**FONTS),
        css=STYLE,
        footer_links=[],
    )
    return mounted
