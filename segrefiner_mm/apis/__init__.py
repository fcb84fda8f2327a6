"""For people: the inferencer, ``refine()`` and the command line."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segrefiner_mm.apis.inferencer import SegRefinerInferencer
    from segrefiner_mm.apis.refine_image import refine

__all__ = ['SegRefinerInferencer', 'refine']


def __getattr__(name: str) -> Any:
    # The command line answers --help without waiting for PyTorch.
    if name in __all__:
        from segrefiner_mm.apis import refine_image

        return getattr(refine_image, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
