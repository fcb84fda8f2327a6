"""Export of a refiner's network to ONNX."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.build_refiner import build_refiner, resolve_model
from segrefiner_mm.names import DEFAULT_MODEL
from segrefiner_mm.runtimes import export_denoiser


@dataclass(frozen=True)
class ExportOptions:
    """Options for an export to ONNX.

    Attributes:
        model (str | Path | Config | dict): See
            :class:`SegRefinerInferencer`. Defaults to ``DEFAULT_MODEL``.
        weights (str | Path, optional): Weights file. Defaults to None: the
            weights of the model.
        overwrite (bool): Whether to overwrite existing files. Defaults to
            False.
    """

    model: str | Path | Config | dict[str, Any] = DEFAULT_MODEL
    weights: str | Path | None = None
    overwrite: bool = False


def export_onnx(
    out: str | Path, options: ExportOptions | None = None
) -> list[Path]:
    """Export the network of a refiner; the function behind ``export``.

    The model ``step`` predicts ``logits`` (B, 1, H, W) from ``masks``
    (B, 1, H, W; 0 and 1), ``timestep`` (1,) int64 and the context of the
    window. A network that encodes a window once has a second model,
    ``encode``, which makes the context from ``images`` (B, 3, H, W;
    normalised) and ``coarse`` (B, 1, H, W; 0 and 1); otherwise the context is
    ``images``. All arrays but ``timestep`` are float32. Batch size, height and
    width are free, but height and width must be multiples of the stride.

    The loop over the steps is not exported. The property ``segrefiner_mm`` of
    ``step`` has the values that the loop needs, as JSON.

    Args:
        out (str | Path): Folder for ``step.onnx`` and ``encode.onnx``, which
            is created; or a file (.onnx) for ``step``, with ``encode`` beside
            it as ``NAME_encode.onnx``.
        options (ExportOptions, optional): The model. Defaults to None: the
            defaults of :class:`ExportOptions`.

    Returns:
        list[Path]: The files that were written, in the order in which they
        run.

    Raises:
        InputError: If ``onnx`` is not installed, a file exists and may not be
            overwritten, or cannot be written, the model is unknown or has no
            weights, or the network cannot be exported.
        CheckpointError: If the weights cannot be used.
    """
    options = options or ExportOptions()
    step, encode = _targets(Path(out))
    for path in (step, encode):
        if path.exists() and not options.overwrite:
            raise InputError(f'{path} exists: overwrite it, or name another')
    config, weights = resolve_model(options.model, options.weights)
    model = build_refiner(config, weights, 'cpu')
    about = json.dumps(_metadata(model))
    parts = export_denoiser(model.head.denoiser, dict(segrefiner_mm=about))
    files = [(step, parts.step)]
    if parts.encode is not None:
        files.insert(0, (encode, parts.encode))
    elif encode.exists():
        raise InputError(
            f'{encode} is of another network, as this one has no encoder: '
            'remove it, or name another output'
        )
    for path, content in files:
        write_whole(path, content)
    return [path for path, _ in files]


def _targets(out: Path) -> tuple[Path, Path]:
    """Return the files of the step and of the encoder."""
    if out.suffix.lower() == '.onnx':
        return out, out.with_name(f'{out.stem}_encode{out.suffix}')
    if out.is_file():
        raise InputError(f'{out} is a file: name a folder, or a .onnx file')
    return out / 'step.onnx', out / 'encode.onnx'


def _metadata(model: SegRefiner) -> dict[str, Any]:
    """Describe preprocessing and diffusion process, as values for JSON."""
    settings, scheduler = model.settings(), model.head.scheduler
    preprocessor = model.data_preprocessor
    return dict(
        model_size=settings.model_size,
        stride=model.head.denoiser.stride,
        channels='RGB',
        mean=preprocessor.mean.flatten().tolist(),
        std=preprocessor.std.flatten().tolist(),
        timesteps=list(scheduler.spread(settings.num_steps)),
        fine_probs=scheduler.cumulative_matrices[:, 0, 0].tolist(),
        edge_reach=settings.edge_reach,
    )
