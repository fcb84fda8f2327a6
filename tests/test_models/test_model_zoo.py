"""Names of models and configs; the mistakes that one can make with them."""

import pytest
from mmengine.config import Config, ConfigDict

from segrefiner_mm.errors import InputError
from segrefiner_mm.models import model_zoo
from segrefiner_mm.models.build_refiner import resolve_model
from segrefiner_mm.models.model_zoo import (
    config_of,
    model_cfg,
    read_config,
    weights_of,
)
from segrefiner_mm.names import MODEL_NAMES
from tests.helpers import tiny_model_cfg


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_every_name_has_a_config(name):
    assert config_of(name).stem == name.replace('-', '_')
    assert read_config(config_of(name)).model.type == 'SegRefiner'


def test_a_model_by_name_by_file_and_as_it_is():
    by_name = model_cfg('segrefiner-tiny')
    assert by_name['checkpoint'] == 'segrefiner-tiny'
    by_file = model_cfg(config_of('segrefiner-tiny'))
    assert by_file | dict(checkpoint='segrefiner-tiny') == by_name
    assert model_cfg(by_name) is by_name


@pytest.mark.parametrize('form', [dict, ConfigDict])
def test_a_refiner_of_a_config_in_any_form(form):
    part = tiny_model_cfg()
    for given in (part, dict(model=part)):
        cfg, weights = resolve_model(form(given), 'mine.pth')
        assert cfg.model.type == part['type']
        assert weights == 'mine.pth'


def test_a_config_without_a_model_is_refused():
    with pytest.raises(InputError, match='the config has no model'):
        resolve_model(Config(dict(work_dir='here')), None)


def test_weights_that_are_not_bundled_must_be_given():
    assert weights_of('segrefiner-tiny') == 'segrefiner-tiny'
    assert weights_of('mine.pth') == 'mine.pth'
    for call in (weights_of, model_cfg):
        with pytest.raises(InputError, match=r'segrefiner-lr .*--weights'):
            call('segrefiner-lr')


def test_names_that_are_not_there(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"no model 'other'.*segrefiner-hr"):
        model_cfg('other')
    monkeypatch.setattr(model_zoo, '__file__', str(tmp_path / 'a' / 'b.py'))
    with pytest.raises(InputError, match=r'lacks configs.*install .* again'):
        config_of('segrefiner-hr')


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('a.json', '{"model": {}}', 'a config is a Python program'),
        ('a.yaml', 'model: {}', 'a config is a Python program'),
        ('a.py', 'model = dict(', r'cannot read the config .*a\.py'),
        ('a.py', 'work_dir = "here"', 'has no model'),
        ('a.py', None, r'cannot read the config .*a\.py'),
    ],
)
def test_configs_that_cannot_be_read(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        read_config(tmp_path / name)
