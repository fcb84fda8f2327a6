"""Child registries of mmengine's roots, all with the scope ``segrefiner_mm``.

Only mmengine is imported here: mmengine loads this module by name to resolve
``type='segrefiner_mm.X'`` and hides any import error that it meets.
"""

from typing import Any

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TASK_UTILS as MMENGINE_TASK_UTILS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

SCOPE = 'segrefiner_mm'

MODELS = Registry(
    'model', parent=MMENGINE_MODELS, locations=['segrefiner_mm.models']
)
TASK_UTILS = Registry(
    'task util',
    parent=MMENGINE_TASK_UTILS,
    locations=['segrefiner_mm.models', 'segrefiner_mm.windows'],
)

DATASETS = Registry(
    'dataset', parent=MMENGINE_DATASETS, locations=['segrefiner_mm.datasets']
)
DATA_SAMPLERS = Registry(
    'data sampler',
    parent=MMENGINE_DATA_SAMPLERS,
    locations=['segrefiner_mm.datasets'],
)
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    locations=['segrefiner_mm.datasets.transforms'],
)
OPTIM_WRAPPERS = Registry(
    'optim_wrapper',
    parent=MMENGINE_OPTIM_WRAPPERS,
    locations=['segrefiner_mm.engine'],
)
FUNCTIONS = Registry(
    'function',
    parent=MMENGINE_FUNCTIONS,
    locations=['segrefiner_mm.datasets.transforms'],
)


def build_child(registry: Registry, cfg: Any) -> Any:
    """Build ``cfg`` with the scope pinned to this package.

    mmengine resolves a nested config in the *default* scope, not in the scope
    of its parent. Pinning it lets users write bare names such as
    ``type='DenoiseUNet'`` inside a ``refiner=dict(...)`` of an mmdet config.

    Args:
        registry (Registry): One of the registries of this module.
        cfg (dict | object): A config dict, whose own ``_scope_`` wins, or an
            object that is built already and comes back as it is.

    Returns:
        object: What the config describes.
    """
    if not isinstance(cfg, dict):
        return cfg
    return registry.build({'_scope_': SCOPE, **cfg})
