"""Combining a model's settings with the user's choice."""

from collections.abc import Iterable
from typing import Any

from mmengine.logging import print_log

from segrefiner_mm.errors import InputError
from segrefiner_mm.models.checkpoint import holds_weights
from segrefiner_mm.models.refine_settings import RefineSettings
from segrefiner_mm.models.segrefiner import SegRefiner
from segrefiner_mm.windows import ERRORS
from segrefiner_mm.windows.only_here import no_error_map

PLANS = dict(object='ObjectWindows', tiled='TiledWindows')


def user_settings(
    model: SegRefiner,
    windows: str | dict[str, Any] | None = None,
    guard: bool | dict[str, Any] | None = True,
    **others: Any,
) -> RefineSettings:
    """Combine the model's ``test_cfg`` with the user's choice.

    Args:
        model (SegRefiner): The model.
        windows (str | dict, optional): ``'object'``, ``'tiled'`` or the
            config of a window plan. Defaults to None: the model's setting.
        guard (bool | dict, optional): True: the guard of the model, see
            :func:`calibrated_guard`. False or None: no guard. A dict: the
            config of a guard, used with any weights. Defaults to True.
        **others: Further fields of :class:`RefineSettings`. None means the
            model's setting, except for ``seed``.

    Returns:
        RefineSettings: The checked settings.

    Raises:
        InputError: If a setting is unknown or its value is invalid.
    """
    chosen = {k: v for k, v in others.items() if v is not None}
    if 'seed' in others:
        chosen['seed'] = others['seed']  # None is a valid choice
    if windows is not None:
        chosen['windows'] = _window_plan(model, windows)
    if isinstance(guard, bool):
        guard = calibrated_guard(model) if guard else None
    chosen['guard'] = guard
    try:
        return model.settings(**chosen)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(str(error)) from error


def check_only(model: SegRefiner, parts: Iterable[Any]) -> None:
    """Reject ``'errors'`` for a model that does not predict errors.

    Args:
        model (SegRefiner): The model.
        parts (Iterable): ``only`` of each image; see :class:`RefineJob`.

    Raises:
        InputError: If one of them is ``'errors'`` and the network predicts no
            errors.
    """
    asked = any(isinstance(part, str) and part == ERRORS for part in parts)
    if asked and not getattr(model.head.denoiser, 'predicts_errors', False):
        raise no_error_map()


def guard_for_any_weights(model: SegRefiner) -> dict[str, Any]:
    """Return the config of a model's guard, whatever its weights.

    Args:
        model (SegRefiner): The model.

    Returns:
        dict: The config; ``dict(type='DoNoHarmGuard')`` if the model has no
        guard.
    """
    own = (model.test_cfg or {}).get('guard')
    return own or dict(type='DoNoHarmGuard')


def calibrated_guard(model: SegRefiner) -> dict[str, Any] | None:
    """Return the config of a model's guard, if it fits the model's weights.

    Args:
        model (SegRefiner): The model.

    Returns:
        dict | None: The config. None, with a log message, if the model has no
        guard, or the limits of the guard were calibrated on other weights.
    """
    own = (model.test_cfg or {}).get('guard')
    name = own.get('calibrated_on') if isinstance(own, dict) else None
    if own and (name is None or holds_weights(model, name)):
        return own
    why = f'was calibrated on {name}' if own else 'is not part of it'
    config = dict(guard_for_any_weights(model))
    config.pop('calibrated_on', None)
    print_log(
        f'every mask is refined: a guard for this model {why}; to use '
        f'one anyway, set guard={config}',
        'current',
    )
    return None


def _window_plan(model: SegRefiner, windows: str | dict[str, Any]) -> Any:
    """Return the config of a plan, with the model's options for this plan."""
    if not isinstance(windows, str):
        return windows
    if windows not in PLANS:
        raise InputError(
            f'windows must be {" or ".join(map(repr, PLANS))} or the '
            f'config of a window plan, got {windows!r}'
        )
    own = (model.test_cfg or {}).get('windows') or {}
    same = str(own.get('type')).rpartition('.')[2] == PLANS[windows]
    return own if same else dict(type=PLANS[windows])
