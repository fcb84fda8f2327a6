"""The choice of a model's runtime, by the user or by speed."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from mmengine.logging import print_log

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.checkpoint import digest_of
from segrefiner_mm.models.denoiser import Denoiser
from segrefiner_mm.names import RUNTIME_NAMES
from segrefiner_mm.runtimes import cache
from segrefiner_mm.runtimes.graph_denoiser import Graph, GraphDenoiser
from segrefiner_mm.runtimes.installed import is_installed, need
from segrefiner_mm.runtimes.machine import machine, versions
from segrefiner_mm.runtimes.measure import measure
from segrefiner_mm.runtimes.onnx_export import export_denoiser
from segrefiner_mm.runtimes.onnxruntime_graph import load_onnxruntime
from segrefiner_mm.runtimes.openvino_graph import load_openvino
from segrefiner_mm.runtimes.torch_denoiser import TorchDenoiser

# This environment variable replaces ``'auto'``, unless it is empty.
VARIABLE = 'SEGREFINER_RUNTIME'
# Import name of the package, which is also the name of the runtime, and the
# function that loads an ONNX model into it.
GRAPHS: dict[str, Callable[[bytes], Graph]] = {
    'onnxruntime': load_onnxruntime,
    'openvino': load_openvino,
}
EXTRAS = {'onnxruntime': 'onnx', 'openvino': 'openvino'}
# Of cached choices; 2: each size of window is timed.
FORMAT = 2
# Another runtime than PyTorch must save this part of the time.
LEAST_GAIN = 0.1


@dataclass(frozen=True)
class RuntimeChoice:
    """A runtime, and the measured times behind the choice.

    Attributes:
        name (str): ``'torch'``, ``'onnxruntime'`` or ``'openvino'``.
        seconds (dict[str, float]): Measured seconds per window, by the name
            of the runtime; empty if runtimes were not compared.
    """

    name: str
    seconds: dict[str, float]


def use_runtime(model: SegRefiner, runtime: str = 'auto') -> RuntimeChoice:
    """Set the runtime of a model; its weights must not change afterwards.

    ``'auto'`` is PyTorch on a GPU, and where no other runtime is installed.
    Otherwise the installed runtimes are timed for a few seconds; the
    result is cached for this machine, these versions of packages and this
    network architecture. On a CPU, the environment variable
    ``SEGREFINER_RUNTIME`` replaces ``'auto'``. The results of two runtimes
    differ by rounding, which may move an edge by a pixel.

    Args:
        model (SegRefiner): The model, on its device, in eval mode; its
            ``runtime`` is set.
        runtime (str): ``'auto'``, ``'torch'``, ``'onnxruntime'`` or
            ``'openvino'``. Defaults to 'auto'.

    Returns:
        RuntimeChoice: The runtime that is used.

    Raises:
        InputError: If the runtime is unknown, not installed or not for the
            device, or cannot run the network.
    """
    _check_name(runtime, 'runtime')
    if runtime == 'auto' and os.environ.get(VARIABLE):
        runtime = os.environ[VARIABLE]
        _check_name(runtime, VARIABLE)
        if model.device.type != 'cpu':
            runtime = 'auto'  # the variable applies to the CPU alone
    model.runtime = None
    if model.device.type != 'cpu':
        if runtime in GRAPHS:
            raise InputError(
                f'{runtime} runs on the CPU here, not on {model.device}: '
                "choose device 'cpu' or runtime 'torch'"
            )
        return RuntimeChoice('torch', {})
    if runtime == 'auto':
        return _use_fastest(model)
    model.runtime = _load(model, runtime)
    return RuntimeChoice(runtime, {})


def usable_graphs() -> list[str]:
    """List the runtimes besides PyTorch whose packages are installed.

    Returns:
        list[str]: Names; they need the package ``onnx`` too.
    """
    if not is_installed('onnx'):
        return []
    return [name for name in GRAPHS if is_installed(name)]


def _check_name(runtime: str, what: str) -> None:
    if runtime not in RUNTIME_NAMES:
        raise InputError(
            f'{what} must be one of {", ".join(RUNTIME_NAMES)}, '
            f'got {runtime!r}'
        )


def _use_fastest(model: SegRefiner) -> RuntimeChoice:
    names = usable_graphs()
    if not names:
        model.runtime = _load(model, 'torch')
        return RuntimeChoice('torch', {})
    settings = model.settings()
    assert settings.num_steps is not None
    window = settings.model_size, settings.num_steps
    about = dict(
        format=FORMAT,
        machine=machine(),
        versions=versions(('torch', *names)),
        network=_shape_of(model),
        settings=window,
    )
    key = sha256(repr(about).encode()).hexdigest()[:32]
    if chosen := _kept(key, names):
        try:
            model.runtime = _load(model, chosen.name)
            return chosen
        except InputError:
            pass  # measure again
    chosen, side = _measured(model, names, *window)
    cache.write_choice(
        key,
        dict(
            about,
            runtime=chosen.name,
            seconds=chosen.seconds,
            denoiser=type(model.head.denoiser).__name__,
            window=(side, window[1]),
        ),
    )
    return chosen


def _kept(key: str, names: list[str]) -> RuntimeChoice | None:
    """Return the cached choice of an earlier process, if it is valid."""
    content = cache.read_choice(key) or {}
    name, seconds = content.get('runtime'), content.get('seconds')
    if name not in ('torch', *names) or not isinstance(seconds, dict):
        return None
    return RuntimeChoice(name, seconds)


def _measured(
    model: SegRefiner, names: list[str], size: int, num_steps: int
) -> tuple[RuntimeChoice, int]:
    """Time the runtimes and use the fastest; also return the window's side."""
    print_log(
        f'choosing the fastest of torch, {", ".join(names)}, once for this '
        'machine and model',
        'current',
    )
    denoisers: dict[str, Denoiser] = {'torch': _load(model, 'torch')}
    for name in names:
        try:
            denoisers[name] = _load(model, name)
        except InputError as error:
            print_log(str(error), 'current')
    stride = model.head.denoiser.stride
    side, seconds = measure(denoisers, size, stride, num_steps)
    name = min(seconds, key=lambda name: seconds[name])
    if seconds[name] > (1 - LEAST_GAIN) * seconds['torch']:
        name = 'torch'
    model.runtime = denoisers[name]
    return RuntimeChoice(name, seconds), side


