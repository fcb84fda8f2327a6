"""The web application of the server: its routes and its responses."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI, File, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline

from segrefiner_mm.errors import InputError, SegRefinerError
from segrefiner_mm.io.json_files.json_file import shown_name
from segrefiner_mm.services.label_studio.backend import add_label_studio
from segrefiner_mm.services.label_studio.image_source import ImageSource
from segrefiner_mm.services.refine_service import (
    Choice,
    RefineService,
    ServedMask,
)
from segrefiner_mm.services.schemas import (
    REFUSALS,
    Answer,
    Format,
    Health,
    JsonRequest,
    MaskAnswer,
    Verdict,
    form_choice,
)
from segrefiner_mm.services.serve_options import ServeOptions
from segrefiner_mm.services.uploads import MaskItem, items_of, listed
from segrefiner_mm.version import __version__

IMAGE = 'BMP, GIF, JPEG, PNG, PPM, TIFF or WebP.'
MASKS = (
    'The masks: an image per object, a .npy or .npz, (H, W) or (N, H, W), or '
    'JSON, a list with a COCO segmentation or annotation per object.'
)
ONE_MASK = 'The mask: an image, a .npy or .npz, or JSON with one mask.'
Image = Annotated[UploadFile, File(description=IMAGE)]
OneMask = Annotated[UploadFile, File(description=ONE_MASK)]
Uploads = Annotated[list[UploadFile], File(description=MASKS, min_length=1)]
Chosen = Annotated[Choice, Depends(form_choice)]


def build_app(service: RefineService, options: ServeOptions) -> FastAPI:
    """Build the application.

    Args:
        service (RefineService): Refines the masks.
        options (ServeOptions): Options of the server.

    Returns:
        FastAPI: The application, without the gate.

    Raises:
        InputError: If an option about images or Label Studio cannot be used.
    """
    app: FastAPI = FastAPIOffline(
        redoc_url=None,
        title='segrefiner',
        version=__version__,
        description='Refines coarse segmentation masks.',
        favicon_url='data:,',
    )
    _add_errors(app)
    add_label_studio(app, service, ImageSource(options))

    @app.get('/health', response_model=Health)
    async def health() -> dict[str, str]:
        """Return the state of the server."""
        return dict(
            status='UP', version=__version__, model_class='segrefiner_mm'
        )

    @app.post('/refine', response_model=Answer, responses=REFUSALS)
    def refine(
        image: Image,
        masks: Uploads,
        choice: Chosen,
        format: Annotated[Format, Form()] = 'rle',
    ) -> Answer:
        """Refine the masks of an image."""
        contents = [mask.file.read() for mask in masks]
        served = service.refine(
            image.file.read(),
            lambda: [item for one in contents for item in items_of(one)],
            choice,
        )
        return answer(served, format)

    @app.post(
        '/refine/png',
        response_class=Response,
        responses={
            **REFUSALS,
            200: dict(content={'image/png': {}}, description='The mask'),
        },
    )
    def refine_png(image: Image, mask: OneMask, choice: Chosen) -> Response:
        """Refine one mask; verdict, confidence and evidence are in headers."""
        content = mask.file.read()
        [served] = service.refine(
            image.file.read(), lambda: _one(items_of(content)), choice
        )
        headers = {
            'X-Segrefiner-Verdict': served.mask.verdict,
            'X-Segrefiner-Confidence': str(served.confidence),
            'X-Segrefiner-Evidence': json.dumps(served.evidence),
        }
        return Response(served.png(), 200, headers, 'image/png')

    @app.post('/refine/json', response_model=Answer, responses=REFUSALS)
    def refine_json(request: JsonRequest) -> Answer:
        """Refine the masks of an image; the request is JSON."""
        items = listed(request.masks)
        image = _decoded(request.image)
        served = service.refine(image, lambda: items, request.choice())
        return answer(served, request.format)

    return app


def answer(served: Sequence[ServedMask], form: Format) -> Answer:
    """Write refined masks as JSON.

    Args:
        served (Sequence[ServedMask]): The masks of one image.
        form (str): ``'rle'``, ``'polygon'`` or ``'png'``.

    Returns:
        Answer: The answer; height and width are 0 if there are no masks.
    """
    height, width = served[0].size if served else (0, 0)
    write: Callable[[ServedMask], Any] = ServedMask.rle
    if form == 'polygon':
        write = ServedMask.polygons
    png = form == 'png'
    return Answer(
        height=height,
        width=width,
        masks=[
            MaskAnswer(
                segmentation=None if png else write(mask),
                png=base64.b64encode(mask.png()).decode() if png else None,
                verdict=cast(Verdict, mask.mask.verdict),
                confidence=mask.confidence,
                evidence=mask.evidence,
            )
            for mask in served
        ],
    )


def _one(items: list[MaskItem]) -> list[MaskItem]:
    if len(items) != 1:
        raise InputError(
            f'one PNG cannot hold {len(items)} masks: POST to /refine'
        )
    return items


def _decoded(image: str) -> bytes:
    try:
        return base64.b64decode(image, validate=True)
    except (binascii.Error, ValueError):
        raise InputError('the image is not base64') from None


def _add_errors(app: FastAPI) -> None:
    """Answer invalid requests with messages."""

    @app.exception_handler(SegRefinerError)
    async def unusable(_: Request, error: SegRefinerError) -> JSONResponse:
        return JSONResponse(dict(detail=str(error)), 400)

    @app.exception_handler(RequestValidationError)
    async def invalid(
        _: Request, error: RequestValidationError
    ) -> JSONResponse:
        return JSONResponse(dict(detail=_in_words(error)), 422)

    @app.exception_handler(MemoryError)
    async def too_much(_: Request, __: MemoryError) -> JSONResponse:
        detail = 'out of memory: send a smaller image, or fewer masks'
        return JSONResponse(dict(detail=detail), 413)


def _in_words(error: RequestValidationError) -> str:
    problems = []
    for part in error.errors()[:5]:
        place = '.'.join(str(name) for name in part['loc'][1:])
        problems.append(f'{shown_name(place or "body")}: {part["msg"]}')
    return '; '.join(problems)
