"""``segrefiner coco --engine``, as a user runs it."""

import pytest

from segrefiner_mm.cli import main as cli
from tests.test_scale.datasets import write_dataset

pytest.importorskip('pyarrow', reason='pyarrow is not installed')


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp('engine') / 'data', 3)


def run(dataset, out, *options, images='img'):
    folder = dataset / images
    argv = ['coco', dataset / 'coco.json', '--img-dir', folder, '-o', out]
    model = ['--device', 'cpu', '--steps', '1']
    return cli.main([str(arg) for arg in [*argv, *model, *options]])


def test_an_engine_writes_what_no_engine_writes(dataset, tmp_path, capsys):
    whole, out = tmp_path / 'whole.json', tmp_path / 'out.json'
    assert run(dataset, whole) == 0
    printed = capsys.readouterr().out.replace('whole.json', 'out.json')
    options = '--engine', 'local', '--shard-masks', '2'
    assert run(dataset, out, *options) == 0
    assert out.read_bytes() == whole.read_bytes()
    assert capsys.readouterr().out == printed


def test_a_mask_that_fails_ends_in_status_1(dataset, tmp_path, capsys):
    images = dataset / 'fewer'
    images.mkdir()
    for path in sorted((dataset / 'img').iterdir())[1:]:
        (images / path.name).write_bytes(path.read_bytes())
    out = tmp_path / 'out.json'
    options = '--engine', 'local'
    assert run(dataset, out, *options, images='fewer') == 1
    assert 'no image 0000.png' in capsys.readouterr().err
    assert out.exists()


@pytest.mark.parametrize(
    ('options', 'problem'),
    [
        (['--workers', '2'], '--workers needs --engine'),
        (['--shards', 'x'], '--shards needs --engine'),
        (['--engine', 'local', '--address', 'x'], 'is for --engine ray'),
        (['--engine', 'local', '--soft'], '--soft and --only are not for'),
        (['--engine', 'local', '--only', '1,2,30,40'], 'are not for data'),
    ],
)
def test_options_that_do_not_fit_end_in_status_2(
    dataset, options, problem, tmp_path, capsys
):
    assert run(dataset, tmp_path / 'out.json', *options) == 2
    assert problem in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
