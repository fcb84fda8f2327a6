"""What is compiled learns as what is not."""

import pytest

from tests.test_tools.recipes import scalars, train, write_recipe

EXACT = dict(
    optim_wrapper__enabled=False,  # float32
    train_cfg__max_iters=4,
    train_cfg__val_interval=2,
)


def test_a_compiled_network_gives_the_same_losses(tmp_path):
    """In front of inductor, which would compile for a minute."""
    hooks = [dict(type='EMAHook', momentum=0.2)]
    runs = []
    for name in ('plain', 'compiled'):
        (tmp_path / name).mkdir()
        config = write_recipe(
            'segrefiner_tiny', tmp_path / name, **EXACT, custom_hooks=hooks
        )
        process = train(config, '--work-dir', tmp_path / name)
        assert process.returncode == 0, process.stderr
        runs.append(scalars(tmp_path / name))
        hooks.append(dict(type='CompileNetworkHook', backend='aot_eager'))
    for plain, compiled in zip(*runs, strict=True):
        assert plain.keys() == compiled.keys()
        for key in plain.keys() & {'loss', 'refine/iou'}:
            assert compiled[key] == pytest.approx(plain[key], rel=1e-4)
