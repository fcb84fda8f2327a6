"""Pipelines that write their own name."""

import pytest
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms import AlternatePipelines
from segrefiner_mm.registry import TRANSFORMS, build_child


@pytest.fixture(scope='module', autouse=True)
def write():
    @TRANSFORMS.register_module(name='WriteName')
    class WriteName(BaseTransform):
        def __init__(self, name):
            self.name = name

        def transform(self, results):
            return results | dict(name=self.name)

    yield
    TRANSFORMS.module_dict.pop('WriteName')


PIPELINES = [[dict(type='WriteName', name=name)] for name in 'ab']


@pytest.mark.parametrize(
    ('name', 'key'),
    [('AlternatePipelines', 'pipelines'), ('AlternateViews', 'views')],
)
def test_pipelines_take_turns_under_the_old_name_too(name, key):
    cfg = {'type': name, key: PIPELINES}
    transform = build_child(TRANSFORMS, cfg)
    names = [transform(dict(draw=draw))['name'] for draw in range(4)]
    assert names == ['a', 'b', 'a', 'b']


def test_none_is_refused():
    with pytest.raises(ValueError, match='needs pipelines'):
        AlternatePipelines([])
