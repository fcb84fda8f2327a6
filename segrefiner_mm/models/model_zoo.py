"""Configs and weights of the named models."""

from pathlib import Path
from typing import Any

from mmengine.config import Config

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.models.checkpoint import BUNDLED
from segrefiner_mm.names import MODEL_NAMES


def config_of(name: str) -> Path:
    """Return the config file of a named model.

    Args:
        name (str): One of ``MODEL_NAMES``.

    Returns:
        Path: The file, in the installed package or in a source tree.

    Raises:
        InputError: If no model has this name, or the installation lacks its
            config.
    """
    if name not in MODEL_NAMES:
        raise InputError(
            f'no model {name!r}: neither a config file nor one of '
            f'{", ".join(MODEL_NAMES)}'
        )
    package = Path(__file__).parents[1]
    relative = Path('configs', 'segrefiner', f'{name.replace("-", "_")}.py')
    # A wheel has them in the package, a source tree beside it.
    for root in (package, package.parent):
        if (root / relative).is_file():
            return root / relative
    raise InputError(
        f'the installation lacks {relative}; install segrefiner_mm again'
    )


def read_config(path: str | Path) -> Config:
    """Read a config file that describes a model, by executing it.

    Args:
        path (str | Path): An mmengine config file, which is a Python program.

    Returns:
        Config: The config.

    Raises:
        InputError: If the file is not a ``.py`` file, cannot be read or run,
            or has no ``model``. A ``.json`` or ``.yaml`` file looks like data
            but can name functions to import and call, so it is refused.
    """
    if Path(path).suffix != '.py':
        raise InputError(
            f'cannot read the config {path}: a config is a Python program '
            '(.py), and runs with your rights; see SECURITY.md'
        )
    try:
        config = Config.fromfile(path)
    except Exception as error:  # a config is code, so anything can happen
        raise InputError(
            f'cannot read the config {path}: {reason_of(error)}'
        ) from error
    if 'model' not in config:
        raise InputError(f'the config {path} has no model')
    return config


def weights_of(name: str) -> str:
    """Return the name of the bundled weights of a named model.

    Args:
        name (str): One of ``MODEL_NAMES``.

    Returns:
        str: The name, for :func:`load_weights`.

    Raises:
        InputError: If the weights are not bundled, so the user must give a
            file.
    """
    if name in MODEL_NAMES and name not in BUNDLED:
        raise InputError(
            f'the weights of {name} are not bundled: pass the file that its '
            'authors publish as weights= or --weights'
        )
    return name


def model_cfg(model: str | Path | dict[str, Any]) -> dict[str, Any]:
    """Return the ``model`` part of a config, which names its weights.

    Args:
        model (str | Path | dict): A name (one of ``MODEL_NAMES``), a config
            file, or the ``model`` part itself, which is returned unchanged.

    Returns:
        dict: Config for ``MODELS.build``. If a name was given, ``checkpoint``
        is this name.

    Raises:
        InputError: If no model has this name, its weights are not bundled, or
            its config cannot be read.
    """
    if isinstance(model, dict):
        return model
    if Path(model).is_file():
        return read_config(model).model
    name = str(model)
    cfg = read_config(config_of(name)).model
    return cfg | dict(checkpoint=weights_of(name))