def _load(model: SegRefiner, runtime: str) -> Denoiser:
    """Load the network of a model into a runtime.

    Raises:
        InputError: If a package is missing, or cannot run the network.
    """
    denoiser = model.head.denoiser
    if runtime == 'torch':
        return TorchDenoiser(denoiser)
    half = partial(load_openvino, precision='bf16')
    make_half = partial(_load_graphs, model, runtime, half)
    return _load_graphs(
        model,
        runtime,
        GRAPHS[runtime],
        make_half if runtime == 'openvino' else None,
    )


def _load_graphs(
    model: SegRefiner,
    runtime: str,
    load: Callable[[bytes], Graph],
    make_half: Callable[[], GraphDenoiser] | None = None,
) -> GraphDenoiser:
    """Load the cached export of a network, or export the network."""
    denoiser = model.head.denoiser
    need(runtime, EXTRAS[runtime])
    need('onnx', EXTRAS[runtime])
    key = sha256(
        f'{versions(("torch", "segrefiner_mm"))} {_shape_of(model)} '
        f'{digest_of(denoiser)}'.encode()
    ).hexdigest()[:32]
    if parts := cache.read_export(key):
        try:
            return GraphDenoiser(parts, load, make_half)
        except Exception:  # damaged, for which runtimes raise various errors
            cache.drop_export(key)
    parts = export_denoiser(denoiser)
    try:
        loaded = GraphDenoiser(parts, load, make_half)
    except Exception as error:  # runtimes have their own classes of errors
        raise InputError(
            f'{runtime} cannot run {type(denoiser).__name__}: '
            f'{reason_of(error)}'
        ) from error
    cache.write_export(key, parts)
    return loaded


def _shape_of(model: SegRefiner) -> str:
    """Hash the layers of a network, without their weights."""
    layers = repr(model.head.denoiser)
    return sha256(layers.encode()).hexdigest()[:32]
