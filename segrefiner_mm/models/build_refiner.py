"""Building a refiner from a user's choice of model."""

from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from segrefiner_mm.errors import InputError, SegRefinerError
from segrefiner_mm.models.checkpoint import load_weights
from segrefiner_mm.models.model_zoo import config_of, read_config, weights_of
from segrefiner_mm.models.segrefiner import SegRefiner
from segrefiner_mm.registry import MODELS, build_child


def resolve_model(
    model: str | Path | Config | dict[str, Any], weights: str | Path | None
) -> tuple[Config | ConfigDict, str | None]:
    """Find the config and the weights of a model.

    Args:
        model (str | Path | Config | dict): A name (one of ``MODEL_NAMES``),
            a config file, a config, or the ``model`` part of a config.
        weights (str | Path, optional): Weights file, or the name of a bundled
            model. None: the weights of the named model, or ``checkpoint`` of
            the config.

    Returns:
        tuple[Config | ConfigDict, str | None]: The config, which has
        ``model``, and the weights for :func:`build_refiner`; None for
        ``checkpoint`` of the config.

    Raises:
        InputError: If the model is unknown, its weights are not bundled and
            none are given, or the config file cannot be read or has no
            ``model``.
    """
    if isinstance(model, (str, Path)) and not Path(model).is_file():
        weights = weights or weights_of(str(model))
        model = config_of(str(model))
    if isinstance(model, (str, Path)):
        model = read_config(model)
    elif isinstance(model, dict):
        model = ConfigDict(model if 'model' in model else dict(model=model))
    elif 'model' not in model:
        raise InputError('the config has no model')
    return model, None if weights is None else str(weights)


def build_refiner(
    cfg: Config | ConfigDict, weights: str | None, device: str
) -> SegRefiner:
    """Build a refiner with its weights, for inference.

    Args:
        cfg (Config | ConfigDict): Config with ``model``.
        weights (str, optional): Weights file, or the name of a bundled model.
            None: ``checkpoint`` of ``cfg.model``.
        device (str): Device to compute on, such as ``'cuda:0'``.

    Returns:
        SegRefiner: On the device, in eval mode.

    Raises:
        InputError: If the config is not valid or does not describe a refiner,
            if neither ``weights`` nor the config names weights, or if the
            device cannot be used.
        CheckpointError: If the weights cannot be read or do not match the
            model.
    """
    try:
        model = build_child(MODELS, cfg.model)
    except SegRefinerError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f'the model config is not valid: {error}') from error
    if not isinstance(model, SegRefiner):
        raise InputError(
            f'not a refiner: the config describes {type(model).__name__}'
        )
    if weights is not None:
        load_weights(model, weights)
    elif cfg.model.get('checkpoint') is None:
        raise InputError(
            'no weights were given, and a random refiner ruins masks: '
            'pass weights= or --weights'
        )
    try:
        return model.to(device).eval()
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f'cannot use device {device!r}: {reason}') from None
