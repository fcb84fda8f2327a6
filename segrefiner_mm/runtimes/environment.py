"""Description of the installation, for bug reports."""

import os
import platform
from typing import Any

import torch

from segrefiner_mm.runtimes import cache
from segrefiner_mm.runtimes.choice import VARIABLE, usable_graphs
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
        dict: ``versions`` of Python and of packages, None for a package that
        is not installed; ``machine``, the processor, see :func:`machine`;
        ``cuda``, the names of the GPUs that PyTorch can use; ``cache``, the
        folder of the cache, or None; ``runtime_variable``, the value of
        ``SEGREFINER_RUNTIME``, or None; ``candidates``, the runtimes that
        ``'auto'`` compares here; ``runtimes``, its cached choices on this
        processor with these packages, see :func:`write_choice`. JSON can
        represent all values.
    """
    folder, processor = cache.cache_folder(), machine()
    candidates = ['torch', *usable_graphs()]
    compared = versions(candidates)
    return dict(
        versions=dict(python=platform.python_version(), **versions(PACKAGES)),
        machine=processor,
        cuda=[
            torch.cuda.get_device_name(index)
            for index in range(torch.cuda.device_count())
        ],
        cache=folder and str(folder),
        runtime_variable=os.environ.get(VARIABLE) or None,
        candidates=candidates,
        runtimes=[
            choice
            for choice in cache.choices()
            if choice['machine'] == processor
            and choice['versions'] == compared
        ],
    )
