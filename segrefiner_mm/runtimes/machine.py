"""Descriptions of the processor and of the versions of packages."""

import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from segrefiner_mm.version import __version__

# Distributions that have one of several names.
_DISTRIBUTIONS = {
    'cv2': (
        'opencv-python',
        'opencv-python-headless',
        'opencv-contrib-python',
        'opencv-contrib-python-headless',
    ),
    'mmengine': ('onedl-mmengine', 'mmengine'),
    'mmcv': ('onedl-mmcv', 'mmcv', 'mmcv-lite'),
    'mmdet': ('onedl-mmdetection', 'mmdet'),
    'mmseg': ('onedl-mmsegmentation', 'mmsegmentation'),
    'onnxruntime': ('onnxruntime', 'onnxruntime-gpu', 'onnxruntime-openvino'),
}


def machine() -> dict[str, Any]:
    """Describe the processor.

    Returns:
        dict: ``system``, ``processor`` and ``capability``, the instruction
        set that PyTorch uses, as str; ``threads``, the number of threads that
        PyTorch uses, as int.
    """
    return dict(
        system=f'{platform.system()} {platform.machine()}',
        processor=_processor(),
        capability=torch.backends.cpu.get_cpu_capability(),
        threads=torch.get_num_threads(),
    )


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Look up the versions of packages.

    Args:
        packages (Iterable[str]): Import names.

    Returns:
        dict[str, str | None]: Versions by import name, after the name of the
        distribution where it differs, such as ``'onedl-mmcv 2.3.6'``; None if
        a package is not installed.
    """
    return {package: _version(package) for package in packages}


def _version(package: str) -> str | None:
    if package == 'segrefiner_mm':
        return __version__
    for name in _DISTRIBUTIONS.get(package, (package,)):
        with suppress(PackageNotFoundError):
            number = version(name)
            return number if name == package else f'{name} {number}'
    return None


def _processor() -> str:
    """Return the model name of the processor, else its architecture."""
    with suppress(OSError):
        for line in Path('/proc/cpuinfo').read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()
