import pytest

from segrefiner_mm.models import RefineSettings
from segrefiner_mm.windows import ObjectWindows, TiledWindows


def test_published_settings_are_the_default():
    settings = RefineSettings.from_cfg(None)
    assert isinstance(settings.windows, ObjectWindows)
    assert (settings.windows.pad, settings.windows.min_area) == (20, 512)
    assert (settings.model_size, settings.batch_size) == (256, 32)


def test_overrides_win():
    cfg = dict(batch_size=4, windows=dict(type='ObjectWindows'))
    settings = RefineSettings.from_cfg(
        cfg, batch_size=2, windows=dict(type='TiledWindows')
    )
    assert settings.batch_size == 2
    assert isinstance(settings.windows, TiledWindows)


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(batchsize=2), r"\['batchsize'\]"),
        (dict(batch_size=0), 'batch_size must be >= 1'),
        (dict(batch_size=1.5), 'batch_size must be an integer'),
        (dict(num_steps=True), 'num_steps must be an integer'),
        (dict(seed='a'), 'seed must be an integer'),
        (dict(seed=2**70), r'seed must be 0 to 2\*\*63'),
        (dict(guard=object()), 'not a guard'),
        (dict(precision='int8'), "got 'int8'"),
        (dict(windows=object()), 'not a window plan'),
    ],
)
def test_mistakes_are_named(cfg, message):
    with pytest.raises(ValueError, match=message):
        RefineSettings.from_cfg(cfg)
