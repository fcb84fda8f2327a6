"""The fields of requests and responses, from which OpenAPI is generated."""

from typing import Annotated, Any, Literal

from fastapi import Form
from pydantic import BaseModel, ConfigDict, Field

from segrefiner_mm.services.refine_service import Choice
from segrefiner_mm.services.uploads import only_of

Format = Literal['rle', 'polygon', 'png']
Verdict = Literal['refined', 'kept', 'rolled back']
Steps = Annotated[int | None, Field(ge=1, le=1000)]
Threshold = Annotated[float | None, Field(gt=0, lt=1e30, allow_inf_nan=False)]

STEPS = 'Reverse steps; more are more cautious. Default: those of the server.'
GUARD = 'Whether a guard may keep a mask, or roll a refinement back.'
THRESHOLD = (
    'Value from which soft masks are foreground. Default: masks have two '
    'values, such as 0 and 255.'
)
RESIZE = 'Whether masks of another size are resized to the image.'
ONLY = (
    'Where masks may change: a box x1, y1, x2, y2 or a polygon x1, y1, x2, '
    "y2, ..., in pixels, or 'errors', where the network predicts errors."
)


class Problem(BaseModel):
    """The reason why a request was refused."""

    detail: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: dict(model=Problem, description=text)
    for status, text in (
        (400, 'The request cannot be used'),
        (401, 'The token is missing or wrong'),
        (413, 'The request is too large'),
        (422, 'A field is missing or of the wrong kind'),
        (503, 'Too many requests are waiting'),
    )
}


class Health(BaseModel):
    """The state of the server."""

    status: Literal['UP']
    version: str
    model_class: str


class MaskAnswer(BaseModel):
    """A refined mask."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    segmentation: dict[str, Any] | list[list[float]] | None = Field(
        description='COCO run lengths or polygons; null for a PNG.'
    )
    png: str | None = Field(description='The mask as PNG, in base64.')
    verdict: Verdict
    confidence: float = Field(ge=0, le=1)
    evidence: dict[str, float | None] = Field(
        description='The numbers behind the verdict.'
    )


class Answer(BaseModel):
    """The refined masks of a request, in order."""

    height: int
    width: int
    masks: list[MaskAnswer]


class JsonRequest(BaseModel):
    """An image and its masks as JSON."""

    model_config = ConfigDict(extra='forbid')

    image: str = Field(description='An image file, in base64.')
    masks: list[dict[str, Any] | list[Any]] = Field(
        description="Per object COCO's segmentation: run lengths (size, "
        'counts), or a list of polygons [[x1, y1, x2, y2, ...]]; or a COCO '
        'annotation.'
    )
    format: Format = 'rle'
    steps: Steps = Field(None, description=STEPS)
    guard: bool = Field(True, description=GUARD)
    threshold: Threshold = Field(None, description=THRESHOLD)
    resize_masks: bool = Field(False, description=RESIZE)
    only: list[float] | dict[str, Any] | Literal['errors'] | None = Field(
        None, description=f'{ONLY} Or a mask as COCO run lengths.'
    )

    def choice(self) -> Choice:
        """Return the options of the request.

        Returns:
            Choice: The options.
        """
        return Choice(
            self.steps,
            self.guard,
            self.threshold,
            self.resize_masks,
            self.only,
        )


def form_choice(
    steps: Annotated[Steps, Form(description=STEPS)] = None,
    guard: Annotated[bool, Form(description=GUARD)] = True,
    threshold: Annotated[Threshold, Form(description=THRESHOLD)] = None,
    resize_masks: Annotated[bool, Form(description=RESIZE)] = False,
    only: Annotated[str | None, Form(description=ONLY)] = None,
) -> Choice:
    """Read the options of a request from the fields of a form.

    Args:
        steps (int, optional): See :class:`Choice`.
        guard (bool): See :class:`Choice`.
        threshold (float, optional): See :class:`Choice`.
        resize_masks (bool): See :class:`Choice`.
        only (str, optional): See :func:`only_of`.

    Returns:
        Choice: The options.

    Raises:
        InputError: If ``only`` cannot be read.
    """
    part = None if only is None else only_of(only)
    return Choice(steps, guard, threshold, resize_masks, part)
