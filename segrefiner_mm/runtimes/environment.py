"""Description of the installation, for bug reports."""

import os
import platform
from typing import Any

import torch

from segrefiner_mm.runtimes import cache
from segrefiner_mm.runtimes.choice import VARIABLE
from segrefiner_mm.runtimes.machine import machine, versions

PACKAGES = (
    'segrefiner_mm',
    'torch',
    'numpy',
    'cv2',
    'mmengine',
    'mmcv',
    'mmdet',
    'mmseg',
    'onnx',
    'onnxruntime',
    'openvino',
)


def environment() -> dict[str, Any]:
    """Describe the installation; the function behind ``env``.

    Returns:
        dict: ``versions``: of Python and of the packages, None for those that
        are not installed; ``machine``: the processor, see :func:`machine`;
        ``cuda``: names of the GPUs that PyTorch can use; ``cache``: the folder
        of the cache, or None; ``runtime_variable``: what
        ``SEGREFINER_RUNTIME`` is set to, or None; ``runtimes``: what
        ``'auto'`` has chosen, one dict per machine, set of versions and kind
        of network, with ``runtime`` and ``seconds`` per window. All are plain
        values.
    """
    folder = cache.cache_folder()
    return dict(
        versions=dict(python=platform.python_version(), **versions(PACKAGES)),
        machine=machine(),
        cuda=[
            torch.cuda.get_device_name(index)
            for index in range(torch.cuda.device_count())
        ],
        cache=folder and str(folder),
        runtime_variable=os.environ.get(VARIABLE) or None,
        runtimes=list(cache.choices()),
    )
