"""Mask refinement by discrete diffusion (SegRefiner) for OpenMMLab."""

from typing import TYPE_CHECKING, Any

from segrefiner_mm.version import __version__

if TYPE_CHECKING:
    from segrefiner_mm.apis import refine

__all__ = ['__version__', 'refine']


def __getattr__(name: str) -> Any:
    # `refine` needs the models; importing the package alone should not.
    if name == 'refine':
        from segrefiner_mm.apis import refine

        return refine
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def _register_package() -> None:
    """Let configs inherit from ``segrefiner_mm::...`` and ``mmseg::...``.

    mmengine has a fixed table of the packages that a config may inherit from.
    For mmseg, the table names one distribution; the name of the module works
    for every distribution.

    Raises:
        ImportError: If mmengine is not installed.
    """
    from importlib.util import find_spec

    if find_spec('mmengine') is None:
        raise ImportError(
            'segrefiner_mm needs mmengine and mmcv: '
            "pip install 'segrefiner_mm[onedl]' (maintained line) or "
            "'segrefiner_mm[openmmlab]' (original line)"
        )
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE.setdefault('segrefiner_mm', 'segrefiner_mm')
    MODULE2PACKAGE['mmseg'] = 'mmseg'


_register_package()
