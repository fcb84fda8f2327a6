"""Child registries of mmengine's roots, all with the scope ``segrefiner_mm``.

Only mmengine is imported here: mmengine loads this module by name to resolve
``type='segrefiner_mm.X'`` and hides any import error that it meets.
"""

from typing import Any

from mmengine import registry as roots
from mmengine.registry import Registry

SCOPE = 'segrefiner_mm'


def _child(root: Registry, *subpackages: str) -> Registry:
    """Return a child registry for subpackages, by default ``engine``."""
    names = subpackages or ('engine',)
    locations = [f'{SCOPE}.{name}' for name in names]
    return Registry(root.name, parent=root, locations=locations)


MODELS = _child(roots.MODELS, 'models', 'integrations')
TASK_UTILS = _child(roots.TASK_UTILS, 'models', 'windows')
DATASETS = _child(roots.DATASETS, 'datasets')
DATA_SAMPLERS = _child(roots.DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child(roots.TRANSFORMS, 'datasets.transforms')
FUNCTIONS = _child(roots.FUNCTIONS, 'datasets.transforms')
OPTIM_WRAPPERS = _child(roots.OPTIM_WRAPPERS)
HOOKS = _child(roots.HOOKS)
METRICS = _child(roots.METRICS, 'evaluation')
VISUALIZERS = _child(roots.VISUALIZERS, 'visualization')

# Nothing of this package is in these. Without them, mmengine warns at each
# look-up that it falls back to its own.
EVALUATOR = _child(roots.EVALUATOR)
LOG_PROCESSORS = _child(roots.LOG_PROCESSORS)
LOOPS = _child(roots.LOOPS)
OPTIMIZERS = _child(roots.OPTIMIZERS)
OPTIM_WRAPPER_CONSTRUCTORS = _child(roots.OPTIM_WRAPPER_CONSTRUCTORS)
PARAM_SCHEDULERS = _child(roots.PARAM_SCHEDULERS)
VISBACKENDS = _child(roots.VISBACKENDS)


def build_child(registry: Registry, cfg: Any) -> Any:
    """Build an object from its config in the scope of this package.

    mmengine resolves a nested config in the *default* scope, not in the scope
    of its parent. A fixed scope lets users write bare names such as
    ``type='DenoiseUNet'`` inside a ``refiner=dict(...)`` of an mmdet config.

    Args:
        registry (Registry): One of the registries of this module.
        cfg (dict | object): A config with ``type``, whose own ``_scope_``
            takes precedence; or an object that is already built, which is
            returned unchanged.

    Returns:
        object: The object that the config describes.

    Raises:
        KeyError: If ``type`` is missing or not registered.
        TypeError: If an argument does not fit the type.
    """
    if not isinstance(cfg, dict):
        return cfg
    return registry.build({'_scope_': SCOPE, **cfg})
