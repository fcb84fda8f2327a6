"""The routes of the server for the ML backend API of Label Studio."""

from enum import Enum
from typing import Any
from xml.etree import ElementTree

from fastapi import FastAPI
from pydantic import BaseModel

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.services.label_studio.image_source import ImageSource
from segrefiner_mm.services.label_studio.regions import (
    Region,
    is_mask,
    mask_of,
    regions_of,
)
from segrefiner_mm.services.refine_service import Choice, RefineService
from segrefiner_mm.services.schemas import REFUSALS
from segrefiner_mm.services.uploads import check_count
from segrefiner_mm.version import __version__

MODEL_VERSION = f'segrefiner-{__version__}'
MOST_TASKS = 100
TAGS: list[str | Enum] = ['Label Studio']


class PredictRequest(BaseModel):
    """Tasks, and the regions that a user has drawn on one of them."""

    tasks: list[dict[str, Any]]
    label_config: str = ''
    params: dict[str, Any] | None = None


class Prediction(BaseModel):
    """The refined regions of a task."""

    result: list[dict[str, Any]]
    score: float
    model_version: str = MODEL_VERSION


class PredictAnswer(BaseModel):
    """A prediction per task."""

    results: list[Prediction]
    model_version: str = MODEL_VERSION


def add_label_studio(
    app: FastAPI, service: RefineService, source: ImageSource
) -> None:
    """Add the routes that Label Studio calls.

    Args:
        app (FastAPI): The application.
        service (RefineService): Refines the masks.
        source (ImageSource): Fetches the images.
    """

    @app.get('/', include_in_schema=False)
    async def root() -> dict[str, str]:
        return dict(status='UP')

    @app.post('/setup', tags=TAGS, responses=REFUSALS)
    async def setup(_: dict[str, Any]) -> dict[str, str]:
        """Return the version; the address and the key sent are ignored."""
        return dict(model_version=MODEL_VERSION)

    @app.post('/webhook', tags=TAGS, responses=REFUSALS)
    async def webhook(_: dict[str, Any]) -> dict[str, str]:
        """Ignore events: there is no training."""
        return dict(status='ignored')

    @app.post('/predict', tags=TAGS, responses=REFUSALS)
    def predict(request: PredictRequest) -> PredictAnswer:
        """Refine the regions just drawn, or those that the tasks have."""
        if len(request.tasks) > MOST_TASKS:
            raise InputError(
                f'{len(request.tasks)} tasks, more than the {MOST_TASKS} that '
                'are allowed'
            )
        context = (request.params or {}).get('context')
        results = []
        for task in request.tasks:
            drawn = _drawn(context) if context else _given(task)
            results.append(_refined(service, source, request, task, drawn))
        return PredictAnswer(results=results)


def _drawn(context: Any) -> list[Region]:
    """Return the masks that a user has drawn with a smart tool."""
    result = context.get('result') if isinstance(context, dict) else None
    return (
        [r for r in result if is_mask(r)] if isinstance(result, list) else []
    )


def _given(task: dict[str, Any]) -> list[Region]:
    """Return the masks of the newest annotation or, failing that, prediction.

    Predictions of this server are not refined again.
    """
    for kind in ('annotations', 'predictions'):
        entries = task.get(kind)
        if not isinstance(entries, list):
            continue
        for entry in reversed(entries):
            if not isinstance(entry, dict):
                continue
            if str(entry.get('model_version')) == MODEL_VERSION:
                continue
            masks = _drawn(entry)
            if masks:
                return masks
    return []


def _refined(
    service: RefineService,
    source: ImageSource,
    request: PredictRequest,
    task: dict[str, Any],
    drawn: list[Region],
) -> Prediction:
    if not drawn:
        return Prediction(result=[], score=0)
    names = {str(region.get('to_name')) for region in drawn}
    if len(names) > 1:
        raise InputError('the masks of a task belong to several images')
    check_count(len(drawn), service.max_masks)
    image = source.read(_image_of(task, request.label_config, names.pop()))
    served = service.refine(
        image, lambda: [mask_of(region) for region in drawn], Choice()
    )
    result = []
    for region, mask in zip(drawn, served, strict=True):
        result += regions_of(region, mask)
    score = sum(mask.confidence for mask in served) / len(served)
    return Prediction(result=result, score=score)


def _image_of(task: dict[str, Any], config: str, name: str) -> Any:
    """Return the address, from a task, of the image of a region."""
    data = task.get('data')
    if not isinstance(data, dict):
        raise InputError(f'the data of a task are {shown(data)}')
    field = _field_of(config, name)
    if field is None and len(data) == 1:
        [field] = data
    if field not in data:
        raise InputError(
            f'a task has no image: its labelling interface has no '
            f'<Image name={shown(name)} value="$..."/> that names a field'
        )
    return data[field]


def _field_of(config: str, name: str) -> str | None:
    if '<!' in config.replace('<!--', ''):
        raise InputError('a labelling interface must not declare XML entities')
    try:
        root = ElementTree.fromstring(config or '<View/>')
    except ElementTree.ParseError as error:
        raise InputError(
            f'a labelling interface is not XML: {error}'
        ) from None
    for tag in root.iter('Image'):
        if tag.get('name') == name:
            return (tag.get('value') or '').lstrip('$')
    return None
